"""The steps of a run's metrics as one table, and its text: `history.tsv`.

The text has a header `step`, `time`, then a column a metric; 7 significant digits; empty where
nothing was logged. `time` is in seconds since the run's start, with milliseconds, a plain number.
Not-a-number and infinities are `nan`, `inf`, `-inf`. A sample of a longer history says so in a
first line that begins with `#`.
"""

from __future__ import annotations

import math
import operator
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice

import msgspec

from gitrack.errors import UnreadableFile

#: Up to here the branch keeps a history whole.
MAX_ROWS = 2000
MAX_BYTES = 128_000
#: Beyond, it keeps a sample of at most this many rows.
SAMPLE_ROWS = 1000
#: More than any history that we write: not even parsed.
_MAX_READ = 4 << 20

_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?inf|nan")
_STEP = re.compile(r"-?[0-9]{1,18}")
_SAMPLE = re.compile(r"# sample of [0-9]+ of ([0-9]{1,18}) rows\b")

Value = float | int | None


class Point(msgspec.Struct, frozen=True):
    """One logged value. `time` is in seconds since the run's start."""

    step: int
    time: float
    name: str
    value: float | int


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics that were always logged together, by columns, in the order of their logging.

    `places` tells the order among several tracks.
    """

    steps: Sequence[int]
    times: Sequence[float]
    places: Sequence[int]
    columns: Mapping[str, Sequence[float | int]]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by step. `sampled_from` is the number of rows of the whole, if this is a sample."""

    steps: Sequence[int] = []
    times: Sequence[float | None] = []
    columns: Mapping[str, Sequence[Value]] = {}
    sampled_from: int | None = None

    @classmethod
    def of(cls, points: Iterable[Point]) -> History:
        """Points of one or several processes, in any order.

        Values of one step share a row; a metric that was logged twice in a step gets a second
        row, in the order of time.
        """
        return cls._of_cells((p.step, p.time, p.name, p.value) for p in points)

    @classmethod
    def join(cls, tracks: Iterable[Track]) -> History:
        """The same as `of`, for very many points."""
        tracks = [track for track in tracks if track.steps]
        if len(tracks) == 1 and _rises(tracks[0].steps):
            (track,) = tracks
            columns = dict(sorted(track.columns.items()))
            return cls(steps=track.steps, times=track.times, columns=columns)
        return _Weaver(tracks).weave()

    @classmethod
    def union(cls, histories: Iterable[History]) -> History:
        """The rows of several processes as one table. Cells that are the same in two unite."""
        histories = list(histories)
        cells = {
            (step, time, name, repr(value)): value
            for history in histories
            for name, column in history.columns.items()
            for step, time, value in zip(history.steps, history.times, column, strict=True)
            if value is not None
        }
        whole = cls._of_cells((s, t, name, value) for (s, t, name, _), value in cells.items())
        if all(history.sampled_from is None for history in histories):
            return whole
        rows = sum(history.sampled_from or len(history.steps) for history in histories)
        return msgspec.structs.replace(whole, sampled_from=rows)

    @classmethod
    def _of_cells(cls, cells: Iterable[tuple[int, float | None, str, float | int]]) -> History:
        ordered = sorted(cells, key=lambda cell: (cell[0], -1.0 if cell[1] is None else cell[1]))
        names = sorted({cell[2] for cell in ordered})
        steps: list[int] = []
        times: list[float | None] = []
        columns: dict[str, list[Value]] = {name: [] for name in names}
        first = 0  # the first row of the present step
        filled: dict[str, int] = {}  # how many rows of this step hold a metric
        for step, time, name, value in ordered:
            if not steps or steps[-1] != step:
                first, filled = len(steps), {}
            row = first + filled.get(name, 0)
            filled[name] = filled.get(name, 0) + 1
            if row == len(steps):
                steps.append(step)
                times.append(time)
                for column in columns.values():
                    column.append(None)
            columns[name][row] = value
        return cls(steps=steps, times=times, columns=columns)

    def __len__(self) -> int:
        return len(self.steps)

    def curves(self) -> dict[str, float | int]:
        """`<metric>.count`, `.min`, `.min_step`, `.max`, `.max_step` of every metric.

        Not-a-number counts as a value, but is neither lowest nor highest.
        """
        found: dict[str, float | int] = {}
        for name in sorted(self.columns):
            column = self.columns[name]
            found[f"{name}.count"] = len(column) - _missing(column)
            extremes = _extremes(column)
            if extremes is not None:
                low, high = extremes
                for which, row in (("min", low), ("max", high)):
                    found[f"{name}.{which}"] = column[row]  # type: ignore[assignment]  # not None
                    found[f"{name}.{which}_step"] = self.steps[row]
        return found

    def thin(self, rows: int = SAMPLE_ROWS) -> History:
        """At most `rows` of the rows, spread evenly, with every metric's lowest and highest value.

        Metrics that were logged in the same rows share their part of the room, the rarest first: a
        metric of every epoch keeps its shape beside one of every step. The extremes and both ends
        of every metric always stay, so that very many metrics may keep more rows than asked for.
        """
        total = len(self)
        if total <= rows:
            return self
        kept = {0, total - 1}
        logged: dict[bytes, None] = {}  # which rows hold a value; b"" where all of them do
        for column in self.columns.values():
            kept.update(_extremes(column) or ())
            held = _held(column)
            logged[held] = None
            if held.strip(b"\0"):
                kept.update((held.index(1), held.rindex(1)))
        # all rows come last: what is left of the room is for whatever was logged there
        rarest_first = sorted(filter(None, logged), key=lambda held: held.count(1))
        room = rows - len(kept)
        for place, held in enumerate(rarest_first):
            share = room // (len(rarest_first) - place + 1)
            if share > 0:
                chosen_here = _spread_among(held, kept, share)
                kept.update(chosen_here)
                room -= len(chosen_here)
        if room > 0:
            kept.update(_spread(sorted(kept), total, room))
        chosen = sorted(kept)
        return History(
            steps=[self.steps[row] for row in chosen],
            times=[self.times[row] for row in chosen],
            columns={
                name: [column[row] for row in chosen] for name, column in self.columns.items()
            },
            sampled_from=self.sampled_from or total,
        )

    def for_branch(self) -> History:
        """Itself if the branch keeps it whole, else a sample (`sampled_from` tells which)."""
        if len(self) <= MAX_ROWS and len(self.to_tsv()) <= MAX_BYTES:
            return self
        rows = SAMPLE_ROWS
        sample = self.thin(rows)
        while len(sample.to_tsv()) > MAX_BYTES and rows > 1:
            rows //= 2
            sample = self.thin(rows)
        return sample

    def rounded(self) -> History:
        """As `from_tsv` gives it back, however long it is."""
        return History(
            steps=self.steps,
            times=[float(text) if (text := _seconds(time)) else None for time in self.times],
            columns={
                _safe_name(name): [None if v is None else float(_cell(v)) for v in column]
                for name, column in self.columns.items()
            },
            sampled_from=self.sampled_from,
        )

    def to_tsv(self) -> str:
        """The text of `history.tsv`."""
        names = list(self.columns)
        lines = [] if self.sampled_from is None else [_comment(len(self), self.sampled_from)]
        lines.append("\t".join(["step", "time", *map(_safe_name, names)]))
        cells = [
            list(map(str, self.steps)),
            list(map(_seconds, self.times)),
            *(list(map(_cell, self.columns[name])) for name in names),
        ]
        lines.extend(map("\t".join, zip(*cells, strict=True)))
        return "\n".join(lines) + "\n"

    @classmethod
    def from_tsv(cls, text: bytes | str, *, name: str = "history.tsv") -> History:
        """Reads what `to_tsv` wrote, or whatever stands in its place. Raises UnreadableFile."""
        return _read(text, name)


