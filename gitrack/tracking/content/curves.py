"""Curves of a classifier's scores in few points: ROC, precision and recall, calibration."""

from __future__ import annotations

import math
from typing import Any

_POINTS = 200
_BINS = 10


def short(value: float | int | None) -> float | None:
    """Five significant digits; None for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e9 else rounded


def ranked(truth: Any, scores: Any) -> tuple[Any, float | None, Any, float | None]:
    """(ROC as [false, true positive rate], its area, [recall, precision], average precision).

    The areas follow from all cases, the curves keep at most 200 points.
    """
    import numpy as np

    hits, all_taken = _by_score(truth, scores)
    false = all_taken - hits
    total, rest = float(hits[-1]), float(false[-1])
    x, y = np.concatenate(([0.0], false / rest)), np.concatenate(([0.0], hits / total))
    # from the sum of both rates: each stretch of the curve gets its share, steep or flat
    roc = _points(x, y, (x + y) / 2)
    auc = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
    recall, precision = hits / total, hits / all_taken
    ap = float((np.diff(np.concatenate(([0.0], recall))) * precision).sum())
    pr = _points(recall, precision, recall)
    return roc, short(auc), pr, short(ap)


def area(truth: Any, scores: Any) -> float | None:
    """The area under the ROC curve of one class against the others."""
    import numpy as np

    if truth.all() or not truth.any():
        return None
    hits, all_taken = _by_score(truth, scores)
    false = all_taken - hits
    y = np.concatenate(([0.0], hits / hits[-1]))
    x = np.concatenate(([0.0], false / false[-1]))
    return short(float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum()))


def calibration(truth: Any, scores: Any) -> list[tuple[float, float, int]]:
    """(mean score, share of positives, cases) of each tenth of the scores' range that has any."""
    import numpy as np

    bins = np.minimum((scores * _BINS).astype(np.int64), _BINS - 1)
    cases = np.bincount(bins, minlength=_BINS)
    sums = np.bincount(bins, weights=scores, minlength=_BINS)
    good = np.bincount(bins, weights=truth.astype(float), minlength=_BINS)
    return [
        (short(sums[at] / cases[at]) or 0, short(good[at] / cases[at]) or 0, int(cases[at]))
        for at in range(_BINS)
        if cases[at]
    ]


def _by_score(truth: Any, scores: Any) -> tuple[Any, Any]:
    """(positives, cases) among those with the highest scores; equal scores come together."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ends = np.flatnonzero(np.concatenate((ordered[1:] != ordered[:-1], [True])))
    return np.cumsum(truth[order].astype(np.float64))[ends], (ends + 1).astype(np.float64)


def _points(x: Any, y: Any, way: Any) -> list[tuple[float, float]]:
    """At most 200 points, evenly along the way, both ends among them."""
    import numpy as np

    if len(way) > _POINTS:
        at = np.searchsorted(way, np.linspace(way[0], way[-1], _POINTS))
        chosen = np.unique(np.concatenate(([0], at, [len(way) - 1])).clip(0, len(way) - 1))
        if len(chosen) > _POINTS:
            chosen = np.delete(chosen, -2)
        x, y = x[chosen], y[chosen]
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return [(short(one) or 0, short(other) or 0) for one, other in pairs]
