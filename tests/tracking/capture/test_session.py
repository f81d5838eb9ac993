"""The capture of a run: quick to begin and to finish, never raising, readable after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.config.settings import Capture as Settings
from gitrack.model.run import Code
from gitrack.store.git.repository import Repository
from gitrack.tracking.capture import Capture, Captured, facts, load_captured, worker
from gitrack.tracking.capture import code as code_room

Git = Callable[..., str]


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    folder = tmp_path / "outbox"
    folder.mkdir()
    return folder


def captured(repo: Path | None, outbox: Path, **settings: object) -> Captured:
    repository = Repository.discover(repo) if repo else None
    capture = Capture.begin(repo or outbox, repository, Settings(**settings), outbox=outbox)
    print("epoch 1")
    return capture.finish(timeout=20)


def test_everything_is_there(
    repo: Path, outbox: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    (repo / "train.py").write_text("changed\n")

    got = captured(repo, outbox, environment_variables=("SLURM_JOB_ID",))

    assert got.code is not None
    assert got.code.commit == git(repo, "rev-parse", "HEAD")
    assert (got.code.dirty, got.code.patch) == (True, "code.patch")
    assert got.environment is not None
    assert got.environment.variables == {"SLURM_JOB_ID": "17"}
    assert got.environment.python == ".".join(map(str, sys.version_info[:3]))
    assert (got.environment.packages or "").startswith("sha256:")
    assert set(got.files) == {"code.patch", "environment.txt", "output.txt"}
    assert got.files["output.txt"] == b"epoch 1\n"
    assert got.command.startswith(Path(sys.orig_argv[0]).name)
    assert got.warnings == ["the code has uncommitted changes; code.patch keeps them"]


def test_what_is_switched_off_is_not_captured(repo: Path, outbox: Path) -> None:
    (repo / "train.py").write_text("changed\n")

    got = captured(repo, outbox, packages=False, patch=False, output="off", system_metrics=None)

    assert got.files == {}
    assert got.code is not None
    assert (got.code.dirty, got.code.patch) == (True, None)
    assert got.environment is not None
    assert got.environment.packages is None


def test_without_a_repository_the_rest_is_there(outbox: Path) -> None:
    got = captured(None, outbox)

    assert got.code is None
    assert got.environment is not None
    assert set(got.files) == {"environment.txt", "output.txt"}


def test_the_second_run_asks_git_nothing(
    repo: Path, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = captured(repo, outbox)
    monkeypatch.setattr(Repository, "git_bytes", lambda *_, **__: pytest.fail("git was asked"))

    second = captured(repo, outbox)

    assert (second.code, second.environment) == (first.code, first.environment)


def test_another_commit_or_index_is_noticed_and_packages_are_not_listed_again(
    repo: Path, outbox: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = captured(repo, outbox)
    (repo / "new.py").write_text("new\n")
    git(repo, "add", "new.py")
    monkeypatch.setattr(
        "gitrack.tracking.capture.packages.environment_txt", lambda: pytest.fail("listed again")
    )

    staged = captured(repo, outbox)
    git(repo, "commit", "-qm", "new")
    committed = captured(repo, outbox)
    git(repo, "checkout", "-q", "-b", "other")
    switched = captured(repo, outbox)

    codes = [got.code or Code() for got in (first, staged, committed, switched)]
    assert [code.dirty for code in codes] == [False, True, False, False]
    assert codes[2].commit == git(repo, "rev-parse", "HEAD")
    assert [code.branch for code in codes] == ["main", "main", "main", "other"]
    assert committed.environment == first.environment


def test_in_a_notebook_edits_are_noticed(
    repo: Path, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "interactive", lambda: True)
    captured(repo, outbox)
    (repo / "train.py").write_text("edited meanwhile\n")

    got = captured(repo, outbox)

    assert b"edited meanwhile" in got.files["code.patch"]


def test_a_slow_git_does_not_hold_the_run_up(
    repo: Path, outbox: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(code_room, "code_state", lambda *_, **__: go_on.wait(20) and None)
    capture = Capture.begin(repo, Repository.discover(repo), Settings(), outbox=outbox)
    # the commit is known long before the difference
    until = time.monotonic() + 15
    while capture.known.code is None and time.monotonic() < until:
        time.sleep(0.01)

    got = capture.finish(timeout=0.05)
    go_on.set()

    assert got.code is not None
    assert got.code.commit == git(repo, "rev-parse", "HEAD")
    assert got.code.dirty is None
    assert "before its code and environment were captured" in got.warnings[-1]


@pytest.mark.parametrize("broken", ["code_head", "code_state"])
def test_trouble_is_a_warning(
    repo: Path, outbox: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(code_room, broken, fail)

    got = captured(repo, outbox)

    assert got.environment is not None
    assert any("the disk is on fire" in warning for warning in got.warnings)


def test_a_vanished_outbox_is_not_made_again(repo: Path, outbox: Path) -> None:
    capture = Capture.begin(repo, Repository.discover(repo), Settings(), outbox=outbox)
    outbox.rmdir()
    time.sleep(0.4)
    got = capture.finish(timeout=20)

    assert got.code is not None
    assert not outbox.exists()


def test_finishing_twice_gives_the_same(repo: Path, outbox: Path) -> None:
    capture = Capture.begin(repo, Repository.discover(repo), Settings(), outbox=outbox)

    assert capture.finish(timeout=20) == capture.finish(timeout=20)


_TRAINING = """
import sys, time
from pathlib import Path
from gitrack.config.settings import Capture as Settings
from gitrack.store.git.repository import Repository
from gitrack.tracking.capture import Capture
capture = Capture.begin(
    Path(), Repository.discover(), Settings(system_metrics=0.1), outbox=Path(sys.argv[1])
)
print("epoch 1", flush=True)
time.sleep(60)
"""


def test_what_a_killed_run_captured_is_read_from_its_outbox(
    repo: Path, outbox: Path, git: Git
) -> None:
    (repo / "train.py").write_text("changed\n")
    process = subprocess.Popen(
        [sys.executable, "-c", _TRAINING, str(outbox)], cwd=repo, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 30
    wanted = ["capture.json", "code.patch", "environment.txt", "output.txt", "system.tsv"]
    while not all((outbox / name).exists() for name in wanted) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    got = load_captured(outbox)

    assert got.code is not None
    assert got.code.commit == git(repo, "rev-parse", "HEAD")
    assert got.files["output.txt"] == b"epoch 1\n"
    assert set(got.files) == set(wanted[1:])
    assert not list(outbox.glob(".*.part"))


def test_an_outbox_without_or_with_torn_records_gives_what_there_is(outbox: Path) -> None:
    empty = load_captured(outbox)
    (outbox / "capture.json").write_text('{"code": {"comm')
    (outbox / "output.txt").write_text("epoch 1\n")
    torn = load_captured(outbox)
    (outbox / "capture.json").write_text(json.dumps({"code": {"commit": 7}}))

    assert empty.code is None
    assert "before its code" in empty.warnings[0]
    assert torn.files == {"output.txt": b"epoch 1\n"}
    assert "cannot be read" in torn.warnings[0]
    assert "cannot be read" in load_captured(outbox).warnings[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are POSIX")
def test_a_forked_child_captures_on_its_own(repo: Path, outbox: Path) -> None:
    capture = Capture.begin(repo, Repository.discover(repo), Settings(), outbox=outbox)
    child = os.fork()
    if child == 0:
        # whatever happens here, the tests must not go on twice
        try:
            own = Capture.begin(repo, Repository.discover(repo), Settings(), outbox=outbox)
            got = own.finish(timeout=20)
            os._exit(0 if got.code is not None and not got.warnings else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert capture.finish(timeout=20).code is not None


def test_without_a_thread_to_be_had_a_run_still_runs(
    repo: Path, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker, "_worker", worker.Worker())
    monkeypatch.setattr(threading.Thread, "start", refuse)

    got = captured(repo, outbox)

    assert got.code is None
    assert got.warnings == ["nothing is captured: can't start new thread"]
