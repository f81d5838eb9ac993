"""Runs as columns. Names are those of the filter language, so that one word means one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from gitrack.model.replicates import replicate_key
from gitrack.model.run import Code, Dataset, Environment, Run
from gitrack.site import display
from gitrack.site.display import visible
from gitrack.site.links import run_page

#: What every page of a table needs first.
BASE = ("id", "name", "experiment", "status", "started", "duration", "page")
#: Curves of a run's metrics, as texts that `sparks` makes.
CURVE = "history."

_CODE = sorted(set(Code.__struct_fields__) - {"remote"})
_ENVIRONMENT = sorted(set(Environment.__struct_fields__) - {"variables"})
_DATASET = sorted(set(Dataset.__struct_fields__) - {"name"})

Sparks = Mapping[str, Sequence[tuple[str, str]]]


class Column(NamedTuple):
    """The rows that have a value, and these; a table of thousands of columns is mostly holes."""

    rows: list[int]
    values: list[Any]

    def dense(self, rows: int) -> list[Any]:
        """A value for every row, None where there is none."""
        if len(self.rows) == rows:
            return self.values
        cells: list[Any] = [None] * rows
        for row, value in zip(self.rows, self.values, strict=True):
            cells[row] = value
        return cells


def columns(runs: Sequence[Run], sparks: Sparks) -> dict[str, Column]:
    """Every column in which some run has a value. Base columns first."""
    found = {name: Column([], []) for name in BASE}
    for row, run in enumerate(runs):
        drawn = [(CURVE + name, line) for name, line in sparks.get(run.id, ())]
        for name, value in chain(_cells(run), drawn):
            if value is None:
                continue
            column = found.get(name)
            if column is None:
                column = found[name] = Column([], [])
            rows, values = column
            if rows and rows[-1] == row:  # two names that look the same: the last one counts
                values[-1] = value
            else:
                rows.append(row)
                values.append(value)
    return found


def _cells(run: Run) -> Iterator[tuple[str, Any]]:
    yield "id", run.id
    yield "name", _text(run.name or run.id)
    yield "experiment", _text(run.experiment)
    yield "status", str(run.status)
    yield "started", _text(run.started)
    yield "duration", seconds(run)
    page = run_page(run.id)
    if page != f"runs/{run.id}.html":
        yield "page", page
    for name, number in run.metrics.items():
        yield _named("metrics.", name), number
    for name, value in run.params.items():
        yield _named("params.", name), _scalar(value)
    for name, value in run.tags.items():
        yield _named("tags.", name), _scalar(value)
    for name, number in run.curves.items():
        yield _named("curves.", name), number
    yield from _about(run)


def _about(run: Run) -> Iterator[tuple[str, Any]]:
    """What few people look at, and what filters may ask for."""
    yield "author", _text(display.person(run.author))
    yield "commit", _commit(run)
    yield "replicates", replicate_key(run)
    for name in ("ended", "command", "parent", "notes", "error"):
        yield name, _text(getattr(run, name))
    if run.code:
        for name in _CODE:
            yield f"code.{name}", _scalar(getattr(run.code, name))
    if run.environment:
        for name in _ENVIRONMENT:
            yield f"environment.{name}", _scalar(getattr(run.environment, name))
    for name, seed in run.seeds.items():
        yield _named("seeds.", name), _scalar(seed)
    seen: Counter[str] = Counter()
    for dataset in run.data:
        seen[dataset.name] += 1
        times = seen[dataset.name]
        known = dataset.name if times == 1 else f"{dataset.name}#{times}"
        yield _named("data.", f"{known}.name"), _text(dataset.name)
        for name in _DATASET:
            yield _named("data.", f"{known}.{name}"), _scalar(getattr(dataset, name))


def seconds(run: Run) -> float | None:
    """How long a run took."""
    begin, end = display.moment(run.started), display.moment(run.ended)
    if begin is None or end is None or end < begin:
        return None
    return round((end - begin).total_seconds(), 1)


def _commit(run: Run) -> str | None:
    """Its first digits, and a plus where there was more than the commit."""
    if run.code is None or run.code.commit is None:
        return None
    return _text(run.code.commit[:10] + ("+" if run.code.dirty else ""))


@cache
def _named(section: str, name: str) -> str:
    return section + visible(name)


def _text(value: str | None) -> str | None:
    return None if value is None else visible(value)


def _scalar(value: object) -> object:
    """A value that JavaScript has too: whole numbers that it cannot hold become texts."""
    if type(value) is str:
        return visible(value)
    if type(value) is int and not -(2**53) < value < 2**53:
        return str(value)
    return value if not isinstance(value, msgspec.Struct) else None