class _Weaver:
    """Tracks that share steps, or that go back in them, as rows by step."""

    def __init__(self, tracks: list[Track]) -> None:
        self.tracks = tracks
        self.steps = array("q")
        self.times = array("d")
        self.owners = array("q")  # of each set of metrics, the number of its track
        for number, track in enumerate(tracks):
            self.steps.extend(track.steps)
            self.times.extend(track.times)
            self.owners.extend(array("q", [number]) * len(track.steps))

    def weave(self) -> History:
        groups = self._groups()
        # each group's row for each set of metrics
        rows = [array("q", bytes(8 * len(self.steps))) for _ in groups]
        taking: list[list[tuple[int, array[int]]]] = [[] for _ in self.tracks]
        for group, (numbers, places) in enumerate(zip(groups, rows, strict=True)):
            for number in numbers:
                taking[number].append((group, places))
        steps, times = self._rows(taking)
        columns: dict[str, Sequence[Value]] = {}
        for (numbers, names), places in zip(groups.items(), rows, strict=True):
            for name in names:
                columns[name] = self._column(name, numbers, places, len(steps))
        return History(steps=steps, times=times, columns=dict(sorted(columns.items())))

    def _groups(self) -> dict[tuple[int, ...], list[str]]:
        """Names that occur in the same tracks: what is true of one's rows is true of all."""
        where: dict[str, tuple[int, ...]] = {}
        for number, track in enumerate(self.tracks):
            for name in track.columns:
                where[name] = (*where.get(name, ()), number)
        groups: dict[tuple[int, ...], list[str]] = {}
        for name, numbers in where.items():
            groups.setdefault(numbers, []).append(name)
        return groups

    def _order(self) -> list[int]:
        """By step, then by time, then as it was logged."""
        order = list(range(len(self.steps)))
        keys: list[Sequence[float]] = [self.times, self.steps]
        if len(self.tracks) > 1:
            keys.insert(0, array("q", chain.from_iterable(track.places for track in self.tracks)))
        for key in keys:
            order.sort(key=key.__getitem__)
        return order

    def _rows(self, taking: list[list[tuple[int, array[int]]]]) -> tuple[array[int], array[float]]:
        """The steps and times of the rows, once each set has been given its row."""
        steps, times = array("q"), array("d")
        first = 0  # the first row of the present step
        filled: dict[int, int] = {}  # the row after the last one of this step that a group holds
        all_steps, all_times, owners = self.steps, self.times, self.owners
        for item in self._order():
            step = all_steps[item]
            if not steps or steps[-1] != step:
                first = len(steps)
                filled.clear()
            for group, rows in taking[owners[item]]:
                row = filled.get(group, first)
                filled[group] = row + 1
                rows[item] = row
                if row == len(steps):
                    steps.append(step)
                    times.append(all_times[item])
        return steps, times

    def _column(
        self, name: str, numbers: tuple[int, ...], rows: array[int], height: int
    ) -> list[Value]:
        column: list[Value] = [None] * height
        begin = 0
        for number, track in enumerate(self.tracks):
            end = begin + len(track.steps)
            if number in numbers:
                for row, value in zip(rows[begin:end], track.columns[name], strict=True):
                    column[row] = value
            begin = end
        return column


