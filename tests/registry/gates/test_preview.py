"""`gitrack.judge`: a look before anybody promotes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import NotFound
from gitrack.model.promotion import Outcome
from tests.registry.gates.conftest import World

POLICY = """
models:
  churn:
    stages:
      production:
        gates:
        - {metric: test_auc_roc, at_least: 0.88}
        - {approvals: 1, not_by: [promoter]}
        rollback: {gates: [{code: clean}]}
"""


@pytest.fixture
def committed(world: World, repo: Path, git) -> World:
    """A policy on the code's branch, and an easier one in the worktree."""
    path = repo / ".tracking" / "policy.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(POLICY)
    git(repo, "add", ".tracking/policy.yaml")
    git(repo, "commit", "-q", "-m", "a policy")
    path.write_text("models: {churn: {stages: {production: {}}}}\n")
    world.version(1, metrics={"test_auc_roc": 0.5})
    return world


def test_the_policy_of_the_default_branch_judges_and_nothing_is_written(committed: World):
    before = committed.opened.branch.tip()

    verdicts = gitrack.judge("churn", 1, "production")

    assert [(v.gate, v.outcome) for v in verdicts] == [
        ("test_auc_roc >= 0.88", Outcome.FAILED),
        ("1 approval, not by promoter", Outcome.WAITING),
    ]
    assert committed.opened.branch.tip() == before


def test_who_is_at_work_is_who_would_promote(committed: World):
    version = committed.opened.reader().version("churn", 1)
    committed.proof(version, "approval", by="Ada Example <ada@example.com>")

    verdict = gitrack.judge("churn", "latest", "Production")[1]

    assert "Ada Example <ada@example.com> does not count: promotes" in verdict.says


def test_gates_of_a_rollback(committed: World):
    assert [v.gate for v in gitrack.judge("churn", 1, "production", back=True)] == ["code clean"]


def test_what_is_not_there_is_said(committed: World):
    with pytest.raises(NotFound, match="has no stage 'produktion'; did you mean 'production'"):
        gitrack.judge("churn", 1, "produktion")
    with pytest.raises(NotFound, match="has no version 7"):
        gitrack.judge("churn", 7, "production")
    with pytest.raises(NotFound, match="no registered model 'chrun'"):
        gitrack.judge("chrun", 1, "production")


def test_plain_gates_load_nothing_heavy(committed: World):
    code = (
        "import gitrack, sys; gitrack.judge('churn', 1, 'production');"
        "print(*sorted({'numpy', 'pandas', 'sklearn', 'scipy', 'pyarrow', 'dvc', 'git'}"
        " & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
