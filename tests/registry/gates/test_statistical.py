"""No regression by statistics, on predictions that runs have logged."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from sklearn import metrics as sk

from gitrack.model.promotion import Outcome, Verdict
from gitrack.model.run import Artifact
from gitrack.registry.gates.judge import rejudge
from gitrack.tracking.content.predictions import predictions_bytes
from tests.registry.gates.conftest import World

RANDOM = np.random.default_rng(3)
N = 600
TRUTH = RANDOM.integers(0, 2, N)
NOISE = RANDOM.random(N)
IDS = RANDOM.permutation(N)


def scores(signal: float, noise: Any = NOISE) -> Any:
    return np.clip(TRUTH * signal + noise * (1 - signal), 0, 1)


def run_with(
    world: World, given: Any, *, truth=TRUTH, ids=None, name="predictions", **fields
) -> str:
    file, data, kind = predictions_bytes(truth, given, ids, name=name)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    artifact = Artifact(path=file, kind=kind, md5=md5, size=len(data))
    metrics = fields.pop("metrics", None) or {"test_auc_roc": sk.roc_auc_score(truth, given)}
    return world.run(
        artifacts=[artifact, *fields.pop("artifacts", [])],
        files={f"artifacts/{file}": data, **fields.pop("files", {})},
        metrics=metrics,
        **fields,
    )


def against(world: World, old: str, new: str, more: str = "test: delong") -> Verdict:
    world.version(1, run=old)
    world.stands("production", 1)
    gate = f"{{no_regression: test_auc_roc, against: production, {more}}}"
    return world.one(world.version(2, run=new), gate)


@pytest.mark.parametrize("test", ["delong", "bootstrap"])
def test_better_worse_and_allowed(world: World, test: str):
    weak, strong = run_with(world, scores(0.3)), run_with(world, scores(0.45))

    better = against(world, weak, strong, f"test: {test}, resamples: 300")
    worse = against(world, strong, weak, f"test: {test}, resamples: 300")
    allowed = against(world, strong, weak, f"test: {test}, resamples: 300, tolerance: 0.3")

    assert (better.outcome, worse.outcome, allowed.outcome) == ("passed", "failed", "passed")
    assert better.margin is not None
    assert better.margin > 0
    assert worse.margin is not None
    assert worse.margin < 0
    assert "test_auc_roc is better than in version 1 of production by" in better.says
    assert "600 cases" in better.says
    assert (better.source or "").endswith("artifacts/predictions.parquet")
    assert better.baseline == worse.value


def test_a_difference_that_may_be_chance_is_a_regression_unless_it_is_allowed(world: World):
    one, other = run_with(world, scores(0.3)), run_with(world, scores(0.3, RANDOM.random(N)))

    verdict = against(world, one, other)
    allowed = against(world, one, other, "test: delong, tolerance: 0.2")

    assert verdict.outcome is Outcome.FAILED
    assert allowed.outcome is Outcome.PASSED


def test_less_is_better_where_it_is(world: World):
    good, bad = scores(0.5), scores(0.2)
    runs = [
        run_with(world, each, metrics={"test_brier": sk.brier_score_loss(TRUTH, each)})
        for each in (good, bad)
    ]
    gate = "{no_regression: test_brier, against: production, test: bootstrap, resamples: 200}"
    outcomes = []
    for old, new in (runs, runs[::-1]):
        world.version(1, run=old)
        world.stands("production", 1)
        outcomes.append(world.one(world.version(2, run=new), gate).outcome)

    assert outcomes == ["failed", "passed"]


def test_cases_are_put_in_order_by_their_ids(world: World):
    ordered = np.argsort(IDS)
    old = run_with(world, scores(0.3), ids=IDS)
    new = run_with(world, scores(0.45)[ordered], truth=TRUTH[ordered], ids=IDS[ordered])
    plain = run_with(world, scores(0.45)[ordered], truth=TRUTH[ordered])

    assert against(world, old, new).outcome is Outcome.PASSED
    other = against(world, old, plain)
    assert other.outcome is Outcome.FAILED
    assert "another test set, or another order" in other.says


def test_what_differs_is_said(world: World):
    old = run_with(world, scores(0.3), ids=IDS)

    def judged(**fields) -> str:
        verdict = against(world, old, run_with(world, fields.pop("given", scores(0.4)), **fields))
        assert verdict.outcome is Outcome.FAILED
        return verdict.says

    assert "predicted other cases: 1 ids of 600" in judged(ids=[10_000, *IDS[1:]])
    assert "predicted 300 and 600 cases" in judged(given=scores(0.4)[:300], truth=TRUTH[:300])
    assert "they are of other cases, or computed in another way" in judged(
        metrics={"test_auc_roc": 0.999}
    )
    assert "another number of scores" in judged(
        given=np.column_stack((1 - scores(0.4), scores(0.4), scores(0.4))), ids=IDS,
        metrics={"test_auc_roc": 0.9},
    )  # fmt: skip


def test_without_predictions_it_fails_and_says_what_to_call(world: World):
    old = run_with(world, scores(0.3))

    new = against(world, old, world.run(metrics={"test_auc_roc": 0.99}))
    back = against(world, world.run(metrics={"test_auc_roc": 0.1}), old)

    assert "of version 2 logged no predictions; call run.log_predictions" in new.says
    assert "of version 1 logged no predictions" in back.says
    assert new.outcome is back.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("metric", "test", "says"),
    [
        ("calibration_ece", "bootstrap", "cannot be computed from predictions (roc_auc, "),
        ("test_f1", "delong", "write  test: bootstrap"),
    ],
)
def test_metrics_that_a_test_cannot_judge(world: World, metric: str, test: str, says: str):
    world.version(1, metrics={metric: 0.5})
    world.stands("production", 1)
    gate = f"{{no_regression: {metric}, against: production, test: {test}}}"

    verdict = world.one(world.version(2, metrics={metric: 0.5}), gate)

    assert verdict.outcome is Outcome.FAILED
    assert says in verdict.says


def test_of_several_predictions_those_of_the_metric_are_taken(world: World):
    def both(signal: float) -> str:
        file, data, kind = predictions_bytes(TRUTH, scores(0.01), name="train")
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        train = Artifact(path=file, kind=kind, md5=md5)
        files = {f"artifacts/{file}": data}
        return run_with(world, scores(signal), name="on-test", artifacts=[train], files=files)

    verdict = against(world, both(0.3), both(0.45))

    assert verdict.outcome is Outcome.PASSED
    assert (verdict.source or "").endswith("artifacts/on-test.parquet")


@pytest.mark.parametrize(
    "data", [b"", b"PAR1 nonsense PAR1", predictions_bytes([0, 1], [0.5, float("nan")])[1]]
)
def test_a_file_that_is_no_table_is_a_sentence(world: World, data: bytes):
    old = run_with(world, scores(0.3))
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    artifact = Artifact(path="predictions.parquet", kind="predictions", md5=md5)
    files = {"artifacts/predictions.parquet": data}
    new = world.run(artifacts=[artifact], files=files, metrics={"test_auc_roc": 0.9})

    verdict = against(world, old, new)

    assert verdict.outcome is Outcome.FAILED
    assert "predictions.parquet of run" in verdict.says


def test_judged_again_it_is_the_same(world: World):
    verdict = against(
        world, run_with(world, scores(0.3)), run_with(world, scores(0.31)), "test: bootstrap"
    )
    version = world.opened.reader().version("churn", 2)

    again = rejudge(world.case(version), world.promotion(version, [verdict]))

    assert again.verdicts == [verdict]
    assert not again.disagreements


def made_by_hand(world: World, columns: dict[str, Any] | None) -> str:
    """A run with a table that `log_predictions` might not have written."""
    data = b"PAR1 but no more"
    if columns is not None:
        out = pa.BufferOutputStream()
        parquet.write_table(pa.table(columns), out)
        data = out.getvalue().to_pybytes()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    artifact = Artifact(path="predictions.parquet", kind="predictions", md5=md5, size=len(data))
    return world.run(
        artifacts=[artifact],
        files={"artifacts/predictions.parquet": data},
        metrics={"test_auc_roc": sk.roc_auc_score(TRUTH, scores(0.4))},
    )


GOOD = {"id": list(range(N)), "y_true": TRUTH, "score": scores(0.4)}


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"score": scores(0.4)}, "has no columns y_true and score"),
        ({"y_true": TRUTH}, "has no columns y_true and score"),
        ({name: [] for name in GOOD}, "has no columns y_true and score"),
        (GOOD | {"score": [np.nan, *scores(0.4)[1:]]}, "missing, NaN or infinite"),
        (GOOD | {"y_true": [None, *TRUTH[1:].tolist()]}, "without a true value or id"),
        (GOOD | {"id": [None, *range(1, N)]}, "without a true value or id"),
        (GOOD | {"y_true": [np.inf, *TRUTH[1:]]}, "true values that are NaN or infinite"),
        (GOOD | {"id": [1, *range(1, N)]}, "predicted other cases"),
        (GOOD | {"y_true": TRUTH.astype(str)}, "true values of another kind"),
        (None, "is no table"),
    ],
)
def test_predictions_that_are_none(world: World, columns: dict[str, Any] | None, says: str):
    """Bytes in a run may be anybody's."""
    bad = made_by_hand(world, columns)
    verdict = against(world, run_with(world, scores(0.3), ids=range(N)), bad)

    assert verdict.outcome is Outcome.FAILED
    assert says in verdict.says


def test_ids_that_both_have_twice(world: World):
    twice = GOOD | {"id": [0, *range(N - 1)]}
    runs = made_by_hand(world, twice), made_by_hand(world, twice)
    assert "have ids that are not unique" in against(world, *runs).says
