"""Where a value is from, as tables show it."""

from __future__ import annotations

import pytest

from gitrack.model.promotion import Outcome, Verdict

RUN = "runs/churn-trees/2026-11/23/20261123-072745-2zwhch"
OTHER = "runs/churn-trees/2026-11/22/20261122-072745-e39zv5"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (None, ""),
        (f"{RUN}/run.yaml: metrics.auc", "run.yaml: metrics.auc"),
        ("registry/churn/evidence/2/tests.yaml", "evidence/2/tests.yaml"),
        (f"{RUN}/a.csv, {RUN}/b.csv", "a.csv, b.csv"),
        (f"{RUN}/a.csv, {OTHER}/a.csv", f"{RUN}/a.csv, {OTHER}/a.csv"),
        ("main:.tracking/policy.yaml: code", "main:.tracking/policy.yaml: code"),
    ],
)
def test_the_folder_that_all_lies_in_is_left_away(source: str | None, shown: str) -> None:
    verdict = Verdict(gate="g", kind="metric", outcome=Outcome.PASSED, says="x", source=source)
    assert verdict.nearby == shown
