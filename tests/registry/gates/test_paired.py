"""The arithmetic: metrics against scikit-learn, DeLong against its definition and the bootstrap."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from gitrack.registry.gates.measures import (
    NotComputable,
    Predictions,
    computable,
    kind_of_metric,
    measured,
)
from gitrack.registry.gates.paired import TooFew, _draws, bootstrap, delong

RANDOM = np.random.default_rng(7)
N = 400
TRUTH = RANDOM.integers(0, 2, N)
SCORE = np.clip(TRUTH * 0.3 + RANDOM.random(N) * 0.7, 0, 1)
OTHER = np.clip(TRUTH * 0.2 + RANDOM.random(N) * 0.8, 0, 1)
TIED = np.round(SCORE, 1)
TIMES = RANDOM.integers(0, 4, N).astype(float)


def _root(truth, guess, **more):
    return float(np.sqrt(sk.mean_squared_error(truth, guess, **more)))


SKLEARN = {
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier": sk.brier_score_loss,
    "accuracy": lambda t, s, **w: sk.accuracy_score(t, s > 0.5, **w),
    "f1": lambda t, s, **w: sk.f1_score(t, s > 0.5, **w),
    "precision": lambda t, s, **w: sk.precision_score(t, s > 0.5, **w),
    "recall": lambda t, s, **w: sk.recall_score(t, s > 0.5, **w),
    "rmse": _root,
    "mse": sk.mean_squared_error,
    "mae": sk.mean_absolute_error,
    "r2": sk.r2_score,
}


def predictions(scores, truth=TRUTH) -> Predictions:
    return Predictions(np.asarray(truth), np.asarray(scores).reshape(len(truth), -1))


@pytest.mark.parametrize("kind", computable())
@pytest.mark.parametrize("scores", [SCORE, TIED], ids=["scores", "ties"])
def test_every_metric_is_that_of_scikit_learn_also_when_cases_count_twice(kind: str, scores):
    found = measured(kind, predictions(scores))

    assert found.value() == pytest.approx(SKLEARN[kind](TRUTH, scores), rel=1e-12)
    weighted = SKLEARN[kind](TRUTH, scores, sample_weight=TIMES)
    assert found.value(TIMES) == pytest.approx(weighted, rel=1e-12)


def test_of_several_classes_some_metrics_can_be_computed():
    truth = RANDOM.integers(0, 3, N)
    scores = RANDOM.random((N, 3)) + np.eye(3)[truth]
    scores /= scores.sum(axis=1, keepdims=True)
    given = predictions(scores, truth)

    assert measured("accuracy", given).value() == sk.accuracy_score(truth, scores.argmax(axis=1))
    assert measured("log_loss", given).value() == pytest.approx(sk.log_loss(truth, scores))
    named = Predictions(np.array(["a", "b", "c"])[truth], scores)
    assert measured("accuracy", named).value() == measured("accuracy", given).value()
    for kind in ("roc_auc", "f1", "brier", "rmse"):
        with pytest.raises(NotComputable):
            measured(kind, given)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("roc_auc", predictions(SCORE, np.ones(N))),
        ("log_loss", predictions(SCORE * 9)),
        ("f1", predictions(SCORE - 1)),
        ("mae", predictions(SCORE, TRUTH.astype(str))),
    ],
)
def test_what_cannot_be_computed_is_said(kind: str, given: Predictions):
    with pytest.raises(NotComputable):
        measured(kind, given)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("test_auc_roc", "roc_auc"), ("val/auc", "roc_auc"), ("roc_auc_score", "roc_auc"),
        ("test_pr_auc", "average_precision"), ("test_f1", "f1"), ("f1_macro", None),
        ("balanced_accuracy", None), ("test_accuracy", "accuracy"), ("test_logloss", "log_loss"),
        ("loss", None), ("test.rmse", "rmse"), ("brier_score", "brier"), ("calibration_ece", None),
        ("r2", "r2"), ("", None), ("test", None), ("precision_at_10", None),
    ],
)  # fmt: skip
def test_what_a_metric_is_by_its_name(name: str, kind: str | None):
    assert kind_of_metric(name) == kind


def _slow_delong(truth, one, other) -> tuple[float, float]:
    """(difference, its variance), as DeLong, DeLong and Clarke-Pearson define them in 1988."""
    structural = []
    for scores in (one, other):
        good, bad = scores[truth == 1], scores[truth == 0]
        psi = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in bad] for x in good]
        of_good = [sum(row) / len(bad) for row in psi]
        of_bad = [sum(row[j] for row in psi) / len(good) for j in range(len(bad))]
        structural.append((of_good, of_bad, sum(map(sum, psi)) / (len(good) * len(bad))))

    def covariance(part: int, i: int, j: int) -> float:
        a, b = structural[i][part], structural[j][part]
        products = (
            (x - structural[i][2]) * (y - structural[j][2]) for x, y in zip(a, b, strict=True)
        )
        return sum(products) / (len(a) - 1) / len(a)

    variance = sum(
        sign * covariance(part, i, j)
        for part in (0, 1)
        for sign, i, j in ((1, 0, 0), (1, 1, 1), (-2, 0, 1))
    )
    return structural[0][2] - structural[1][2], variance


@pytest.mark.parametrize("digits", [1, 2, 15])
def test_delong_is_what_its_definition_gives(digits: int):
    one, other = np.round(SCORE[:90], digits), np.round(OTHER[:90], digits)

    found = delong(TRUTH[:90] == 1, one, other, confidence=0.95)

    difference, variance = _slow_delong(TRUTH[:90], one, other)
    assert found.difference == pytest.approx(difference, abs=1e-12)
    assert found.high - found.low == pytest.approx(2 * 1.959963984540054 * variance**0.5)
    assert found.low + found.high == pytest.approx(2 * difference, abs=1e-12)


def test_delong_and_bootstrap_agree():
    found = delong(TRUTH == 1, SCORE, OTHER, confidence=0.9)
    one, other = (measured("roc_auc", predictions(scores)) for scores in (SCORE, OTHER))

    drawn = bootstrap(one, other, confidence=0.9, resamples=2000, seed="x")

    assert drawn.difference == pytest.approx(found.difference)
    width = found.high - found.low
    assert abs(drawn.low - found.low) < 0.1 * width
    assert abs(drawn.high - found.high) < 0.1 * width


def test_equal_predictions_differ_by_nothing():
    one = measured("roc_auc", predictions(SCORE))

    assert delong(TRUTH == 1, SCORE, SCORE, confidence=0.95) == (0, 0, 0)
    assert bootstrap(one, one, confidence=0.95, resamples=50, seed="") == (0, 0, 0)


def test_draws_are_the_same_everywhere():
    """A record that was judged on one machine is held against what another one finds."""
    assert [list(map(int, drawn)) for drawn in _draws(10, 2, "a b")] == [
        [2, 1, 1, 2, 3, 1, 0, 0, 0, 0],
        [1, 1, 2, 2, 1, 0, 1, 0, 2, 0],
    ]
    one, other = (measured("accuracy", predictions(scores)) for scores in (SCORE, OTHER))
    first = bootstrap(one, other, confidence=0.95, resamples=200, seed="a b")
    assert first == bootstrap(one, other, confidence=0.95, resamples=200, seed="a b")
    assert first != bootstrap(one, other, confidence=0.95, resamples=200, seed="b a")


def test_too_few_cases_say_nothing():
    with pytest.raises(TooFew):
        delong(np.array([True, False, False]), SCORE[:3], OTHER[:3], confidence=0.95)
    few = Predictions(np.array([0, 1]), np.array([[0.1], [0.9]]))
    one = measured("roc_auc", few)
    drawn = bootstrap(one, one, confidence=0.95, resamples=500, seed="seed")
    assert drawn == (0, 0, 0)  # about half of all draws have both classes
    rare = np.zeros(50)
    rare[0] = 1
    odd = measured("r2", Predictions(rare, rare.reshape(-1, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bootstrap(odd, odd, confidence=0.95, resamples=200, seed="seed")


def test_the_best_scores_may_be_left_out_of_a_draw():
    """Nothing was found before the first that is there."""
    ranks = np.argsort(np.argsort(SCORE))
    times = np.where(ranks >= N - 20, 0.0, TIMES)
    value = measured("average_precision", predictions(SCORE)).value(times)
    wanted = sk.average_precision_score(TRUTH, SCORE, sample_weight=times)
    assert value == pytest.approx(wanted, rel=1e-12)