def _extremes(column: Sequence[Value]) -> tuple[int, int] | None:
    """The rows of the lowest and the highest value, the earlier one of equals."""
    present = [value for value in column if value is not None and not math.isnan(value)]
    if not present:
        return None
    return column.index(min(present)), column.index(max(present))


def _missing(column: Sequence[Value]) -> int:
    return 0 if isinstance(column, array) else column.count(None)


def _held(column: Sequence[Value]) -> bytes:
    """A byte a row: 1 where there is a value. Empty if there is one in every row."""
    if _missing(column) == 0:
        return b""
    return bytes([value is not None for value in column])


def _spread_among(held: bytes, kept: set[int], count: int) -> list[int]:
    """`count` of the rows that are held and not in `kept`, at even distances."""
    free = [row for row, there in enumerate(held) if there and row not in kept]
    count = min(count, len(free))
    return [free[position * len(free) // count] for position in range(count)]


def _spread(kept: list[int], total: int, count: int) -> list[int]:
    """`count` of all the rows that are not in `kept`, at even distances."""
    free = total - len(kept)
    count = min(count, free)
    before = [row - number for number, row in enumerate(kept)]  # free rows below each kept one
    chosen = (position * free // count for position in range(count))
    return [number + bisect_right(before, number) for number in chosen]


def _rises(steps: Sequence[int]) -> bool:
    return all(map(operator.lt, steps, islice(steps, 1, None)))


def _comment(rows: int, whole: int) -> str:
    return f"# sample of {rows} of {whole} rows: every metric's lowest and highest value is kept"


def _safe_name(name: str) -> str:
    """Names are checked where they are logged; a tab here would shift the whole table."""
    return re.sub(r"[\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", name)


def _seconds(time: float | None) -> str:
    if time is None or not math.isfinite(time):
        return ""
    text = f"{time:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _cell(value: Value) -> str:
    return "" if value is None else f"{value:.7g}"


def _read(text: bytes | str, name: str) -> History:
    lines = _lines(text, name)
    first = 0
    sampled_from = None
    if lines and lines[0].startswith("#"):
        found = _SAMPLE.match(lines[0])
        sampled_from = int(found[1]) if found else None
        first = 1
    header = lines[first].split("\t") if len(lines) > first else []
    if header[:2] != ["step", "time"]:
        raise _fault(name, first, "the header does not begin with step and time")
    if len(set(header)) != len(header):
        raise _fault(name, first, "two columns have the same name")
    rows = [line.split("\t") for line in lines[first + 1 :]]
    for number, row in enumerate(rows, first + 1):
        if len(row) != len(header):
            raise _fault(name, number, f"{len(row)} cells under {len(header)} headers")
    cells: list[list[str]] = [list(column) for column in zip(*rows, strict=True)]
    if not cells:
        cells = [[] for _ in header]
    for number, step in enumerate(cells[0], first + 1):
        if not _STEP.fullmatch(step):
            raise _fault(name, number, f"step {step[:40]!r} is not a whole number")
    return History(
        steps=list(map(int, cells[0])),
        times=_numbers(cells[1], name, first + 1),
        columns={
            metric: _numbers(column, name, first + 1)
            for metric, column in zip(header[2:], cells[2:], strict=True)
        },
        sampled_from=sampled_from,
    )


def _lines(text: bytes | str, name: str) -> list[str]:
    if len(text) > _MAX_READ:
        raise UnreadableFile(name, f"{len(text):,} bytes are too many for a history")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            line = text.count(b"\n", 0, error.start)  # type: ignore[arg-type]  # still bytes
            raise _fault(name, line, "not UTF-8 text") from None
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _numbers(cells: list[str], name: str, first: int) -> list[Value]:
    for number, cell in enumerate(cells, first):
        if cell and not _NUMBER.fullmatch(cell):
            raise _fault(name, number, f"{cell[:40]!r} is not a number")
    return [float(cell) if cell else None for cell in cells]


def _fault(name: str, line: int, why: str) -> UnreadableFile:
    return UnreadableFile(name, f"line {line + 1}: {why}", hint="restore the file from git")
