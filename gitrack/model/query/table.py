"""What a filter is asked of: a table of runs, and how keys find their column in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from gitrack.model.display import seconds_between
from gitrack.model.query.faults import invalid
from gitrack.model.query.keys import ATTRIBUTES, DATASET_FIELDS, TIMES
from gitrack.model.query.nodes import Key

#: How the cells of a column compare: `sets` holds a list in each cell, of which one must match.
Kind = Literal["number", "time", "status", "plain", "sets"]

_SECTIONS = {"param": "params", "metric": "metrics", "tag": "tags"}
_CURVE = ("min", "max", "min_step", "max_step", "count")


class Table(Protocol):
    """Runs in columns. Names are `id`, `started`, `params.x`, `metrics.x`, `curves.x.min`, …"""

    @property
    def rows(self) -> int:
        """How many runs."""

    def names(self) -> list[str]:
        """The columns in which some run has a value."""

    def column(self, name: str) -> Sequence[Any]:
        """One value a row; None where the run has none."""


class Column(NamedTuple):
    """The cells that a key names, and how they compare."""

    cells: Sequence[Any]
    kind: Kind


def kind_of(key: Key) -> Kind | None:
    """How a key's cells compare, as far as the key alone tells."""
    if key.entity == "metric":
        return "number"
    if key.entity == "dataset":
        return "sets"
    if key.entity == "attribute" and key.name in ATTRIBUTES:
        return _attribute_kind(key.name)
    return None if key.entity == "any" else "plain"


def find_column(key: Key, table: Table, source: str) -> Column:
    """The column of a key. Raises InvalidFilter for a key that means nothing or two things."""
    if key.entity == "attribute":
        return _attribute(key, table, source)
    if key.entity == "metric":
        return Column(_metric(key.name, table), "number")
    if key.entity == "dataset":
        return Column(_datasets(key, table, source), "sets")
    if key.entity != "any":
        return Column(_cells(f"{_SECTIONS[key.entity]}.{key.name}", table), "plain")
    return find_column(_placed(key, table, source), table, source)


def missing_columns(keys: Iterable[Key], table: Table) -> list[str]:
    """Keys of params, metrics and tags that no run has, with near names where there are some."""
    if not table.rows:
        return []
    names = set(table.names())
    found = []
    for key in keys:
        section = _SECTIONS.get(key.entity)
        if section is None or f"{section}.{key.name}" in names:
            continue
        if key.entity == "metric" and _curve_of(key.name, names) is not None:
            continue
        close = _near(f"{section}.{key.name}", names)
        found.append(f"{section}.{key.name}" + (f"; did you mean {close}?" if close else ""))
    return found


def _attribute_kind(name: str) -> Kind:
    if name in TIMES:
        return "time"
    return "status" if name == "status" else "number" if name == "duration" else "plain"


def _attribute(key: Key, table: Table, source: str) -> Column:
    name = key.name
    if name == "duration":
        return Column(_durations(table), "number")
    if name == "artifact_uri":
        return Column([f"runs:/{run}" for run in table.column("id")], "plain")
    if name in ATTRIBUTES:
        return Column(_cells(name, table), _attribute_kind(name))
    names = table.names()
    if name in names:
        return Column(table.column(name), "plain")
    if not table.rows or name.partition(".")[0] in ("code", "environment", "seeds", "data"):
        return Column([None] * table.rows, "plain")
    own = [
        known for known in names if not known.startswith(tuple(f"{s}." for s in _SECTIONS.values()))
    ]
    raise invalid(source, key.at, f"a run has no attribute {name!r}", _advice(name, own))


def _placed(key: Key, table: Table, source: str) -> Key:
    """A bare key as an attribute, or as the one param, metric or tag that has its name."""
    names = set(table.names())
    if key.name in names or not table.rows:
        return Key("attribute", key.name, key.at)
    found: list[Key] = [
        Key(entity, key.name, key.at)  # type: ignore[arg-type]  # the keys of _SECTIONS
        for entity, section in _SECTIONS.items()
        if f"{section}.{key.name}" in names
    ]
    if not found and _curve_of(key.name, names) is not None:
        return Key("metric", key.name, key.at)
    if len(found) == 1:
        return found[0]
    if found:
        kinds = " and ".join(f"a {one.entity}" for one in found)
        choice = " or ".join(f"{_SECTIONS[one.entity]}.{key.name}" for one in found)
        raise invalid(source, key.at, f"{key.name!r} is {kinds} here", f"write {choice}")
    if key.name.startswith(("code.", "environment.", "seeds.", "data.")):
        return Key("attribute", key.name, key.at)
    why = f"no run has a param, metric, tag or attribute {key.name!r}"
    raise invalid(source, key.at, why, _advice(key.name, names))


def _advice(name: str, names: Iterable[str]) -> str:
    close = _near(name, {*names, *ATTRIBUTES})
    if close:
        return f"did you mean {close}?"
    return "write params.…, metrics.…, tags.… or one of: " + ", ".join(sorted(ATTRIBUTES))


def _near(name: str, names: Iterable[str]) -> str | None:
    """The known name most like this one, compared whole and without its section."""
    whole = list(names)
    close = difflib.get_close_matches(name, whole, n=1, cutoff=0.65)
    if close:
        return close[0]
    tails: dict[str, str] = {}
    for known in whole:
        tails.setdefault(known.partition(".")[2] or known, known)
    close = difflib.get_close_matches(name, tails, n=1, cutoff=0.65)
    return tails[close[0]] if close else None


def _cells(name: str, table: Table) -> Sequence[Any]:
    return table.column(name) if name in table.names() else [None] * table.rows


def _metric(name: str, table: Table) -> Sequence[Any]:
    """A metric's last values, or what its curve says; without steps it is its own min and max."""
    names = set(table.names())
    if f"metrics.{name}" in names:
        return table.column(f"metrics.{name}")
    curve = _curve_of(name, names)
    if curve is None:
        return [None] * table.rows
    metric, what = curve
    last = _cells(f"metrics.{metric}", table)
    if what == "last":
        return last
    said = _cells(f"curves.{metric}.{what}", table)
    if what in ("min", "max"):
        return [own if value is None else value for value, own in zip(said, last, strict=True)]
    if what == "count":
        single = [None if value is None else 1 for value in last]
        return [own if value is None else value for value, own in zip(said, single, strict=True)]
    return said


def _curve_of(name: str, names: set[str]) -> tuple[str, str] | None:
    """(`val_logloss`, `min`) of `val_logloss.min`, if there is such a metric."""
    metric, dot, what = name.rpartition(".")
    known = dot and (what in _CURVE or what == "last") and f"metrics.{metric}" in names
    return (metric, what) if known else None


def _datasets(key: Key, table: Table, source: str) -> Sequence[Any]:
    """For each run the values that its datasets have in one field."""
    field = DATASET_FIELDS.get(key.name)
    if field is None:
        known = ", ".join(sorted(DATASET_FIELDS))
        raise invalid(source, key.at, f"a dataset has no {key.name!r}", f"known: {known}")
    cells: list[list[str]] = [[] for _ in range(table.rows)]
    for column in table.names():
        if not column.startswith("data.") or column.rpartition(".")[2] != field:
            continue
        for row, value in enumerate(table.column(column)):
            if value is not None:
                text = str(value)
                cells[row].append(text.partition(":")[2] or text if key.name == "digest" else text)
    return cells


def _durations(table: Table) -> list[float | None]:
    """Seconds from start to end; None for a run that has not ended."""
    pairs = zip(_cells("started", table), _cells("ended", table), strict=True)
    return [seconds_between(start, end) for start, end in pairs]
