"""The header of a table: which columns it has, what they are like, where their values lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gitrack.model.measure import Measure
from gitrack.site import scripts
from gitrack.site.goals import Goals
from gitrack.site.pages.group import is_system
from gitrack.site.tables.chunks import ChunkNote
from gitrack.site.tables.columns import CURVE
from gitrack.site.tables.summary import Summary, decimals, merged

_SHOWN_METRICS = 5
_SHOWN_PARAMS = 6
#: Groups of columns as people choose them; whatever is in none is for filters alone.
_GROUPS = {
    "metrics": "metrics",
    "params": "params",
    "tags": "tags",
    "history": "curves",
    "seeds": "seeds",
    "data": "data",
    "environment": "run",
    "code": "run",
}
_RUN = ("name", "status", "experiment", "started", "duration", "author", "commit", "id", "parent")


def head(
    place: str,
    notes: Sequence[ChunkNote],
    *,
    metrics: Sequence[str],
    measure: Measure | None,
    goals: Goals,
    all_runs: bool,
) -> bytes:
    """`gitrack.tables.head(…)`: `metrics` are in the order in which they matter."""
    rows = sum(note.rows for note in notes)
    found = _merge(notes)
    places = {name: number for number, name in enumerate(found)}
    layouts: list[list[list[int]]] = []
    chunks = []
    for note in notes:
        layout = _layout(note, places)
        if layout not in layouts:
            layouts.append(layout)
        chunks.append([note.rows, layouts.index(layout), note.version])
    ranks = {f"metrics.{name}": rank for rank, name in enumerate(metrics)}
    columns = [_column(name, found[name], rows, goals) for name in found]
    shown = _shown(columns, ranks, all_runs=all_runs)
    return scripts.call(
        "tables.head",
        {
            "place": place,
            "rows": rows,
            "chunks": chunks,
            "layouts": layouts,
            "columns": columns,
            "shown": shown,
            "metric": f"metrics.{measure.metric}" if measure else None,
        },
    )


def _merge(notes: Sequence[ChunkNote]) -> dict[str, Summary]:
    """What the pieces say of each column, together; the newest piece says which come first."""
    found: dict[str, Summary] = {}
    for note in reversed(notes):
        for name, said in zip(note.names, note.summaries, strict=True):
            found[name] = merged(found[name], said) if name in found else said
    return found


def _layout(note: ChunkNote, places: dict[str, int]) -> list[list[int]]:
    """The columns of each block by their places in the table."""
    names = iter(note.names)
    return [[places[next(names)] for _ in range(width)] for width in note.blocks]


def _column(name: str, said: Summary, rows: int, goals: Goals) -> dict[str, Any]:
    """A column for the page; what is false, nothing or None is left out."""
    section, dot, rest = name.partition(".")
    group = _GROUPS.get(section) if dot else "run" if name in _RUN else None
    goal = goals.goal(rest) if section == "metrics" else None
    constant = said.only is not None and said.count == rows and rows > 1
    about = {
        "name": name,
        "group": group,
        "number": said.number,
        "constant": constant,
        "count": said.count if said.count != rows else None,
        "goal": goal,
        "decimals": decimals(said) if said.number and section == "metrics" else None,
        "best": _best(said, goal) if not constant else None,
        "longest": min(said.longest, 80),
        "values": len(said.values) if said.values is not None else None,
        "system": section == "metrics" and is_system(rest),
    }
    kept = {key: value for key, value in about.items() if value or value == 0.0}
    return {key: value for key, value in kept.items() if value is not False}


def _best(said: Summary, goal: str | None) -> float | None:
    return said.high if goal == "maximize" else said.low if goal == "minimize" else None


def _shown(
    columns: Sequence[dict[str, Any]], ranks: dict[str, int], *, all_runs: bool
) -> list[str]:
    """The columns that a table starts with: what differs, and the first of each kind."""
    differing = [c for c in columns if not c.get("constant") and c.get("group")]
    metrics = [c["name"] for c in differing if c["group"] == "metrics" and not c.get("system")]
    metrics.sort(key=lambda name: (ranks.get(name, len(ranks)), name))
    params = sorted(c["name"] for c in differing if c["group"] == "params")
    curves = [
        c["name"] for c in differing if c["group"] == "curves" and _curve_of(c["name"], metrics)
    ]
    return [
        *(["experiment"] if all_runs else []),
        "started",
        "duration",
        *metrics[:_SHOWN_METRICS],
        *sorted(curves)[:1],
        *params[: 0 if all_runs else _SHOWN_PARAMS],
    ]


def _curve_of(name: str, metrics: Sequence[str]) -> bool:
    return f"metrics.{name.removeprefix(CURVE)}" in metrics
