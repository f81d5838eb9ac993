"""From journals to what they say: the journals of all processes of a run, folded into one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import math
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from gitrack.model.run import Dataset, Scalar, Status
from gitrack.tracking.journal import DamagedJournal, MetricSet, read
from gitrack.tracking.outbox import journals
from gitrack.tracking.process import ProcessMark


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
class Row:
    """What was logged at one step, by one or several calls that do not contradict each other."""

    step: int
    time: int
    values: dict[str, float | int]


@dataclasses.dataclass
class Folded:
    """All that the journals of one run say."""

    start: dict[str, Any] | None = None
    join: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    params: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    tags: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    removed_tags: set[str] = dataclasses.field(default_factory=set)
    notes: str | None = None
    metrics: dict[str, float | int] = dataclasses.field(default_factory=dict)
    rows: list[Row] = dataclasses.field(default_factory=list)
    artifacts: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    data: dict[tuple[str, str | None], Dataset] = dataclasses.field(default_factory=dict)
    seeds: dict[str, int] = dataclasses.field(default_factory=dict)
    last: int = 0
    writers: list[Writer] = dataclasses.field(default_factory=list)

    @property
    def who(self) -> dict[str, Any]:
        """The event that says which run this is."""
        event = self.start or self.join
        if event is None:
            raise DamagedJournal("no journal says which run this is")
        return event

    @property
    def finished(self) -> bool:
        return self.end is not None

    @property
    def status(self) -> Status:
        return Status(self.end["status"]) if self.end else Status.RUNNING

    def take(self, item: dict[str, Any] | MetricSet) -> None:
        if isinstance(item, MetricSet):
            self.metrics.update(zip(item.shape.names, item.values, strict=True))
            self.last = max(self.last, item.time)
            return
        self.last = max(self.last, int(item.get("time", 0)))
        getattr(self, f"_{item['kind']}")(item)

    def _start(self, event: dict[str, Any]) -> None:
        # a resumed run has several: the first says who and when, the latest reopens it
        if self.start is None:
            self.start = event
        self.end = None

    def _join(self, event: dict[str, Any]) -> None:
        self.join = self.join or event

    def _end(self, event: dict[str, Any]) -> None:
        self.end = event

    def _close(self, event: dict[str, Any]) -> None:
        """Only of interest to its writer."""

    def _params(self, event: dict[str, Any]) -> None:
        self.params.update(event["values"])

    def _tags(self, event: dict[str, Any]) -> None:
        self.tags.update(event["values"])
        self.removed_tags.difference_update(event["values"])

    def _untag(self, event: dict[str, Any]) -> None:
        self.tags.pop(event["name"], None)
        self.removed_tags.add(event["name"])

    def _notes(self, event: dict[str, Any]) -> None:
        self.notes = event["text"]

    def _seeds(self, event: dict[str, Any]) -> None:
        self.seeds.update(event["values"])

    def _artifact(self, event: dict[str, Any]) -> None:
        path = event["path"]
        # a file takes the place of a folder of that name, and the other way round
        for other in [name for name in self.artifacts if _one_holds_the_other(name, path)]:
            del self.artifacts[other]
        self.artifacts[path] = event

    def _data(self, event: dict[str, Any]) -> None:
        dataset = msgspec.convert(event["dataset"], Dataset)
        self.data[dataset.name, dataset.role] = dataset


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
    rows = _Rows()
    streams = []
    for name, contents in found.items():
        writer = Writer(name, last_sign=signs.get(name, 0.0))
        folded.writers.append(writer)
        streams.append(_stamped(writer, contents, rows))
    if len(streams) == 1:
        items: Iterable[tuple[int, Any]] = streams[0]
    else:
        items = heapq.merge(*streams, key=itemgetter(0))
    for _, item in items:
        try:
            folded.take(item)
        except (AttributeError, KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
            raise DamagedJournal(f"an event is not what it should be: {error}") from error
    folded.rows = rows.in_order()
    return folded


def _stamped(
    writer: Writer, contents: list[bytes], rows: _Rows
) -> Iterator[tuple[int, dict[str, Any] | MetricSet]]:
    """One process's records, each with a time that never goes back: order beats clocks."""
    latest = 0
    for item in read(contents):
        if isinstance(item, MetricSet):
            if item.step is not None:
                rows.add(item.step, item.time, item.shape.names, item.values)
            stamp = item.time
        else:
            kind = item["kind"]
            if kind in ("start", "join"):
                writer.mark = _mark(item)
            writer.closed = kind in ("end", "close")
            stamp = int(item.get("time", 0))
        latest = max(latest, stamp)
        yield latest, item


def _mark(event: dict[str, Any]) -> ProcessMark | None:
    try:
        return msgspec.convert(event.get("process"), ProcessMark)
    except msgspec.ValidationError as error:
        raise DamagedJournal(f"the process that wrote is not named well: {error}") from error


class _Rows:
    """Gathers what was logged with a step. Nothing is overwritten: a metric that is logged twice
    at one step has two rows."""

    def __init__(self) -> None:
        self._by_step: dict[int, list[Row]] = {}

    def add(
        self, step: int, time: int, names: tuple[str, ...], values: tuple[float | int, ...]
    ) -> None:
        fresh = dict(zip(names, values, strict=True))
        rows = self._by_step.get(step)
        if rows is None:
            self._by_step[step] = [Row(step, time, fresh)]
        elif rows[-1].values.keys().isdisjoint(fresh):
            rows[-1].values.update(fresh)
        else:
            rows.append(Row(step, time, fresh))

    def in_order(self) -> list[Row]:
        return [row for step in sorted(self._by_step) for row in self._by_step[step]]


def curves(rows: Iterable[Row]) -> dict[str, float | int]:
    """`<metric>.count`, `.min`, `.min_step`, `.max`, `.max_step`; NaN is counted and no extreme."""
    summary: dict[str, float | int] = {}
    for row in rows:
        for name, value in row.values.items():
            count = f"{name}.count"
            summary[count] = summary.get(count, 0) + 1
            if isinstance(value, float) and math.isnan(value):
                continue
            if value < summary.get(f"{name}.min", math.inf) or f"{name}.min" not in summary:
                summary[f"{name}.min"], summary[f"{name}.min_step"] = value, row.step
            if value > summary.get(f"{name}.max", -math.inf) or f"{name}.max" not in summary:
                summary[f"{name}.max"], summary[f"{name}.max_step"] = value, row.step
    return summary


def moment(nanoseconds: int) -> str:
    """UTC, ISO 8601 with milliseconds and a `Z`."""
    when = dt.datetime.fromtimestamp(nanoseconds / 1e9, dt.UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
