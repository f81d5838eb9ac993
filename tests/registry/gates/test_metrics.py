"""Bounds of metrics and plain regressions."""

from __future__ import annotations

from typing import Any

import pytest

from gitrack.model.promotion import Outcome
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Run
from gitrack.registry.gates.case import Standing
from gitrack.registry.gates.metrics import logged
from tests.registry.gates.conftest import MODEL, World


@pytest.mark.parametrize(
    ("gate", "value", "outcome", "margin"),
    [
        ("{metric: m, at_least: 0.88}", 0.88, "passed", 0.0),
        ("{metric: m, at_least: 0.88}", 0.9, "passed", 0.02),
        ("{metric: m, at_least: 0.88}", 0.8799, "failed", -0.0001),
        ("{metric: m, at_most: 50}", 50, "passed", 0.0),
        ("{metric: m, at_most: 50}", 51, "failed", -1.0),
        ("{metric: m, at_least: 1, at_most: 2}", 1.75, "passed", 0.25),
        ("{metric: m, at_least: 1, at_most: 2}", 3, "failed", -1.0),
        ("{metric: m, at_least: 1, at_most: 2}", 0, "failed", -1.0),
        ("{metric: m, at_least: 0}", -0.0, "passed", 0.0),
    ],
)
def test_bounds(world: World, gate: str, value: float, outcome: str, margin: float):
    verdict = world.one(world.version(metrics={"m": value}), gate)

    assert (verdict.outcome, verdict.value, verdict.margin) == (outcome, value, margin)
    assert verdict.kind == "metric"


def test_a_verdict_says_value_rule_margin_and_source(world: World):
    version = world.version(metrics={"test_auc_roc": 0.892})

    verdict = world.one(version, "{metric: test_auc_roc, at_least: 0.88, baseline: 0.85}")

    assert verdict.gate == "test_auc_roc >= 0.88"
    assert (verdict.value, verdict.required, verdict.baseline) == (0.892, 0.88, 0.85)
    assert verdict.margin == 0.012
    assert verdict.says == ("test_auc_roc is 0.892, at least 0.88 is asked for (baseline 0.85)")
    path, _, key = (verdict.source or "").partition(": ")
    assert key == "metrics.test_auc_roc"
    assert b"test_auc_roc: 0.892" in world.opened.branch.read(path)


def test_a_missing_metric_fails_and_the_near_one_is_named(world: World):
    verdict = world.one(world.version(metrics={"test_f1_": 1}), "{metric: test_f1, at_most: 5}")

    assert verdict.outcome is Outcome.FAILED
    assert verdict.value is None
    assert "has no metric 'test_f1'; did you mean 'test_f1_'?" in verdict.says


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("bound", ["at_least: -1", "at_most: 1"])
def test_what_is_no_finite_number_fails(world: World, value: float, bound: str):
    verdict = world.one(world.version(metrics={"m": value}), f"{{metric: m, {bound}}}")

    assert verdict.outcome is Outcome.FAILED
    assert "which no bound can judge" in verdict.says


REGRESSION = "{no_regression: test_auc_roc, tolerance: 0.005, against: production}"


@pytest.mark.parametrize(
    ("new", "old", "outcome"),
    [(0.9, 0.9, "passed"), (0.896, 0.9, "passed"), (0.894, 0.9, "failed"), (1.0, 0.1, "passed")],
)
def test_regression_against_the_occupant(world: World, new: float, old: float, outcome: str):
    world.version(1, metrics={"test_auc_roc": old})
    world.stands("production", 1)

    verdict = world.one(world.version(2, metrics={"test_auc_roc": new}), REGRESSION)

    assert (verdict.outcome, verdict.value, verdict.baseline) == (outcome, new, old)
    assert verdict.required == old - 0.005
    assert "version 1 in production has" in verdict.says


def test_nobody_to_compare_with_passes_and_says_so(world: World):
    version = world.version(1)

    verdict = world.one(version, REGRESSION)
    world.stands("production", 1)
    (itself,) = world.judge(version)

    assert verdict.outcome is itself.outcome is Outcome.PASSED
    assert "no version stands in production" in verdict.says
    assert "in production stands this version itself" in itself.says


def test_of_several_occupants_the_newest_is_compared_with(world: World):
    for number, value in ((1, 0.99), (2, 0.5)):
        world.version(number, metrics={"test_auc_roc": value})
    world.stands("production", 1, 2)

    verdict = world.one(world.version(3), REGRESSION)

    assert verdict.outcome is Outcome.PASSED
    assert verdict.baseline == 0.5


