"""`gitrack check` as it is typed, and as a job runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.registry.check.pulls import Pulls


@pytest.fixture
def run(pulls: Pulls) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run(*arguments)` types `gitrack check`."""

    def typed(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gitrack.cli.main", "check", *arguments],
            cwd=pulls.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return typed


Run = Callable[..., subprocess.CompletedProcess[str]]


def test_it_passes(pulls: Pulls, run: Run) -> None:
    pulls.git("update-ref", "refs/heads/promote/churn-v2-staging", pulls.promotion(2, "staging"))
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "promote/churn-v2-staging onto gitrack, by the policy main:.tracking/policy.yaml",
        "promotion: churn v2 to staging, by Ada Example <ada@example.com>: better than before",
        "  + auc >= 0.88: auc is 0.9, at least 0.88 is asked for (baseline 0.85); margin +0.02",
        "passed",
    ]


def test_it_refuses(pulls: Pulls, run: Run) -> None:
    done = run("--head", pulls.promotion(1, "staging"))
    assert done.returncode == 1
    assert "refused: registry/churn/promotions/" in done.stdout
    assert "  what to do: " in done.stdout
    assert done.stdout.endswith("refused, for one reason\n")


def test_wrong_usage(pulls: Pulls, run: Run) -> None:
    assert run().returncode == 2
    done = run("--head", "nowhere")
    assert done.returncode == 1
    assert "is no commit of this clone" in done.stderr
    done = run("--head", pulls.base, "--comment")
    assert done.returncode == 2
    assert "a token" in done.stderr


def test_json(pulls: Pulls, run: Run) -> None:
    done = run("--head", pulls.forged(2, "staging", verdicts=[], why="##[error]x"), "--json")
    assert done.returncode == 1
    assert "##[" not in done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["passed"] is False
    assert found["promotions"][0]["promotion"]["why"] == "##[error]x"
    assert {each["rule"] for each in found["findings"]} == {"verdicts"}


def test_a_job_of_github(pulls: Pulls, run: Run, tmp_path: Path) -> None:
    head = pulls.forged(1, "staging", why="::error::x ##[stop-commands]y")
    event = tmp_path / "event.json"
    told = {"number": 7, "head": {"sha": head}, "base": {"ref": "gitrack"}}
    event.write_text(json.dumps({"pull_request": told}))
    summary = tmp_path / "summary.md"
    done = run(
        GITHUB_ACTIONS="true", GITHUB_EVENT_PATH=str(event), GITHUB_STEP_SUMMARY=str(summary)
    )
    assert done.returncode == 1
    assert "##[" not in done.stdout
    assert not any(line.startswith("::") for line in done.stdout.splitlines())
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert line.startswith("::error file=registry/churn/promotions/")
    assert summary.read_text().startswith("## gitrack check: refused, for one reason\n")


def test_outside_of_a_job_nothing_is_annotated(pulls: Pulls, run: Run, tmp_path: Path) -> None:
    summary = tmp_path / "report.md"
    done = run("--head", pulls.promotion(1, "staging"), "--summary", str(summary))
    assert "::error" not in done.stdout + done.stderr
    assert "### What was found" in summary.read_text()
    done = run("--head", pulls.base, "--summary", str(tmp_path / "no" / "where.md"))
    assert done.returncode == 2


def test_the_pull_request_must_not_be_checked_out(pulls: Pulls, run: Run) -> None:
    head = pulls.promotion(2, "staging")
    pulls.git("checkout", "-q", "--detach", head)
    done = run("--head", head)
    assert done.returncode == 2
    assert "its own settings would judge it" in done.stderr


def test_nothing_here_is_touched(pulls: Pulls, run: Run) -> None:
    before = (pulls.git("for-each-ref"), pulls.git("status", "--porcelain"))
    run("--head", pulls.promotion(2, "staging"))
    assert (pulls.git("for-each-ref"), pulls.git("status", "--porcelain")) == before
