"""Every verdict says a value, the rule it was held against, and where it came from."""

from __future__ import annotations

import pytest

from gitrack.model.promotion import Outcome
from gitrack.model.run import Artifact, Code
from tests.registry.gates.conftest import World

GATES = [
    "{metric: test_auc_roc, at_least: 0.88, baseline: 0.85}",
    "{evidence: unit-tests}",
    "{evidence: shadow-mode, for_days: 7}",
    "{evidence: risk-review, max_age_days: 3}",
    "{tags: [team]}",
    "{tag: team, is: [growth]}",
    "{code: clean}",
    "{reproducible: tolerance}",
    "{artifact: in-remote}",
    "{command: 'true', name: slices}",
]


def test_a_verdict_says_value_rule_and_source(world: World):
    small = Artifact(path="model", kind="model", store="git", size=2)
    version = world.version(
        started="2024-09-30T00:00:00Z",
        artifact="model",
        artifacts=[small],
        tags={"team": "growth"},
    )
    world.proof(version, "unit-tests")
    world.proof(version, "risk-review")
    world.proof(version, "reproduce", level="bitwise")
    world.proof(version, "shadow-mode", begin="2024-10-01T00:00:00Z", end="2024-10-09T00:00:00Z")

    world.gates(*GATES)
    verdicts = world.judge(version)

    assert len(verdicts) == len(GATES)
    for verdict in verdicts:
        assert verdict.value is not None, verdict
        assert verdict.required is not None, verdict
        assert verdict.source, verdict


def test_so_does_one_against_nobody(world: World):
    verdict = world.one(world.version(), "{no_regression: test_auc_roc, against: production}")

    assert (verdict.outcome, verdict.value) == (Outcome.PASSED, 0.9)


@pytest.mark.parametrize("dirty", [True, None])
def test_code_that_was_not_clean_is_held_against_the_rule(world: World, dirty: bool | None):
    verdict = world.one(world.version(code=Code(commit="a" * 40, dirty=dirty)), "{code: clean}")

    assert verdict.outcome is Outcome.FAILED
    assert (verdict.value, verdict.required) == ("changed" if dirty else None, "clean")
