"""Two models on the same cases: how sure is it that one is not worse than the other?

The paired bootstrap draws cases; DeLong's interval of the difference of two ROC AUCs is computed
as Sun and Xu do (Fast implementation of DeLong's algorithm, IEEE Signal Processing Letters 2014).
Both give the same numbers on every machine.
"""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gitrack.registry.gates.measures import Measured


class Interval(NamedTuple):
    """How much larger the first value is than the second, with an interval."""

    difference: float
    low: float
    high: float


class TooFew(ValueError):
    """The cases do not suffice to say anything."""


def bootstrap(
    one: Measured, other: Measured, *, confidence: float, resamples: int, seed: str
) -> Interval:
    """The percentile interval of the difference when cases are drawn anew. Raises TooFew.

    `seed` is any text: equal texts draw equal cases, whatever the version of NumPy.
    """
    import numpy as np

    differences = []
    for counts in _draws(one.cases, resamples, seed):
        difference = one.value(counts) - other.value(counts)
        if not math.isnan(difference):  # a draw of one class only has no AUC
            differences.append(difference)
    if len(differences) < max(resamples / 2, 1):
        raise TooFew(
            f"of {resamples} draws of {one.cases} cases only {len(differences)} say anything"
        )
    rest = (1 - confidence) / 2
    low, high = np.quantile(np.asarray(differences), [rest, 1 - rest])
    return Interval(one.value() - other.value(), float(low), float(high))


def _draws(cases: int, resamples: int, seed: str) -> Any:
    """How often each case is drawn, draw by draw.

    From raw words, which NumPy promises to keep; how its own integers are made of them may change.
    """
    import numpy as np

    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    source = np.random.PCG64(number)
    low_half, half = np.uint64(0xFFFF_FFFF), np.uint64(32)
    for _ in range(resamples):
        raw = source.random_raw((cases + 1) // 2)
        words = np.concatenate((raw >> half, raw & low_half))[:cases]
        drawn = (words * np.uint64(cases)) >> half
        yield np.bincount(drawn.astype(np.int64), minlength=cases).astype(np.float64)


def delong(truth: Any, one: Any, other: Any, *, confidence: float) -> Interval:
    """The interval of the difference of two ROC AUCs on the same cases. Raises TooFew."""
    import numpy as np

    areas, covariance = _delong(np.asarray(truth, bool), np.vstack((one, other)))
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(max(variance, 0.0))
    return Interval(difference, difference - reach, difference + reach)


def _delong(truth: Any, scores: Any) -> tuple[Any, Any]:
    """(the AUC of each row of scores, their covariance)."""
    import numpy as np

    positive, negative = scores[:, truth], scores[:, ~truth]
    count, rest = positive.shape[1], negative.shape[1]
    if min(count, rest) < 2:
        raise TooFew(f"there are {count} positive cases and {rest} others; DeLong needs two each")
    among = np.array(
        [_midranks(np.concatenate(rows)) for rows in zip(positive, negative, strict=True)]
    )
    own_positive = np.array([_midranks(row) for row in positive])
    own_negative = np.array([_midranks(row) for row in negative])
    areas = among[:, :count].sum(axis=1) / (count * rest) - (count + 1) / (2 * rest)
    of_positive = (among[:, :count] - own_positive) / rest
    of_negative = 1 - (among[:, count:] - own_negative) / count
    return areas, np.cov(of_positive) / count + np.cov(of_negative) / rest


def _midranks(values: Any) -> Any:
    """Ranks from 1; equal values share the mean of theirs."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[place]
