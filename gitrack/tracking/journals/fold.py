"""From journals to what they say: the journals of all processes of a run, folded into one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from gitrack.model.history import History, Track
from gitrack.model.run import Dataset, Evidence, Scalar, Status, Use
from gitrack.tracking.journals.journal import DamagedJournal, MetricSet, read
from gitrack.tracking.journals.series import Series, Stream, merge, time_of
from gitrack.tracking.outbox import journals
from gitrack.tracking.process import ProcessMark


class Who(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that opens a journal: which run, and which process writes.

    `named` if the user or the policy chose the name; `resumed` if the branch has an earlier part.
    `wished_…` is what a process that joined would have called the run, had it begun one.
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
    wished_experiment: str | None = None
    wished_name: str | None = None


class End(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event by which the owner ends a run. `name` is what the policy makes of its params."""

    status: Status
    time: int
    error: str | None = None
    name: str | None = None


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event of a file that was written to the outbox before.

    With an `md5` nothing was written: DVC has put the bytes into its cache itself; nor with a
    `uri`, where they lie. `named` makes it a version of a named artifact, with `aliases`.
    """

    path: str
    artifact: str = "file"
    flavor: str | None = None
    md5: str | None = None
    size: int | None = None
    files: int | None = None
    uri: str | None = None
    named: str | None = None
    aliases: tuple[str, ...] = ()
    inputs: str | None = None
    outputs: str | None = None
    description: str | None = None
    time: int = 0


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
    adopts: frozenset[str] = frozenset()
    end: End | None = None
    params: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    tags: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    removed_tags: set[str] = dataclasses.field(default_factory=set)
    notes: str | None = None
    metrics: dict[str, float | int] = dataclasses.field(default_factory=dict)
    series: list[Series] = dataclasses.field(default_factory=list)
    artifacts: dict[str, File] = dataclasses.field(default_factory=dict)
    extra: dict[str, None] = dataclasses.field(default_factory=dict)
    data: dict[tuple[str, str | None], Dataset] = dataclasses.field(default_factory=dict)
    uses: dict[Use, None] = dataclasses.field(default_factory=dict)
    seeds: dict[str, int] = dataclasses.field(default_factory=dict)
    evidence: dict[str, Evidence] = dataclasses.field(default_factory=dict)
    last: int = 0
    writers: list[Writer] = dataclasses.field(default_factory=list)

    @property
    def who(self) -> Who:
        """Which run this is."""
        who = self.start or self.join
        if who is None:
            raise DamagedJournal("no journal says which run this is")
        joined = self.join
        if joined is not None and joined.wished_experiment and "experiment" in self.adopts:
            who = msgspec.structs.replace(who, experiment=joined.wished_experiment)
        if joined is not None and joined.wished_name and "name" in self.adopts:
            who = msgspec.structs.replace(who, name=joined.wished_name, named=True)
        return who

    @property
    def finished(self) -> bool:
        return self.end is not None

    @property
    def status(self) -> Status:
        return self.end.status if self.end else Status.RUNNING

    @property
    def last_step(self) -> int | None:
        """Of the last set of metrics that was logged with one."""
        latest = max(self._by_step(), key=lambda series: series.last_place, default=None)
        return None if latest is None else latest.last_step

    def history(self, since: int | None = None) -> History:
        """The steps; times in seconds since the run's start (or another moment)."""
        begin = self.who.time if since is None else since
        return History.join(
            Track(
                steps=series.steps,
                times=array("d", ((time - begin) / 1e9 for time in series.times)),
                places=series.places,
                columns=series.columns(),
            )
            for series in self._by_step()
        )

    def _by_step(self) -> list[Series]:
        return [series for series in self.series if series.shape.has_step]

    def take(self, event: dict[str, Any]) -> None:
        """One event, after those before it."""
        self.last = max(self.last, time_of(event))
        _TAKES[event["kind"]](self, event)

    def take_series(self, found: list[Series]) -> None:
        """All that was logged of metrics: what was logged last is a metric's value."""
        self.series = found
        for series in sorted(found, key=lambda series: series.first_place):
            self.metrics.update(dict.fromkeys(series.shape.names, 0))
            self.last = max(self.last, max(series.times))
        for series in sorted(found, key=lambda series: series.last_place):
            self.metrics.update(zip(series.shape.names, series.last_values, strict=True))

    def _start(self, event: dict[str, Any]) -> None:
        # a resumed run has several: the first says who and when, the latest reopens it
        who = msgspec.convert(event, Who)
        self.start = self.start or who
        self.end = None

    def _join(self, event: dict[str, Any]) -> None:
        self.join = self.join or msgspec.convert(event, Who)

    def _adopt(self, event: dict[str, Any]) -> None:
        """The owner wraps a command, and takes what it was not told from who joins first."""
        self.adopts = frozenset(msgspec.convert(event["fields"], list[str]))

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

    def _evidence(self, event: dict[str, Any]) -> None:
        found = msgspec.convert(event["evidence"], Evidence)
        when = moment(time_of(event))
        self.evidence[found.name] = msgspec.structs.replace(found, time=when)

    def _data(self, event: dict[str, Any]) -> None:
        dataset = msgspec.convert(event["dataset"], Dataset)
        self.data[dataset.name, dataset.role] = dataset

    def _use(self, event: dict[str, Any]) -> None:
        self.uses[msgspec.convert(event["use"], Use)] = None


_TAKES = {
    "start": Folded._start,
    "join": Folded._join,
    "adopt": Folded._adopt,
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
    "evidence": Folded._evidence,
    "use": Folded._use,
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
        stream = Stream(contents)
        writer = Writer(name, last_sign=signs.get(name, 0.0))
        for _, _, event in stream.events:
            if event["kind"] in ("start", "join"):
                writer.mark = _mark(event)
        if stream.events:
            last = stream.events[-1][2]
            writer.closed = last["kind"] in ("end", "close")
        folded.writers.append(writer)
        streams.append(stream)
    for event in merge(streams):
        try:
            folded.take(event)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedJournal(f"an event is not what it should be: {error}") from error
    folded.take_series([series for stream in streams for series in stream.series])
    return folded


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
