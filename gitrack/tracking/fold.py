"""From journals to what they say: the journals of all processes of a run, folded into one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from gitrack.model.history import History, Point
from gitrack.model.run import Dataset, Scalar, Status
from gitrack.tracking.journal import DamagedJournal, MetricSet, read
from gitrack.tracking.outbox import journals
from gitrack.tracking.process import ProcessMark


class Who(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that opens a journal: which run, and which process writes.

    `named` if the user or the policy chose the name; `resumed` if the branch has an earlier part.
    """

    id: str
    name: str
    experiment: str
    time: int = 0
    process: ProcessMark | None = None
    named: bool = False
    parent: str | None = None
    author: str | None = None
    project: str | None = None
    resumed: bool = False
    rank: int = 0


class End(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event by which the owner ends a run. `name` is what the policy makes of its params."""

    status: Status
    time: int
    error: str | None = None
    name: str | None = None


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event of a file that was written to the outbox before."""

    path: str
    artifact: str = "file"
    flavor: str | None = None


@dataclasses.dataclass
class Writer:
    """One process that wrote to a run."""

    name: str
    mark: ProcessMark | None = None
    closed: bool = False
    last_sign: float = 0.0

    @property
    def owner(self) -> bool:
        return self.name.startswith("owner")


@dataclasses.dataclass
class Folded:
    """All that the journals of one run say."""

    start: Who | None = None
    join: Who | None = None
    end: End | None = None
    params: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    tags: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    removed_tags: set[str] = dataclasses.field(default_factory=set)
    notes: str | None = None
    metrics: dict[str, float | int] = dataclasses.field(default_factory=dict)
    points: list[MetricSet] = dataclasses.field(default_factory=list)
    artifacts: dict[str, File] = dataclasses.field(default_factory=dict)
    extra: dict[str, None] = dataclasses.field(default_factory=dict)
    data: dict[tuple[str, str | None], Dataset] = dataclasses.field(default_factory=dict)
    seeds: dict[str, int] = dataclasses.field(default_factory=dict)
    last: int = 0
    writers: list[Writer] = dataclasses.field(default_factory=list)

    @property
    def who(self) -> Who:
        """Which run this is."""
        who = self.start or self.join
        if who is None:
            raise DamagedJournal("no journal says which run this is")
        return who

    @property
    def finished(self) -> bool:
        return self.end is not None

    @property
    def status(self) -> Status:
        return self.end.status if self.end else Status.RUNNING

    def history(self, since: int | None = None) -> History:
        """The steps; times in seconds since the run's start (or another moment)."""
        begin = self.who.time if since is None else since
        return History.of(
            Point(point.step or 0, (point.time - begin) / 1e9, name, value)
            for point in self.points
            for name, value in zip(point.shape.names, point.values, strict=True)
        )

    def take(self, item: dict[str, Any] | MetricSet) -> None:
        if isinstance(item, MetricSet):
            self.metrics.update(zip(item.shape.names, item.values, strict=True))
            self.last = max(self.last, item.time)
            if item.step is not None:
                self.points.append(item)
            return
        self.last = max(self.last, _stamp(item))
        _TAKES[item["kind"]](self, item)

    def _start(self, event: dict[str, Any]) -> None:
        # a resumed run has several: the first says who and when, the latest reopens it
        who = msgspec.convert(event, Who)
        self.start = self.start or who
        self.end = None

    def _join(self, event: dict[str, Any]) -> None:
        self.join = self.join or msgspec.convert(event, Who)

    def _end(self, event: dict[str, Any]) -> None:
        self.end = msgspec.convert(event, End)

    def _close(self, event: dict[str, Any]) -> None:
        """Only of interest to its writer."""

    def _params(self, event: dict[str, Any]) -> None:
        self.params.update(msgspec.convert(event["values"], dict[str, Scalar]))

    def _tags(self, event: dict[str, Any]) -> None:
        tags = msgspec.convert(event["values"], dict[str, Scalar])
        self.tags.update(tags)
        self.removed_tags.difference_update(tags)

    def _untag(self, event: dict[str, Any]) -> None:
        self.tags.pop(event["name"], None)
        self.removed_tags.add(event["name"])

    def _notes(self, event: dict[str, Any]) -> None:
        self.notes = msgspec.convert(event["text"], str)

    def _seeds(self, event: dict[str, Any]) -> None:
        self.seeds.update(msgspec.convert(event["values"], dict[str, int]))

    def _artifact(self, event: dict[str, Any]) -> None:
        file = msgspec.convert(event, File)
        # a file takes the place of a folder of that name, and the other way round
        for other in [name for name in self.artifacts if _one_holds_the_other(name, file.path)]:
            del self.artifacts[other]
        self.artifacts[file.path] = file

    def _file(self, event: dict[str, Any]) -> None:
        self.extra[msgspec.convert(event, File).path] = None

    def _data(self, event: dict[str, Any]) -> None:
        dataset = msgspec.convert(event["dataset"], Dataset)
        self.data[dataset.name, dataset.role] = dataset


_TAKES = {
    "start": Folded._start,
    "join": Folded._join,
    "end": Folded._end,
    "close": Folded._close,
    "params": Folded._params,
    "tags": Folded._tags,
    "untag": Folded._untag,
    "notes": Folded._notes,
    "seeds": Folded._seeds,
    "artifact": Folded._artifact,
    "file": Folded._file,
    "data": Folded._data,
}

#: Bytes of a journal that tell who writes it.
_GLANCE = 16_384


def _one_holds_the_other(one: str, other: str) -> bool:
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")


def fold(folder: Path | None, in_memory: Iterable[tuple[str, bytes]] = ()) -> Folded:
    """A run's folder, and journals that could not be written to it: (name, content).

    Raises DamagedJournal, and OSError where a journal cannot be read.
    """
    found: dict[str, list[bytes]] = {}
    signs: dict[str, float] = {}
    if folder is not None:
        for name, paths in journals(folder).items():
            found[name] = [path.read_bytes() for path in paths]
            signs[name] = max(path.stat().st_mtime for path in paths)
    for name, content in in_memory:
        found.setdefault(name, []).append(content)
    return fold_journals(found, signs)


def fold_journals(found: dict[str, list[bytes]], signs: dict[str, float]) -> Folded:
    folded = Folded()
    streams = []
    for name, contents in found.items():
        writer = Writer(name, last_sign=signs.get(name, 0.0))
        folded.writers.append(writer)
        streams.append(_stamped(writer, contents))
    if len(streams) == 1:
        items: Iterable[tuple[int, Any]] = streams[0]
    else:
        items = heapq.merge(*streams, key=itemgetter(0))
    for _, item in items:
        try:
            folded.take(item)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedJournal(f"an event is not what it should be: {error}") from error
    return folded


def _stamped(
    writer: Writer, contents: list[bytes]
) -> Iterator[tuple[int, dict[str, Any] | MetricSet]]:
    """One process's records, each with a time that never goes back: order beats clocks."""
    latest = 0
    for item in read(contents):
        if isinstance(item, MetricSet):
            stamp = item.time
        else:
            kind = item["kind"]
            if kind in ("start", "join"):
                writer.mark = _mark(item)
            writer.closed = kind in ("end", "close")
            stamp = _stamp(item)
        latest = max(latest, stamp)
        yield latest, item


def _stamp(event: dict[str, Any]) -> int:
    time = event.get("time")
    return time if isinstance(time, int) else 0


def _mark(event: dict[str, Any]) -> ProcessMark | None:
    try:
        return msgspec.convert(event, Who).process
    except msgspec.ValidationError as error:
        raise DamagedJournal(f"the process that wrote is not named well: {error}") from error


def moment(nanoseconds: int) -> str:
    """UTC, ISO 8601 with milliseconds and a `Z`."""
    when = dt.datetime.fromtimestamp(nanoseconds / 1e9, dt.UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def nanoseconds(text: str) -> int:
    """A moment as `moment` writes it."""
    return int(dt.datetime.fromisoformat(text).timestamp() * 1e9)


def glance(name: str, paths: list[Path]) -> Writer:
    """Who writes a journal, and whether it is closed, from its first and last bytes alone."""
    with paths[0].open("rb") as file:
        head = file.read(_GLANCE)
    with paths[-1].open("rb") as file:
        file.seek(max(0, paths[-1].stat().st_size - _GLANCE))
        tail = file.read(_GLANCE)
    mark = None
    for item in read([head]):
        mark = None if isinstance(item, MetricSet) else _mark(item)
        break
    closed = tail.endswith(b"}") and b'{"kind":"close"' in tail[-100:]
    return Writer(name, mark, closed, last_sign=paths[-1].stat().st_mtime)
