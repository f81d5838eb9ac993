"""A metric through time: a dot a run with the best so far as a stair, or what served, in steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from gitrack.model.measure import Measure
from gitrack.site.drawing.points import Dots, PointsDrawing
from gitrack.site.drawing.rounded import ticks
from gitrack.site.drawing.scale import SIZE, Scale, Tick, percent, scale_of

#: Of more dots than these, each stretch keeps its lowest and highest.
_DOTS = 240
_ROOM = 0.02


class Point(NamedTuple):
    """A result and when it was reached (seconds since 1970)."""

    when: float
    value: float
    kind: str


class Step(NamedTuple):
    """What held from one moment to another; between steps nothing did."""

    begin: float
    end: float
    value: float


def trend(points: Sequence[Point], measure: Measure) -> PointsDrawing | None:
    """Points in the order of time; None for fewer than two."""
    known = [point for point in points if math.isfinite(point.value)]
    scale = scale_of([point.value for point in known])
    if scale is None or len(known) < 2:
        return None
    across = _time(known[0].when, known[-1].when)
    by_kind: dict[str, dict[tuple[int, int], None]] = {}
    for point in _thin(known):
        place = across.place(point.when), SIZE - scale.place(point.value)
        by_kind.setdefault(point.kind, {})[place] = None
    stair: list[str] = []
    record: Point | None = None
    for point in known:
        if record is None or measure.better(point.value, record.value):
            x, y = across.place(point.when), SIZE - scale.place(point.value)
            stair.append(f"H{x}V{y}" if record else f"M{x} {y}")
            record = point
    assert record is not None
    return PointsDrawing(
        dots=tuple(
            Dots(kind, "".join(f"M{x} {y}h0" for x, y in places))
            for kind, places in sorted(by_kind.items(), reverse=True)
        ),
        stair=f"{''.join(stair)}H{SIZE}",
        best=f"M{across.place(record.when)} {SIZE - scale.place(record.value)}h0",
        y=_from_top(scale.ticks(4)),
        x=_dates(across),
        level=None,
        left_out=len(points) - len(known),
    )


def steps(held: Sequence[Step]) -> PointsDrawing | None:
    """What held when, as one line with gaps where nothing did."""
    known = [step for step in held if math.isfinite(step.value)]
    scale = scale_of([step.value for step in known])
    if scale is None:
        return None
    across = _time(known[0].begin, max(step.end for step in known))
    path, dots, before = "", "", None
    for step in known:
        x, y = across.place(step.begin), SIZE - scale.place(step.value)
        joined = before is not None and step.begin <= before
        path += f"H{x}V{y}" if joined else f"M{x} {y}"
        path += f"H{across.place(step.end)}"
        dots += f"M{x} {y}h0"
        before = step.end
    return PointsDrawing(
        dots=(Dots("served", dots),),
        stair=path,
        best=None,
        y=_from_top(scale.ticks(4)),
        x=_dates(across),
        level=None,
        left_out=len(held) - len(known),
    )


def _time(first: float, last: float) -> Scale:
    room = max((last - first) * _ROOM, 60.0)
    return Scale(first - room, last + room)


def _dates(across: Scale) -> tuple[Tick, ...]:
    try:
        first, last = (datetime.fromtimestamp(when, UTC) for when in (across.low, across.high))
    except (OverflowError, ValueError, OSError):  # a clock can be anything
        return ()
    if last - first < timedelta(minutes=1):
        return ()
    return tuple(Tick(_short(tick.place), tick.text) for tick in ticks(first, last))


def _short(place: str) -> str:
    return percent(float(place) / 100)


def _from_top(marks: Sequence[Tick]) -> tuple[Tick, ...]:
    return tuple(Tick(percent(1 - float(tick.at) / 100), tick.text) for tick in marks)


def _thin(points: Sequence[Point]) -> list[Point]:
    if len(points) <= _DOTS:
        return list(points)
    kept: list[Point] = []
    stretches = _DOTS // 2
    for part in range(stretches):
        some = points[part * len(points) // stretches : (part + 1) * len(points) // stretches]
        low = min(some, key=lambda point: point.value)
        high = max(some, key=lambda point: point.value)
        kept.extend(dict.fromkeys(sorted((low, high))))
    return kept
