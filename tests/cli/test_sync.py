"""`gitrack sync` and `gitrack status`: said to people and to programs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import gitrack
from gitrack.cli.main import cli
from gitrack.store import open_store


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


def test_status_says_what_runs_what_waits_and_where_the_branch_stands(project, dead, monkeypatch):
    monkeypatch.setattr("gitrack.cli.arrivals.something_waits", lambda: False)
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

    lines = command("status").stdout.splitlines()
    assert "  1 ahead of and 0 behind origin/gitrack" in lines
    assert "  not pushed yet: 1 run; 'gitrack push' sends them" in lines


def test_status_counts_heavy_files_that_were_not_sent(project, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(project, "remote", "add", "origin", str(tmp_path / "remote.git"))
    with gitrack.start_run("e") as run:
        run.log_bytes(b"\0" * 200_000, "heavy.bin")
    assert json.loads(command("status", "--json").stdout)["branch"]["unpushed"] == {
        "runs": 1,
        "heavy": None,
    }
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{tmp_path}/objects'}}\n")
    assert "not pushed yet: 1 run and 1 heavy file" in command("status").stdout
    assert command("push").exit_code == 0
    assert "not pushed" not in command("status").stdout
    with gitrack.start_run("e") as run:
        run.log_bytes(b"\1" * 200_000, "heavy.bin")
    # where the remote is a folder, the end of the run has brought it there
    assert "not pushed yet: 1 run;" in command("status").stdout


def test_status_of_a_fresh_clone_knows_where_its_branch_is(project, git, tmp_path, monkeypatch):
    with gitrack.start_run("e"):
        pass
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(project), str(clone))
    monkeypatch.chdir(clone)

    assert "  0 ahead of and 0 behind origin/gitrack" in command("status").stdout


@pytest.mark.parametrize(
    "arguments", [["ls"], ["show", "@last"], ["status"], ["site", "build"]], ids=" ".join
)
def test_the_next_command_brings_in_what_a_dead_process_left(project, dead, arguments):
    result = command(*arguments)

    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == f"brought in 1 run that waited: {dead} (killed)"
    assert "brought in" not in command(*arguments).stderr
    assert [run.id for _, run in open_store(project).all()] == [dead]


def test_a_command_that_cannot_bring_it_in_says_why_and_goes_on(project, dead, monkeypatch, caplog):
    monkeypatch.setenv("GITRACK_AUTHOR", "nobody at all")

    result = command("ls")

    assert result.exit_code == 0
    assert dead in caplog.text
    assert (project / ".tracking/outbox" / dead).is_dir()


def test_a_command_that_finds_nothing_waiting_imports_nothing_for_it(project):
    with gitrack.start_run("e"):
        pass
    code = (
        "import sys\nfrom gitrack.cli.main import cli\n"
        "cli.main(['ls'], standalone_mode=False)\n"
        "print([name for name in sys.modules if name.startswith('gitrack.tracking.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "['gitrack.tracking.worktrees']"


def test_every_working_tree_of_the_repository_is_looked_after(project, git, tmp_path, dead):
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "-q", "--detach", str(linked))

    waiting = json.loads(command("-C", str(linked), "status", "--json").stdout)["runs"]
    assert waiting == []
    assert [run.id for _, run in open_store(project).all()] == [dead]


def test_sync_in_one_working_tree_finds_the_runs_of_another(project, git, tmp_path, monkeypatch):
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "-q", "--detach", str(linked))
    code = (
        "import gitrack, os\nprint(gitrack.start_run('e').id, flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=linked, capture_output=True, text=True, check=False
    )
    run_id = done.stdout.strip()

    result = command("sync")

    assert result.stdout.split()[:2] == [run_id, "killed"]
    assert not (linked / ".tracking/outbox" / run_id).exists()


def test_a_bare_repository_does_not_take_runs_of_others(tmp_path, git, monkeypatch):
    lone = tmp_path / "lone"
    lone.mkdir()
    monkeypatch.chdir(lone)
    with gitrack.start_run("elsewhere"):
        pass
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")

    assert command("sync").stdout == ""
    with gitrack.start_run("of-the-bare-one", run_id=None) as run:
        assert run.folder is not None
    assert [run.id for _, run in open_store(tmp_path / "bare.git").all()] == [run.id]
