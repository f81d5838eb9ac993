"""A promotion script as teams write it, and the same gates in a policy: the same answers.

The script gives missing metrics a default (0, 1 or 999) that fails its gate, and asks whether the
AUC is more than half a point below that of production. It differs from the gates on purpose in
two corners, each of which has a test of its own below: it takes a missing AUC of production for
0, so that everything passes; and infinities pass its bounds.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitrack.config.policy import Policy, read_policy
from gitrack.model.promotion import Outcome, Verdict
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Run
from gitrack.registry.gates.case import Case, Standing
from gitrack.registry.gates.judge import failed, judge
from gitrack.registry.ruling import Ruling
from tests.registry.gates.conftest import NOW, World

MODEL = "delivery-delay-classifier"
POLICY = f"""
models:
  {MODEL}:
    stages:
      staging:
        gates:
        - {{metric: test_auc_roc, at_least: 0.88, baseline: 0.85}}
        - {{metric: test_f1, at_least: 0.80}}
        - {{metric: calibration_ece, at_most: 0.05}}
        - {{metric: inference_latency_p99_ms, at_most: 50}}
      production:
        gates:
        - {{stage: staging}}
        - {{no_regression: test_auc_roc, tolerance: 0.005, against: production}}
"""
RULES: Policy = read_policy(POLICY.encode(), "policy.yaml")
GATES = {
    "test_auc_roc >= 0.88": "test_auc_roc",
    "test_f1 >= 0.8": "test_f1",
    "calibration_ece <= 0.05": "calibration_ece",
    "inference_latency_p99_ms <= 50": "inference_latency_p99_ms",
}


def script(
    metrics: dict[str, float], production_models: list[dict[str, float]]
) -> tuple[bool, dict[str, dict[str, Any]], bool]:
    """(may it go, what each gate found, did it regress)."""
    gates = {
        "test_auc_roc": (metrics.get("test_auc_roc", 0), 0.88, ">="),
        "test_f1": (metrics.get("test_f1", 0), 0.80, ">="),
        "calibration_ece": (metrics.get("calibration_ece", 1), 0.05, "<="),
        "inference_latency_p99_ms": (metrics.get("inference_latency_p99_ms", 999), 50, "<="),
    }
    all_passed = True
    gate_results = {}
    for gate_name, (value, threshold, operator) in gates.items():
        if operator == ">=":
            passed = value >= threshold
        elif operator == "<=":
            passed = value <= threshold
        gate_results[gate_name] = {"value": value, "threshold": threshold, "passed": passed}
        if not passed:
            all_passed = False
    regressed = False
    if production_models:
        prod_auc = production_models[0].get("test_auc_roc", 0)
        new_auc = metrics.get("test_auc_roc", 0)
        if new_auc < prod_auc - 0.005:  # Must not regress by more than 0.5pp
            regressed = True
            all_passed = False
    return all_passed, gate_results, regressed


class _Told(Case):
    """A case of metrics alone: no branch is read, so that a thousand of them take no time."""

    def __init__(self, metrics: dict[str, float], production: dict[str, float] | None) -> None:
        super().__init__(
            SimpleNamespace(),  # type: ignore[arg-type] # nothing is asked of it
            MODEL,
            ModelVersion(version=2, run="new"),
            "production",
            when=NOW,
            ruling=Ruling(policy=RULES),
            promoter="Petra <petra@example.com>",
        )
        self.standing = _standing(2, metrics)
        self._production = production

    def standing_in(self, stage: str) -> list[int]:
        return [] if self._production is None else [1]

    def occupant(self, stage: str) -> Standing | None:
        return None if self._production is None else _standing(1, self._production)


def _standing(number: int, metrics: dict[str, float]) -> Standing:
    run = Run(id=f"run{number}", name="r", experiment="e", started="x", metrics=metrics)
    return Standing(version=ModelVersion(version=number, run=run.id), run=run, path="run.yaml")


def by_gates(metrics: dict[str, float], production: dict[str, float] | None) -> list[Verdict]:
    return judge(_Told(metrics, production))


def _near(limit: float, reach: float) -> st.SearchStrategy[float]:
    """Values around a bound, on it, and one step of a float beside it."""
    beside = [limit, math.nextafter(limit, -1), math.nextafter(limit, 1e9)]
    near = st.floats(limit - reach, limit + reach)
    return st.one_of(near, st.sampled_from(beside), near.map(lambda v: round(v, 3)))


FAIR = {
    "test_auc_roc": st.one_of(_near(0.88, 0.12), _near(0.9, 0.006)),
    "test_f1": _near(0.8, 0.2),
    "calibration_ece": _near(0.05, 0.05),
    "inference_latency_p99_ms": st.one_of(_near(50, 30), st.integers(1, 1200)),
}
ANY = st.one_of(st.floats(allow_infinity=False, allow_nan=False), st.just(math.nan))
METRICS = st.one_of(
    st.fixed_dictionaries(FAIR),
    st.fixed_dictionaries({}, optional={**FAIR, "other": ANY}),
    st.fixed_dictionaries({}, optional=dict.fromkeys(FAIR, ANY)),
)
PRODUCTION = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"test_auc_roc": st.one_of(FAIR["test_auc_roc"], st.floats(-1, 2))},
        optional={"test_f1": ANY},
    ),
)


@st.composite
def _at_the_border(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, float]]:
    """A production that is better by what is allowed, or by a breath more or less."""
    metrics = draw(st.fixed_dictionaries(FAIR))
    worst = metrics["test_auc_roc"] + 0.005
    beside = [worst, math.nextafter(worst, -1), math.nextafter(worst, 2)]
    near = st.sampled_from([-1e-7, 1e-7, -1e-12, 1e-12]).map(lambda gap: worst + gap)
    return metrics, {"test_auc_roc": draw(st.one_of(st.sampled_from(beside), near))}


@settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.tuples(METRICS, PRODUCTION), _at_the_border()))
@example(({"test_auc_roc": 0.885}, {"test_auc_roc": 0.89}))
@example(({"test_auc_roc": 0.895, "test_f1": 0.8}, {"test_auc_roc": 0.9}))
@example(({}, {"test_auc_roc": 0.0}))
@example(({}, {"test_auc_roc": 0.005}))
@example(({}, {"test_auc_roc": 0.9}))
@example(({"test_auc_roc": math.nan}, {"test_auc_roc": 0.9}))
def test_the_gates_say_what_the_script_says(case: tuple[dict[str, float], Any]):
    metrics, production = case
    may, results, regressed = script(metrics, [production] if production else [])

    verdicts = by_gates(metrics, production)

    told = {verdict.gate: verdict for verdict in verdicts}
    for gate, metric in GATES.items():
        assert (told[gate].outcome is Outcome.PASSED) == results[metric]["passed"]
        assert told[gate].required == results[metric]["threshold"]
        if metric in metrics and math.isfinite(metrics[metric]):
            assert told[gate].value == results[metric]["value"]
    (regression,) = [verdict for verdict in verdicts if verdict.kind == "no_regression"]
    if math.isfinite(metrics.get("test_auc_roc", math.nan)):
        assert (regression.outcome is Outcome.FAILED) == regressed
    assert (not failed(verdicts)) == may


GOOD = {
    "test_auc_roc": 0.9,
    "test_f1": 0.9,
    "calibration_ece": 0.01,
    "inference_latency_p99_ms": 9,
}


def test_where_production_lacks_the_metric_the_script_passes_everything_and_the_gate_nothing():
    """A default of 0 would let the weakest model in; what cannot be compared is said instead."""
    may, _, _ = script(GOOD, [{"test_f1": 0.9}])

    verdicts = by_gates(GOOD, {"test_f1": 0.9})

    assert may
    (one,) = failed(verdicts)
    assert one.kind == "no_regression"
    assert "version 1 in production cannot be compared with" in one.says


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_where_production_has_no_finite_value_the_script_may_pass_and_the_gate_does_not(value):
    assert script(GOOD, [{"test_auc_roc": math.nan}])[0]
    assert [v.kind for v in failed(by_gates(GOOD, {"test_auc_roc": value}))] == ["no_regression"]


def test_infinities_pass_the_script_and_no_gate():
    metrics = {**GOOD, "test_auc_roc": math.inf, "calibration_ece": -math.inf}

    assert script(metrics, [])[0]
    assert {v.gate for v in failed(by_gates(metrics, None))} == {
        "test_auc_roc >= 0.88",
        "calibration_ece <= 0.05",
        "test_auc_roc no worse than in production by more than 0.005",
    }


@pytest.mark.parametrize(
    ("metrics", "production"),
    [(GOOD, None), (GOOD, {"test_auc_roc": 0.905}), (GOOD, {"test_auc_roc": 0.906}), ({}, None)],
)
def test_on_a_branch_it_is_the_same(world: World, monkeypatch, metrics, production):
    monkeypatch.setattr("tests.registry.gates.conftest.MODEL", MODEL)
    world.policy(POLICY)
    if production is not None:
        world.version(1, metrics=production)
        world.stands("production", 1)

    verdicts = world.judge(world.version(2, metrics=metrics))

    told = [(v.gate, v.outcome, v.value, v.margin) for v in verdicts]
    plain = [(v.gate, v.outcome, v.value, v.margin) for v in by_gates(metrics, production)]
    assert told == plain
    assert (not failed(verdicts)) == script(metrics, [production] if production else [])[0]
