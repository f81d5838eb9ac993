"""Shells complete commands, runs and experiments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitrack.cli.main import cli
from tests.cli.some_runs import EXPERIMENT, with_runs


@pytest.mark.parametrize(
    ("shell", "mark"), [("bash", "complete "), ("zsh", "compdef"), ("fish", "complete ")]
)
def test_the_script_of_a_shell(shell, mark):
    result = CliRunner().invoke(cli, ["completion", shell])

    assert result.exit_code == 0
    assert mark in result.stdout
    assert "_GITRACK_COMPLETE" in result.stdout


def test_an_unknown_shell_is_wrong_usage():
    assert CliRunner().invoke(cli, ["completion", "cmd"]).exit_code == 2


def completed(folder: Path, line: str) -> list[str]:
    """What bash would offer for a line, as click's own protocol asks for it."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_GITRACK_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return [offer.partition(",")[2] for offer in done.stdout.splitlines() if offer]


def test_commands_runs_and_experiments_are_offered(repo):
    with_runs(repo)

    assert completed(repo, "gitrack sh") == ["show"]
    assert completed(repo, "gitrack show lr00") == ["lr003", "lr002", "lr001"]
    assert completed(repo, "gitrack show ")[0] == "@last"
    assert completed(repo, "gitrack ls -e xgb") == [EXPERIMENT]


def test_commands_of_the_registry_are_offered_what_they_take(repo):
    with_runs(repo)

    assert completed(repo, "gitrack audit ") == ["export", "report"]
    assert completed(repo, "gitrack promote churn 1 --to pro") == ["production"]
    assert completed(repo, "gitrack rollback churn --stage st") == ["staging"]


def test_outside_of_a_repository_there_is_nothing_to_offer(tmp_path):
    assert completed(tmp_path, "gitrack show a") == []
