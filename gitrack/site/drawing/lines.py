"""Lines over steps, drawn at build: one chart for metrics that belong together."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.history import History, Value
from gitrack.site import display
from gitrack.site.drawing.scale import SIZE, Scale, Tick, percent, scale_of

#: Stretches of a line, each drawn by its lowest and its highest point.
_STRETCHES = 60
_PART_OF_DATA = re.compile(r"(?:train|training|val|valid|validation|test|eval|dev)[_/.-]", re.I)

Point = tuple[float, float]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the `colour`-th colour; `last` is what stands beside its name."""

    name: str
    colour: int
    path: str
    last: str


class LinesDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """What the template places. `thinned` says of how many points how many are drawn."""

    title: str
    lines: tuple[Line, ...]
    y: tuple[Tick, ...]
    x: tuple[Tick, ...]
    thinned: str | None = None


def curves(history: History, names: Sequence[str]) -> list[LinesDrawing]:
    """The metrics of a history as charts, those of one family together, as far as they move."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(family(name), []).append(name)
    steps = [i if step is None else step for i, step in enumerate(history.steps)]
    drawn = (
        _drawn(title, {name: history.columns[name] for name in members}, steps)
        for title, members in sorted(families.items())
    )
    return [one for one in drawn if one is not None]


def family(name: str) -> str:
    """`logloss` of `val_logloss`: the part of the data is not the metric."""
    return _PART_OF_DATA.sub("", name, count=1) if _PART_OF_DATA.match(name) else name


def _drawn(
    title: str, columns: Mapping[str, Sequence[Value]], steps: Sequence[float]
) -> LinesDrawing | None:
    points = {name: _points(steps, column) for name, column in columns.items()}
    points = {name: found for name, found in points.items() if len(found) > 1}
    y = scale_of([v for found in points.values() for _, v in found], pad=0.04)
    x = scale_of([s for found in points.values() for s, _ in found], pad=0)
    if x is None or y is None:
        return None
    thin = {name: thinned(found) for name, found in points.items()}
    lines = [
        Line(name=name, colour=at % 8 + 1, path=path(found, x, y), last=_last(points[name]))
        for at, (name, found) in enumerate(sorted(thin.items()))
    ]
    most, left = max(map(len, points.values())), max(map(len, thin.values()))
    return LinesDrawing(
        title=title,
        lines=tuple(lines),
        y=from_top(y.ticks(4)),
        x=x.ticks(5),
        thinned=f"{left} of {most:,} points drawn" if left < most else None,
    )


def _points(steps: Sequence[float], column: Sequence[Value]) -> list[Point]:
    """Finite values by step; several of one step stay in their order."""
    pairs = zip(steps, column, strict=True)
    found = [(s, float(v)) for s, v in pairs if v is not None and math.isfinite(v)]
    return sorted(found, key=lambda point: point[0])


def _last(points: Sequence[Point]) -> str:
    return display.number(points[-1][1])


def thinned(points: Sequence[Point]) -> Sequence[Point]:
    """Few points, each stretch's lowest and highest among them, and both ends."""
    if len(points) <= 2 * _STRETCHES:
        return points
    stretch = len(points) / _STRETCHES
    kept = [points[0]]
    for part in range(_STRETCHES):
        some = points[int(part * stretch) : int((part + 1) * stretch)]
        pair = {min(some, key=lambda p: p[1]), max(some, key=lambda p: p[1])}
        kept.extend(sorted(pair - {kept[-1]}))
    return kept if kept[-1] == points[-1] else [*kept, points[-1]]


def path(points: Sequence[Point], x: Scale, y: Scale) -> str:
    """A path from point to point; each is told by its way from the last one, which is shorter."""
    xs = x.places(a for a, _ in points)
    ys = [SIZE - place for place in y.places(b for _, b in points)]
    across = [b - a for a, b in itertools.pairwise(xs)]
    down = [b - a for a, b in itertools.pairwise(ys)]
    ways = " ".join(f"{a} {b}" for a, b in zip(across, down, strict=True))
    return f"M{xs[0]} {ys[0]}l{ways.replace(' -', '-')}"


def from_top(ticks: Sequence[Tick]) -> tuple[Tick, ...]:
    """The marks of an axis that goes up, as a page counts: downwards."""
    return tuple(Tick(percent(1 - float(tick.at) / 100), tick.text) for tick in ticks)
