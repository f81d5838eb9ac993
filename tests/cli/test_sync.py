"""`gitrack sync` and `gitrack status`: said to people and to programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gitrack
from gitrack.cli.main import cli


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repo)
    return repo


@pytest.fixture
def dead(project: Path) -> str:
    """The id of a run whose process was killed."""
    code = (
        "import gitrack, os\nrun = gitrack.start_run('exp-a', name='n1')\n"
        "run.log_metrics({'loss': 0.25}, step=7)\nprint(run.id, flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout.strip()


def test_sync_says_what_it_brought(project, dead):
    result = command("sync")

    assert result.exit_code == 0
    assert result.stdout.split() == [dead, "killed", "exp-a", "n1"]
    assert "committed 1 run" in result.stderr
    assert "nothing waits" in command("sync").stderr


def test_sync_tells_programs(project, dead):
    said = json.loads(command("sync", "--json").stdout)

    assert said["committed"] == [
        {"id": dead, "name": "n1", "experiment": "exp-a", "status": "killed"}
    ]
    assert (said["running"], said["left"]) == ([], [])


def test_sync_fails_when_something_is_left_and_says_where(project, dead):
    journal = project / ".tracking/outbox" / dead / "owner-1.journal"
    journal.write_bytes(b"something else entirely")

    result = command("sync")

    assert result.exit_code == 1
    assert dead in result.stderr
    assert "hint:" in result.stderr
    assert journal.exists()


def test_sync_outside_a_repository_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "sync"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is not inside a git repository" in done.stderr


def test_sync_into_a_repository(repo, tmp_path, monkeypatch):
    lone = tmp_path / "lone"
    lone.mkdir()
    monkeypatch.chdir(lone)
    with gitrack.start_run("e") as run:
        pass

    assert "bring" in command("status").stdout
    result = command("sync", "--into", str(repo))

    assert result.stdout.split()[:2] == [run.id, "finished"]


def test_status_of_an_empty_project(project):
    assert command("status").stdout == "branch gitrack: no run yet\n"


def test_status_says_what_runs_what_waits_and_where_the_branch_stands(project, dead):
    with gitrack.start_run("exp-b"):
        pass
    with gitrack.start_run("exp-c", name="live") as run:
        run.log_metric("auc", 0.75, step=2)
        result = command("status")
        said = json.loads(command("status", "--json").stdout)

    lines = result.stdout.splitlines()
    assert lines[0] == "running:"
    assert lines[1].split()[:6] == [run.id, "exp-c", "live", "step", "2", "auc=0.75"]
    assert lines[2] == "interrupted, not on the branch yet:"
    assert dead in lines[3]
    assert lines[4].startswith("branch gitrack: 1 run, at ")
    assert lines[5] == "  not on any remote yet"
    assert "gitrack sync" in result.stderr
    assert {entry["id"]: entry["state"] for entry in said["runs"]} == {
        run.id: "running",
        dead: "dead",
    }
    assert said["branch"]["runs"] == 1
    assert len(said["branch"]["tip"]) == 40


def test_status_counts_what_a_remote_lacks(project, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    with gitrack.start_run("e"):
        pass
    git(project, "push", "-q", "origin", "gitrack")
    with gitrack.start_run("e"):
        pass

    assert "  1 ahead of and 0 behind origin/gitrack" in command("status").stdout


def test_status_changes_nothing(project, dead):
    folder = project / ".tracking/outbox" / dead
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    command("status")

    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert os.listdir(folder.parent)  # noqa: PTH208
