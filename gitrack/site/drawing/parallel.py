"""Parallel coordinates: an axis a setting, a line a run, the last axis the result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from gitrack.model.measure import Measure
from gitrack.model.ranking import number_of
from gitrack.model.run import Scalar
from gitrack.site import display
from gitrack.site.drawing.scale import SIZE, Scale, Tick, percent, scale_of

#: More lines than this hide each other: the best stay, and an even choice of the others.
_LINES = 300
_BEST = 60
_AXES = 9
#: A text axis with more values than this is one line over the other.
_VALUES = 14
_CLASSES = 5


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """An axis: how far from the left (percent), its marks from the top."""

    name: str
    at: str
    log: bool
    ticks: tuple[Tick, ...]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A run: its number among those that were given, how good it is (0 to 4), its path."""

    run: int
    level: int
    path: str


class ParallelDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """What the template places, the best line last; `…_left_out` counts what is not drawn."""

    axes: tuple[Axis, ...]
    lines: tuple[Line, ...]
    lines_left_out: int
    axes_left_out: int


def parallel(
    settings: Mapping[str, Sequence[Scalar]],
    results: Sequence[float | None],
    measure: Measure,
    *,
    log: frozenset[str] = frozenset(),
) -> ParallelDrawing | None:
    """Settings from left to right in the order of the map; those that never vary are left out."""
    runs = [i for i, value in enumerate(results) if value is not None and math.isfinite(value)]
    runs.sort(
        key=lambda i: (-_of(results, i) if measure.goal == "maximize" else _of(results, i), i)
    )
    placed = {}
    for name, values in settings.items():
        found = _placed([values[i] for i in runs], log=name in log)
        if found is not None:
            placed[name] = found
    outcome = scale_of([_of(results, i) for i in runs], pad=0.03)
    if len(runs) < 2 or not placed or outcome is None:
        return None
    names = list(placed)[:_AXES]
    chosen = _chosen(len(runs))
    width = SIZE / len(names)
    lines = []
    for rank in chosen:
        ys = [placed[name][0][rank] for name in names]
        ys.append(SIZE - outcome.place(_of(results, runs[rank])))
        steps = [f"{round(width * i)} {y}" for i, y in enumerate(ys) if y is not None]
        level = _CLASSES - 1 - rank * _CLASSES // len(runs)
        lines.append(Line(run=runs[rank], level=level, path="M" + "L".join(steps)))
    axes = [
        Axis(name=name, at=percent(i / len(names)), log=placed[name][2], ticks=placed[name][1])
        for i, name in enumerate(names)
    ]
    axes.append(Axis(name=measure.metric, at="100", log=False, ticks=_from_top(outcome.ticks(5))))
    return ParallelDrawing(
        axes=tuple(axes),
        lines=tuple(reversed(lines)),
        lines_left_out=len(runs) - len(chosen),
        axes_left_out=len(placed) - len(names),
    )


def _of(results: Sequence[float | None], i: int) -> float:
    value = results[i]
    assert value is not None
    return float(value)


def _chosen(count: int) -> list[int]:
    """Ranks to draw: the best, and of the others every so many."""
    if count <= _LINES:
        return list(range(count))
    rest = _LINES - _BEST
    return [*range(_BEST), *(_BEST + (count - _BEST) * n // rest for n in range(rest))]


def _placed(
    values: Sequence[Scalar], *, log: bool
) -> tuple[list[int | None], tuple[Tick, ...], bool] | None:
    """The place of each value from the top, the marks of the axis, and whether it is by powers."""
    numbers = [number_of(value) for value in values]
    known = [float(n) for n in numbers if n is not None and math.isfinite(n)]
    if known and len(known) == sum(value is not None for value in values):
        if min(known) == max(known):
            return None
        wide = min(known) > 0 and (log or max(known) / min(known) >= 100)
        scale = scale_of(known, log=wide, pad=0.03)
        assert scale is not None
        return (
            [None if n is None else SIZE - scale.place(float(n)) for n in numbers],
            _marks(scale, known),
            wide,
        )
    texts = [None if value is None else display.setting(value) for value in values]
    names = sorted({text for text in texts if text is not None})
    if not 2 <= len(names) <= _VALUES:
        return None
    even = Scale(-0.5, len(names) - 0.5)
    place = {name: even.place(i) for i, name in enumerate(names)}
    ticks = tuple(Tick(percent(even.share(i)), name) for i, name in enumerate(names))
    return [None if text is None else place[text] for text in texts], ticks, False


def _marks(scale: Scale, known: Sequence[float]) -> tuple[Tick, ...]:
    """The values themselves where there are few, else round numbers."""
    distinct = sorted(set(known))
    places = [scale.share(value) for value in distinct]
    if len(distinct) <= 8 and all(b - a > 0.07 for a, b in pairwise(places)):
        return _from_top(tuple(Tick(percent(scale.share(v)), display.number(v)) for v in distinct))
    return _from_top(scale.ticks(5))


def _from_top(ticks: Sequence[Tick]) -> tuple[Tick, ...]:
    return tuple(Tick(percent(1 - float(tick.at) / 100), tick.text) for tick in ticks)
