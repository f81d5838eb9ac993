"""An automated promotion: gates of a policy judge a version, and say why where they refuse it.

`policy.yaml` beside this file is to be `.tracking/policy.yaml` of the project, and committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.dummy import DummyClassifier

import gitrack
from gitrack.errors import PromotionRefused

NAME = "delivery-delay-classifier"

#: What training runs have found: one that is too weak, one that is good, one that is worse again.
RESULTS: dict[str, dict[str, float]] = {
    "baseline": {"test_auc_roc": 0.861, "test_f1": 0.79, "calibration_ece": 0.03},
    "weather": {"test_auc_roc": 0.892, "test_f1": 0.814, "calibration_ece": 0.031},
    "smaller": {"test_auc_roc": 0.884, "test_f1": 0.806, "calibration_ece": 0.028},
}


def main() -> None:
    for name, results in RESULTS.items():
        latency = {} if name == "baseline" else {"inference_latency_p99_ms": 38.0}
        version = gitrack.register_model(f"runs:/{train(name, results | latency)}/model", NAME)
        passed, gates = evaluate_model_for_promotion(version.version)
        print(f"v{version.version} ({name}): {sum(g['passed'] for g in gates.values())} of "
              f"{len(gates)} gates passed")  # fmt: skip
        if passed:
            gitrack.promote(
                NAME, version.version, to="production", why=f"{name} passes every gate", direct=True
            )
        else:
            must_be_refused(version.version)
    print(f"in production: v{gitrack.model_version(NAME, 'production').version}")


def evaluate_model_for_promotion(version: int) -> tuple[bool, dict[str, Mapping[str, Any]]]:
    """Run automated quality gate checks: whether all passed, and what each said.

    A metric that was never logged fails its gate: there is no default to hide it.
    """
    gate_results = {}
    for verdict in gitrack.judge(NAME, version, "production"):
        passed = verdict.outcome == "passed"
        gate_results[verdict.gate] = {
            "value": verdict.value,
            "threshold": verdict.required,
            "margin": verdict.margin,
            "passed": passed,
        }
        if not passed:
            print(f"GATE FAILED: {verdict.gate}: {verdict.says}")
    return all(gate["passed"] for gate in gate_results.values()), gate_results


def must_be_refused(version: int) -> None:
    """Nobody has to remember to look: promoting judges the same gates, and writes nothing."""
    try:
        gitrack.promote(NAME, version, to="production", why="let us try", direct=True)
    except PromotionRefused as error:
        print(f"refused: {error.message}")
    else:
        raise AssertionError("a failed gate let it pass")


def train(name: str, results: Mapping[str, float]) -> str:
    """A run with these results; its id."""
    with gitrack.start_run("xgboost-weather-features-20241022", name=name) as run:
        run.log_metrics(dict(results))
        run.log_model(DummyClassifier().fit([[0], [1]], [0, 1]), "model")
    return run.id


if __name__ == "__main__":
    main()
