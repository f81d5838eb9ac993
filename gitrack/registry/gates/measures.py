"""Metrics that can be computed again from predictions, also when cases count several times."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

#: Words of a metric's name that do not say how it is computed.
_BESIDE = re.compile(
    r"(?:^|[_/.\- ]+)(?:test|val|valid|validation|eval|evaluation|dev|holdout|train|final"
    r"|binary|score)(?=[_/.\- ]|$)"
)
_NAMES = {
    "roc_auc": "auc auroc roc_auc auc_roc rocauc roc area_under_roc",
    "average_precision": "average_precision avg_precision ap auprc pr_auc auc_pr aupr prauc",
    "log_loss": "log_loss logloss binary_logloss cross_entropy crossentropy nll",
    "brier": "brier brier_loss brier_score",
    "accuracy": "accuracy acc",
    "f1": "f1 f1_score",
    "precision": "precision",
    "recall": "recall sensitivity",
    "rmse": "rmse root_mean_squared_error",
    "mse": "mse mean_squared_error l2",
    "mae": "mae mean_absolute_error l1",
    "r2": "r2 r_squared",
}
_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}
#: The least probability that a log loss believes, as scikit-learn has it for float64.
_EPSILON = 2.220446049250313e-16


class NotComputable(ValueError):
    """Predictions of this kind do not have this metric."""


class Predictions(NamedTuple):
    """True values, and a column of scores or one for each class."""

    truth: Any
    scores: Any


class Measured(NamedTuple):
    """A metric of some predictions. `value(counts)` takes case i as often as `counts[i]` says."""

    cases: int
    compute: Callable[[Any], float]

    def value(self, counts: Any = None) -> float:
        import numpy as np

        return self.compute(np.ones(self.cases) if counts is None else counts)


def kind_of_metric(name: str) -> str | None:
    """What a metric is by its name (`test_auc_roc` is `roc_auc`), None where that is not told."""
    bare = _BESIDE.sub("", name.lower())
    bare = re.sub(r"[/.\- ]+", "_", bare).strip("_")
    return _BY_NAME.get(bare)


def computable() -> list[str]:
    """The metrics that predictions give."""
    return list(_NAMES)


def measured(kind: str, predictions: Predictions) -> Measured:
    """A metric of these predictions. Raises NotComputable."""
    make = {
        "roc_auc": _roc_auc,
        "average_precision": _average_precision,
        "log_loss": _log_loss,
        "brier": _brier,
        "accuracy": _accuracy,
        "f1": _f1,
        "precision": _precision,
        "recall": _recall,
        "rmse": _rmse,
        "mse": _mse,
        "mae": _mae,
        "r2": _r2,
    }[kind]
    return Measured(len(predictions.truth), make(predictions))


def positives(predictions: Predictions) -> Any:
    """Which cases are of the positive class: of two labels the larger. Raises NotComputable."""
    import numpy as np

    labels = np.unique(predictions.truth)
    if len(labels) > 2:
        raise NotComputable(f"y_true has {len(labels)} values, and this metric is one of two")
    if len(labels) < 2:
        raise NotComputable("y_true has one value only")
    return predictions.truth == labels[1]


def positive_scores(predictions: Predictions) -> Any:
    """The score of the positive class. Raises NotComputable."""
    import numpy as np

    scores = predictions.scores
    if scores.shape[1] > 2:
        raise NotComputable(f"there are {scores.shape[1]} scores a case, and this metric takes one")
    return np.ascontiguousarray(scores[:, -1], dtype=np.float64)


def _roc_auc(predictions: Predictions) -> Callable[[Any], float]:
    truth, ordered, ends = _by_score(predictions)

    import numpy as np

    # new memory for each of thousands of draws would take longer than the sums
    there, all_good, all_below = (np.empty(len(truth)) for _ in range(3))

    def compute(counts: Any) -> float:
        np.take(counts, ordered, out=there)
        good, bad = np.multiply(there, truth, out=all_good), there
        np.subtract(bad, good, out=bad)
        below = all_below
        if ends is not None:
            good, bad = _together(good, ends), _together(bad, ends)
            below = below[: len(bad)]
        np.cumsum(bad, out=below)
        total = float(good.sum()) * float(below[-1])
        bad /= 2
        below -= bad  # half of those that are equal count
        below *= good
        return float(below.sum()) / total if total else math.nan

    return compute


def _average_precision(predictions: Predictions) -> Callable[[Any], float]:
    truth, ordered, ends = _by_score(predictions)

    def compute(counts: Any) -> float:
        import numpy as np

        there = counts[ordered]
        good = there * truth
        if ends is not None:
            there, good = _together(there, ends), _together(good, ends)
        there, good = there[::-1], good[::-1]  # the highest scores first
        total, found = there.cumsum(), good.cumsum()
        if not found[-1]:
            return math.nan
        precise = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
        return float((good * precise).sum() / found[-1])

    return compute


def _by_score(predictions: Predictions) -> tuple[Any, Any, Any]:
    """(truth by score, that order, where equal scores begin, or None without any)."""
    import numpy as np

    truth, scores = positives(predictions), positive_scores(predictions)
    ordered = np.argsort(scores, kind="stable")
    begins = np.flatnonzero(np.concatenate(([True], np.diff(scores[ordered]) > 0)))
    return truth[ordered].astype(np.float64), ordered, None if len(begins) == len(truth) else begins


def _together(values: Any, begins: Any) -> Any:
    import numpy as np

    return np.add.reduceat(values, begins)


def _mean(each: Any) -> Callable[[Any], float]:
    return lambda counts: _sum(counts, each) / float(counts.sum())


def _sum(counts: Any, each: Any) -> float:
    """Not by BLAS, whose sums differ between machines, and whose threads wait for each other."""
    return float((counts * each).sum())


def _log_loss(predictions: Predictions) -> Callable[[Any], float]:
    import numpy as np

    if predictions.scores.shape[1] > 2:
        sure = _scores_of_truth(predictions)
    else:
        truth, scores = positives(predictions), _probabilities(predictions)
        sure = np.where(truth, scores, 1 - scores)
    return _mean(-np.log(np.clip(sure, _EPSILON, 1 - _EPSILON)))


def _brier(predictions: Predictions) -> Callable[[Any], float]:
    truth, scores = positives(predictions), _probabilities(predictions)
    return _mean((scores - truth) ** 2)


def _accuracy(predictions: Predictions) -> Callable[[Any], float]:
    import numpy as np

    if predictions.scores.shape[1] > 2:
        right = predictions.scores.argmax(axis=1) == _classes(predictions)
    else:
        right = positives(predictions) == _said(predictions)
    return _mean(np.asarray(right, np.float64))


def _f1(predictions: Predictions) -> Callable[[Any], float]:
    return _of_table(predictions, lambda hit, wrong, missed: (2 * hit, 2 * hit + wrong + missed))


def _precision(predictions: Predictions) -> Callable[[Any], float]:
    return _of_table(predictions, lambda hit, wrong, missed: (hit, hit + wrong))


def _recall(predictions: Predictions) -> Callable[[Any], float]:
    return _of_table(predictions, lambda hit, wrong, missed: (hit, hit + missed))


def _of_table(
    predictions: Predictions, parts: Callable[[float, float, float], tuple[float, float]]
) -> Callable[[Any], float]:
    import numpy as np

    truth, said = positives(predictions), _said(predictions)
    cells = np.vstack((truth & said, ~truth & said, truth & ~said)).astype(np.float64)

    def compute(counts: Any) -> float:
        above, below = parts(*map(float, (cells * counts).sum(axis=1)))
        return above / below if below else 0.0

    return compute


def _rmse(predictions: Predictions) -> Callable[[Any], float]:
    squared = _mse(predictions)
    return lambda counts: math.sqrt(squared(counts))


def _mse(predictions: Predictions) -> Callable[[Any], float]:
    truth, guess = _numbers(predictions)
    return _mean((truth - guess) ** 2)


def _mae(predictions: Predictions) -> Callable[[Any], float]:
    truth, guess = _numbers(predictions)
    return _mean(abs(truth - guess))


def _r2(predictions: Predictions) -> Callable[[Any], float]:
    truth, guess = _numbers(predictions)
    missed = (truth - guess) ** 2
    centred = truth - truth.mean()
    squared = centred**2

    def compute(counts: Any) -> float:
        total = float(counts.sum())
        spread = _sum(counts, squared) - _sum(counts, centred) ** 2 / total
        return 1 - _sum(counts, missed) / spread if spread > 0 else math.nan

    return compute


def _said(predictions: Predictions) -> Any:
    """Which cases are taken for positive: those above one half, as `predict` has it."""
    return _probabilities(predictions) > 0.5


def _probabilities(predictions: Predictions) -> Any:
    scores = positive_scores(predictions)
    if ((scores < 0) | (scores > 1)).any():
        raise NotComputable("scores lie outside of 0 to 1, and this metric takes probabilities")
    return scores


def _numbers(predictions: Predictions) -> tuple[Any, Any]:
    import numpy as np

    truth = predictions.truth
    if truth.dtype.kind not in "biuf":
        raise NotComputable("y_true is no number")
    if predictions.scores.shape[1] > 1:
        raise NotComputable(f"there are {predictions.scores.shape[1]} scores a case")
    return truth.astype(np.float64), predictions.scores[:, 0].astype(np.float64)


def _classes(predictions: Predictions) -> Any:
    """The column of scores that belongs to each case."""
    import numpy as np

    columns = predictions.scores.shape[1]
    labels, place = np.unique(predictions.truth, return_inverse=True)
    if len(labels) == columns:
        return place
    if labels.dtype.kind in "biu" and labels[0] >= 0 and labels[-1] < columns:
        return predictions.truth.astype(np.int64)
    raise NotComputable(f"y_true has {len(labels)} values, and there are {columns} scores a case")


def _scores_of_truth(predictions: Predictions) -> Any:
    import numpy as np

    scores = predictions.scores.astype(np.float64)
    if ((scores < 0) | (scores > 1)).any():
        raise NotComputable("scores lie outside of 0 to 1, and this metric takes probabilities")
    total = scores.sum(axis=1)
    return scores[np.arange(len(scores)), _classes(predictions)] / np.where(total > 0, total, 1)
