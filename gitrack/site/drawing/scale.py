"""Where numbers lie on an axis, and which of them are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from gitrack.site import display
from gitrack.site.drawing.rounded import round_numbers

#: The box that drawings fill.
SIZE = 1000


class Tick(msgspec.Struct, frozen=True):
    """A mark of an axis: how far along it (percent), and what is written there."""

    at: str
    text: str


class Scale(msgspec.Struct, frozen=True):
    """A stretch of numbers, even or by powers of ten."""

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis, from 0 to 1; what lies outside stays at its ends."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        # halves, for numbers so large that their difference is not one
        span = high / 2 - low / 2
        return min(1.0, max(0.0, (value / 2 - low / 2) / span)) if span else 0.5

    def place(self, value: float) -> int:
        """The same, in the box of a drawing."""
        return round(self.share(value) * SIZE)

    def places(self, values: Iterable[float]) -> list[int]:
        """The same of many, which is what drawing a page takes its time for."""
        low, span = self.low, self.high - self.low
        if self.log or not 0 < span < math.inf:
            return [self.place(value) for value in values]
        by = SIZE / span
        return [min(SIZE, max(0, round((value - low) * by))) for value in values]

    def ticks(self, count: int = 5) -> tuple[Tick, ...]:
        """Round numbers on the axis, about `count` of them."""
        values = _powers(self.low, self.high) if self.log else []
        if len(values) < 2:
            values = round_numbers(self.low, self.high, count)
        if len(values) < 3 and not self.log:
            values = round_numbers(self.low, self.high, 2 * count)
        step = abs(values[1] - values[0]) if len(values) > 1 and not self.log else 0.0
        return tuple(Tick(percent(self.share(v)), written(v, step)) for v in values)


def scale_of(values: Iterable[float], *, log: bool = False, pad: float = 0.06) -> Scale | None:
    """The scale on which all finite values lie, with some room at both ends."""
    known = [float(v) for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not known:
        return None
    low, high = min(known), max(known)
    if log:
        room = (math.log10(high) - math.log10(low)) * pad or 0.1
        return Scale(_power(math.log10(low) - room), _power(math.log10(high) + room), True)
    if display.apart(high, low) == 0:  # else lines climb by what nobody measured
        low = high
    room = (high / 2 - low / 2) * 2 * pad
    if not math.isfinite(room):
        return Scale(low, high)
    room = room or abs(high) * pad or 1.0
    return Scale(low - room, high + room)


def percent(share: float) -> str:
    """`12.5` of a share of 1."""
    return f"{share * 100:.2f}".rstrip("0").rstrip(".")


def written(value: float, step: float) -> str:
    """A tick as people read it: as many decimals as the step between ticks has."""
    if not step or abs(value) >= 1e6 or 0 < step < 1e-4:
        return display.number(value)
    exponent = math.floor(math.log10(step) + 1e-9)
    return f"{value:.{max(0, -exponent)}f}" if value else "0"


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten, every second or third where there are many; between two also 2 and 5."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first < 2:
        some = [m * _power(p) for p in range(first - 1, last + 1) for m in (1, 2, 5)]
        return [value for value in some if low <= value <= high]
    every = (last - first) // 6 + 1
    return [_power(power) for power in range(first, last + 1, every)]


def _power(exponent: float) -> float:
    return float(10.0 ** max(-307.0, min(307.0, exponent)))
