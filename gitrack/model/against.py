"""Runs against a baseline: by how much a metric differs, and whether chance alone would do that.

Replicates (runs that differ by their seeds) tell how much chance there is in training. With them on
both sides the interval of the difference is Welch's; with them on one side the other value is held
against what one more run of that side could have given. One run each tells nothing of chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gitrack.model.measure import Measure

Word = Literal["better", "worse", "unclear", "unknown"]

#: Student's t at 97.5 % by degrees of freedom, from 1; beyond, by the next smaller number.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
_T_LARGE = ((120, 1.980), (60, 2.000), (40, 2.021), (30, 2.042))


class Span(NamedTuple):
    """A 95 % interval of new minus old."""

    low: float
    high: float

    def word(self, measure: Measure) -> Word:
        """What it says of the new one: nothing where no difference lies inside."""
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return "unknown"
        if self.low <= 0 <= self.high:
            return "unclear"
        return "better" if (self.low > 0) == (measure.goal == "maximize") else "worse"


class Side(NamedTuple):
    """The values of one side: those of replicates, or a single one."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return math.fsum(self.values) / len(self.values)

    @property
    def deviation(self) -> float | None:
        """Their standard deviation; None of a single one."""
        if len(self.values) < 2:
            return None
        mean = self.mean
        return math.sqrt(math.fsum((v - mean) ** 2 for v in self.values) / (len(self.values) - 1))


def by_chance_of_training(new: Side, old: Side) -> Span | None:
    """The interval of the difference of the means; None with one run on each side."""
    one, other = new.deviation, old.deviation
    if one is None and other is None:
        return None
    difference = new.mean - old.mean
    counts = len(new.values), len(old.values)
    if one is not None and other is not None:
        parts = one**2 / counts[0], other**2 / counts[1]
        reach = math.sqrt(sum(parts)) * student(_freedom(parts, counts))
    else:  # the single value is one more of its kind, with the spread of the other side
        spread, count = (one, counts[0]) if one is not None else (other or 0.0, counts[1])
        reach = spread * math.sqrt(1 + 1 / count) * student(count - 1)
    return Span(difference - reach, difference + reach)


def _freedom(parts: tuple[float, float], counts: tuple[int, int]) -> float:
    """Welch's degrees of freedom."""
    below = parts[0] ** 2 / (counts[0] - 1) + parts[1] ** 2 / (counts[1] - 1)
    return sum(parts) ** 2 / below if below else float(sum(counts) - 2)


def student(freedom: float) -> float:
    """How many standard errors the 95 % interval reaches to either side, rather too far."""
    if freedom < len(_T) + 1:
        return _T[max(1, math.floor(freedom)) - 1]
    return next((t for least, t in _T_LARGE if freedom >= least), _T[-1])


def together(words: Sequence[Word]) -> Word:
    """What several kinds of evidence say: they must agree, and one that doubts is enough."""
    told = [word for word in words if word != "unknown"]
    if not told:
        return "unknown"
    return told[0] if len(set(told)) == 1 else "unclear"
