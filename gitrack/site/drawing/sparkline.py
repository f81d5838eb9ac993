"""A curve small enough to stand in a line of text; drawn without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

_POINTS = 60
_PAD = 3.0


class Sparkline(msgspec.Struct, frozen=True):
    """An SVG path in a box, and where its telling point lies."""

    path: str
    x: str
    y: str
    width: int
    height: int


def sparkline(
    values: Sequence[float | int | None],
    *,
    mark: int | None = None,
    width: int = 112,
    height: int = 24,
) -> Sparkline | None:
    """Finite values from left to right; `mark` is the place to point at (the last if None)."""
    known = [(i, float(v)) for i, v in enumerate(values) if v is not None and math.isfinite(v)]
    if len(known) < 2:
        return None
    low, high = min(v for _, v in known), max(v for _, v in known)
    spread = high - low
    if not math.isfinite(spread):
        return None
    first, last = known[0][0], known[-1][0]

    def place(point: tuple[int, float]) -> tuple[str, str]:
        x = _PAD + (point[0] - first) / (last - first) * (width - 2 * _PAD)
        level = (point[1] - low) / spread if spread else 0.5
        y = height - _PAD - level * (height - 2 * _PAD)
        return f"{x:.1f}", f"{y:.1f}"

    drawn = _thin(known)
    path = "M" + " ".join(",".join(place(point)) for point in drawn)
    marked = next((point for point in known if point[0] == mark), known[-1])
    return Sparkline(path, *place(marked), width, height)


def _thin(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most 60 points that keep each stretch's lowest and highest."""
    if len(points) <= _POINTS:
        return points
    stretch = len(points) / (_POINTS // 2)
    kept: list[tuple[int, float]] = []
    for part in range(_POINTS // 2):
        some = points[int(part * stretch) : int((part + 1) * stretch)]
        pair = {min(some, key=lambda p: p[1]), max(some, key=lambda p: p[1])}
        kept.extend(sorted(pair))
    return kept
