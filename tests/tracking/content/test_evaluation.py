"""What predictions say: as scikit-learn has it, of the same cases in every order."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from gitrack.model.evaluation import Evaluation, dump_evaluation, load_evaluation
from gitrack.tracking.content import predictions_bytes
from gitrack.tracking.content.evaluation import NotEvaluable, evaluate, united

_CHANCE = np.random.default_rng(7)
_TRUTH = (_CHANCE.random(3000) < 0.3).astype(int)
_SCORES = 1 / (1 + np.exp(-(_CHANCE.normal(size=3000) + 2 * _TRUTH - 1)))


@pytest.fixture
def judged(tmp_path):
    def judge(*arguments, sample=500, **options):
        path = tmp_path / "predictions.parquet"
        path.write_bytes(predictions_bytes(*arguments, **options)[1])
        found = evaluate(path, sample=sample)
        data = dump_evaluation(Evaluation(sets={"p": found}))
        assert load_evaluation("evaluation.json", data).sets["p"] == found
        return found

    return judge


def test_two_classes_as_scikit_learn_has_them(judged):
    found = judged(_TRUTH, _SCORES.round(2))  # with ties
    scores = _SCORES.round(2)

    assert (found.task, found.cases, found.positives) == ("binary", 3000, _TRUTH.sum())
    assert found.auc == pytest.approx(metrics.roc_auc_score(_TRUTH, scores), rel=1e-4)
    assert found.ap == pytest.approx(metrics.average_precision_score(_TRUTH, scores), rel=1e-4)
    assert found.brier == pytest.approx(metrics.brier_score_loss(_TRUTH, scores), rel=1e-4)
    assert found.confusion.counts == metrics.confusion_matrix(_TRUTH, scores > 0.5).tolist()
    assert sum(count for _, _, count in found.calibration) == 3000


def test_long_curves_keep_points_of_the_whole_ones(judged):
    found = judged(_TRUTH, _SCORES)

    false, true, _ = metrics.roc_curve(_TRUTH, _SCORES, drop_intermediate=False)
    whole = {(float(f"{x:.5g}"), float(f"{y:.5g}")) for x, y in zip(false, true, strict=True)}
    assert set(found.roc) <= whole
    assert (found.roc[0], found.roc[-1], len(found.roc)) == ((0, 0), (1, 1), 200)
    assert metrics.auc(*zip(*found.roc, strict=True)) == pytest.approx(found.auc, abs=2e-3)
    assert len(found.pr) <= 200


@pytest.mark.parametrize("ids", [np.arange(3000) * 7, np.array([f"c{i}" for i in range(3000)])])
def test_the_same_cases_in_another_order_are_the_same(judged, ids):
    order = _CHANCE.permutation(3000)

    one = judged(_TRUTH, _SCORES, ids=ids)
    other = judged(_TRUTH[order], _SCORES[order], ids=ids[order])

    assert one == other
    assert (len(one.sample.truth), one.sample.of, one.sample.picked) == (500, 3000, "by id")


def test_runs_on_the_same_cases_keep_the_same_ones_whatever_their_scores(judged):
    one, other = judged(_TRUTH, _SCORES), judged(_TRUTH.astype(bool), 1 - _SCORES)

    assert one.cases_digest == other.cases_digest
    assert one.sample.truth == other.sample.truth
    pairs = zip(one.sample.scores, other.sample.scores, strict=True)
    assert all(abs(a + b - 1) < 1e-4 for a, b in pairs)
    assert judged(_TRUTH[::-1], _SCORES).cases_digest != one.cases_digest


def test_several_classes(judged):
    truth = _CHANCE.integers(0, 3, 300)
    scores = _CHANCE.dirichlet(np.ones(3), 300)

    found = judged(np.array(["cat", "dog", "eel"])[truth], scores)

    assert found.task == "multiclass"
    assert found.confusion.labels == ["cat", "dog", "eel"]
    assert found.confusion.counts == metrics.confusion_matrix(truth, scores.argmax(1)).tolist()
    assert found.aucs[1] == pytest.approx(metrics.roc_auc_score(truth == 1, scores[:, 1]), rel=1e-4)
    assert found.sample.said == scores.argmax(1).tolist()
    assert found.sample.scores[0] == pytest.approx(scores[0, truth[0]], rel=1e-4)


def test_numbers(judged):
    truth = _CHANCE.normal(size=400)
    guess = truth + _CHANCE.normal(size=400) / 5

    found = judged(truth, guess, sample=0)

    assert found.task == "regression"
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(truth, guess), rel=1e-4)
    assert found.r2 == pytest.approx(metrics.r2_score(truth, guess), rel=1e-4)
    assert sum(found.residuals.counts) == 400
    assert found.sample is None


@pytest.mark.parametrize(
    ("truth", "scores", "task"),
    [
        ([0, 1, 1], [0, 1, 0], "binary"),
        (["no", "yes"], ["yes", "yes"], "binary"),
        (["no", "yes", "no"], [-3.5, 4.0, 1.0], "binary"),
        ([True, True], [0.5, 0.75], "binary"),
        ([1, 2, 3, 1], [1, 2, 3, 3], "multiclass"),
        ([1, 2, 3, 1], [1.5, 2, 3, 3], "regression"),
        ([2.5, 3.5], [2, 3], "regression"),
        ([5.0, 5.0], [5.5, 4.0], "regression"),
    ],
)
def test_what_the_task_is_follows_from_the_values(judged, truth, scores, task):
    assert judged(truth, scores).task == task


def test_cases_without_a_value_are_counted(judged):
    found = judged([0, 1, 1, 0], [0.1, float("nan"), 0.9, 0.2])

    assert (found.missing, found.cases, found.auc) == (1, 4, 1)
    assert found.sample.scores == [0.1, None, 0.9, 0.2]


@pytest.mark.parametrize(
    ("truth", "scores"),
    [(["a", "a"], [0.1, 0.2]), ([0, 1, 5], np.eye(3)[:, :2]), ([1.0], [float("nan")])],
)
def test_what_says_nothing_is_named(judged, truth, scores):
    with pytest.raises(NotEvaluable):
        judged(truth, scores)


def test_what_is_logged_later_is_added(judged):
    one, other = judged([0, 1], [0.1, 0.9]), judged([0, 1], [0.9, 0.1])
    before = dump_evaluation(Evaluation(sets={"a": one, "b": one}))

    after = load_evaluation("f", united(before, Evaluation(sets={"b": other}), {"b"}) or b"")

    assert after.sets == {"a": one, "b": other}
    assert load_evaluation("f", united(before, Evaluation(), {"a", "b"}) or b"").sets == {}
    assert united(None, Evaluation(), ()) is None
