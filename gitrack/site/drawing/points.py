"""One dot a run from the oldest to the newest, the best so far as a stair, and a level beside."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from gitrack.model.measure import Measure
from gitrack.site.drawing.scale import SIZE, Scale, Tick, percent, scale_of

#: More steps of a stair than this cannot be told apart.
_STEPS = 400


class Dots(msgspec.Struct, frozen=True):
    """All dots of one kind, as one path."""

    kind: str
    path: str


class Level(msgspec.Struct, frozen=True):
    """A value to compare with, across the whole width; `at` is from the top, in percent."""

    at: str
    text: str


class PointsDrawing(msgspec.Struct, frozen=True, kw_only=True):
    """What the template places."""

    dots: tuple[Dots, ...]
    stair: str | None
    best: str | None
    y: tuple[Tick, ...]
    x: tuple[Tick, ...]
    level: Level | None
    left_out: int


def points(
    values: Sequence[float | None],
    kinds: Sequence[str],
    measure: Measure,
    *,
    level: tuple[float, str] | None = None,
) -> PointsDrawing | None:
    """Runs in their order, coloured by `kinds`; None with nothing to draw."""
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None and math.isfinite(v)]
    beside = [level[0]] if level and math.isfinite(level[0]) else []
    scale = scale_of([v for _, v in known] + beside)
    if scale is None or not known:
        return None
    across = Scale(-0.5, len(values) - 0.5) if len(values) > 1 else Scale(-1, 1)
    by_kind: dict[str, dict[tuple[int, int], None]] = {}
    for i, value in known:
        place = across.place(i), SIZE - scale.place(value)
        by_kind.setdefault(kinds[i], {})[place] = None  # what would lie on another is drawn once
    stair, best = _stair(known, across, scale, measure)
    return PointsDrawing(
        dots=tuple(
            Dots(kind, "".join(f"M{x} {y}h0" for x, y in places))
            for kind, places in sorted(by_kind.items(), reverse=True)
        ),
        stair=stair,
        best=best,
        y=tuple(Tick(percent(1 - float(t.at) / 100), t.text) for t in scale.ticks(4)),
        x=_numbers(across, len(values)),
        level=Level(percent(1 - scale.share(level[0])), level[1]) if level and beside else None,
        left_out=len(values) - len(known),
    )


def _stair(
    known: Sequence[tuple[int, float]], across: Scale, scale: Scale, measure: Measure
) -> tuple[str | None, str | None]:
    """The path of the best so far, and a dot on the run that holds the record."""
    records: list[tuple[int, float]] = []
    for i, value in known:
        if not records or measure.better(value, records[-1][1]):
            records.append((i, value))
    i, value = records[-1]
    best = f"M{across.place(i)} {SIZE - scale.place(value)}h0"
    if len(known) < 2:
        return None, best
    if len(records) > _STEPS:
        every = math.ceil(len(records) / _STEPS)
        records = [*records[:-1:every], records[-1]]
    path = f"M{across.place(records[0][0])} {SIZE - scale.place(records[0][1])}"
    for i, value in records[1:]:
        path += f"H{across.place(i)}V{SIZE - scale.place(value)}"
    return f"{path}H{SIZE}", best


def _numbers(across: Scale, count: int) -> tuple[Tick, ...]:
    """Which run it is, from 1."""
    if count < 2:
        return ()
    step = next(
        size * 10**power
        for power in range(12)
        for size in (1, 2, 5)
        if count / size / 10**power <= 8
    )
    numbers = sorted({1, *range(step, count + 1, step)}) if step > 1 else range(1, count + 1)
    return tuple(Tick(percent(across.share(n - 1)), str(n)) for n in numbers)