def test_where_the_occupant_lacks_the_metric_nothing_is_assumed(world: World):
    world.version(1, metrics={"other": 1})
    world.stands("production", 1)

    verdict = world.one(world.version(2), REGRESSION)

    assert verdict.outcome is Outcome.FAILED
    assert "version 1 in production cannot be compared with" in verdict.says


def test_an_occupant_whose_run_is_gone_is_a_sentence(world: World):
    world.version(1, run="20241022-143012-7k3f9q")
    world.stands("production", 1)

    verdict = world.one(world.version(2), REGRESSION)

    assert verdict.outcome is Outcome.FAILED
    assert "run 20241022-143012-7k3f9q of version 1 is not on the branch" in verdict.says


def test_a_stage_that_cannot_be_read_is_not_an_empty_one(world: World):
    version = world.version()
    world.put({"registry/churn/stages/production.yaml": b"versions: [1\n"})

    verdict = world.one(version, REGRESSION)

    assert verdict.outcome is Outcome.FAILED
    assert "stages/production.yaml" in verdict.says


@pytest.mark.parametrize(
    ("gate", "new", "outcome"),
    [
        ("relative: 0.1", 91, "passed"),
        ("relative: 0.1", 89, "failed"),
        ("relative: 0.1, tolerance: 20", 81, "passed"),
        ("goal: minimize, relative: 0.1", 110, "passed"),
        ("goal: minimize, relative: 0.1", 111, "failed"),
    ],
)
def test_relative_tolerance_and_goal(world: World, gate: str, new: float, outcome: str):
    world.version(1, metrics={"x_score": 100})
    world.stands("production", 1)

    verdict = world.one(
        world.version(2, metrics={"x_score": new}),
        f"{{no_regression: x_score, against: production, {gate}}}",
    )

    assert verdict.outcome == outcome


def test_which_way_a_metric_goes_is_not_guessed_from_nothing(world: World):
    world.version(1, metrics={"wobble": 1})
    world.stands("production", 1)
    version = world.version(2, metrics={"wobble": 2})
    gate = "{no_regression: wobble, against: production}"

    unknown = world.one(version, gate)
    world.gates(gate, more="    primary_metric: {name: wobble, goal: minimize}\n")
    (known,) = world.judge(version)

    assert "whether more or less of wobble is better" in unknown.says
    assert unknown.outcome is known.outcome is Outcome.FAILED
    assert known.margin == -1.0


def test_gates_of_another_stage_are_asked_again_and_say_whose_they_are(world: World):
    world.policy(
        f"models:\n  {MODEL}:\n    stages:\n"
        "      staging: {gates: [{metric: m, at_least: 1}, {code: clean}]}\n"
        "      shadow: {gates: [{stage: staging}]}\n"
        "      free: {}\n"
        "      production:\n        gates:\n"
        "        - {stage: shadow}\n        - {stage: staging}\n        - {stage: free}\n"
        "        - {metric: m, at_least: 1}\n        - {metric: m, at_least: 1, baseline: 0}\n"
    )

    verdicts = world.judge(world.version(metrics={"m": 1}))

    assert [(v.gate, v.via) for v in verdicts] == [
        ("m >= 1", "staging"),
        ("code clean", "staging"),
        ("gates of free", "free"),
        ("m >= 1", None),
        ("m >= 1 (2)", None),
    ]
    assert {v.outcome for v in verdicts} == {Outcome.PASSED}


def test_a_gate_that_is_asked_for_twice_is_judged_once(world: World):
    world.gates("{metric: auc, at_least: 0.8}", "{metric: auc, at_least: 0.8}")
    version = world.version(metrics={"auc": 0.9})
    assert [verdict.gate for verdict in world.judge(version)] == ["auc >= 0.8"]


@pytest.mark.parametrize("value", [True, "0.9"])
def test_what_is_no_number_at_all_fails(value: object):
    """Records that were made in memory are not checked by a codec."""
    metrics: Any = {"auc": value}
    run = Run(id="r1", name="r", experiment="e", started="x", metrics=metrics)
    standing = Standing(version=ModelVersion(version=1, run="r1"), run=run, path="run.yaml")
    found = logged(standing, "auc")
    assert found.value is None
    assert found.why == f"auc of run r1 is {value!r}, which is no number"
