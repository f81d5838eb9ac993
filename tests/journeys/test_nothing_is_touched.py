"""Somebody is in the middle of things, and a tracked script runs: everything is as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.model.run import Run, Status
from gitrack.store import open_store

Git = Callable[..., str]

TRAIN = """
from pathlib import Path
import gitrack

here = Path(__file__).parent
with gitrack.start_run("journey", params={"lr": 0.1}, tags={"team": "ml"}) as run:
    for step in range(20):
        run.log_metrics({"loss": 1 / (step + 1)}, step=step)
    run.log_dataset(here / "data.csv", role="train")
    run.log_artifact(here / "heavy.bin")
    run.log_text("hello", "notes.txt")
    print(run.id)
"""

#: Every hook that a commit, a ref update, a push or a collection could call.
HOOKS = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "pre-push",
)

#: What gitrack may add: its own folders, its branch, the code's ref, objects, DVC's cache.
OURS = (".tracking/outbox", ".git/gitrack", ".git/objects")
OUR_REFS = ("refs/heads/gitrack", "refs/gitrack/")


@pytest.fixture
def busy(repo: Path, git: Git) -> Path:
    """Staged, unstaged, untracked and ignored files, two stashes, hooks that all fail."""
    experiments = repo / "experiments" / "deep"
    experiments.mkdir(parents=True)
    (experiments / "train.py").write_text(TRAIN)
    (experiments / "data.csv").write_text("a,b\n1,2\n")
    (repo / ".gitignore").write_text("*.log\n.tracking/outbox/\n.tracking/site/\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "a script")
    for number in (1, 2):
        (repo / "train.py").write_text(f"stashed {number}\n")
        git(repo, "stash", "push", "-q", "-m", f"idea {number}")
    (repo / "staged.py").write_text("staged\n")
    git(repo, "add", "staged.py")
    (repo / "staged.py").write_text("staged, then changed\n")
    (repo / "train.py").write_text("changed\n")
    (repo / "new\tname.txt").write_text("untracked\n")
    (repo / "out.log").write_text("ignored\n")
    (experiments / "heavy.bin").write_bytes(bytes(range(256)) * 1_000)
    return repo


def _put_failing_hooks(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in HOOKS:
        hook = folder / name
        hook.write_text(f"#!/bin/sh\necho {name} >> '{folder.parent}/hooks-that-ran'\nexit 1\n")
        hook.chmod(0o755)


def _run_script(repo: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "train.py"],
        cwd=repo / "experiments" / "deep",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _unexpected(said: str) -> list[str]:
    """A run of uncommitted code says so; it has nothing else to say."""
    return [line for line in said.splitlines() if "code.patch" not in line]


def _everything(repo: Path) -> dict[str, object]:
    """Every file and folder but ours: its bytes, its mode, when it was changed."""
    found: dict[str, object] = {}
    for path in sorted(repo.rglob("*")):
        name = path.relative_to(repo).as_posix()
        if name.startswith(OURS) or _is_ours_in_git(name):
            continue
        about = path.lstat()
        if path.is_dir():
            found[name] = about.st_mode
        else:
            found[name] = (about.st_mode, about.st_mtime_ns, about.st_ino, path.read_bytes())
    return found


def _is_ours_in_git(name: str) -> bool:
    return name.removeprefix(".git/").removeprefix("logs/").startswith((*OUR_REFS, "refs/gitrack"))


def _said_by_git(repo: Path, git: Git) -> list[str]:
    asked = [
        ["status", "--porcelain=v2", "--branch", "--show-stash", "--ignored=no"],
        ["stash", "list", "--format=%gd %H %gs"],
        ["reflog", "--all", "--format=%gd %H %gs"],
        ["diff", "--cached"],
        ["diff"],
        ["config", "--local", "--list"],
    ]
    # no refresh of the index by our own looking
    said = [git(repo, "--no-optional-locks", *arguments) for arguments in asked]
    return ["\n".join(line for line in text.splitlines() if "gitrack" not in line) for text in said]


def _prove(repo: Path, git: Git) -> Run:
    """Runs the script; everything is as it was, and the run is on the branch, whole."""
    files, said = _everything(repo), _said_by_git(repo, git)

    done = _run_script(repo)

    assert done.returncode == 0, done.stderr
    assert _unexpected(done.stderr) == []
    after = _everything(repo)
    assert after.keys() - files.keys() <= {".tracking"}
    assert {name: after.get(name) for name in files} == files
    assert _said_by_git(repo, git) == said
    refs = git(repo, "for-each-ref", "--format=%(refname)").splitlines()
    assert "refs/heads/gitrack" in refs
    assert not list((repo / ".git").rglob("*.lock"))
    git(repo, "fsck", "--strict")
    store = open_store(repo)
    (run,) = [run for _, run in store.all()]
    assert isinstance(run, Run)
    assert (run.id, run.status) == (done.stdout.strip(), Status.FINISHED)
    assert run.curves["loss.count"] == 20
    assert {artifact.path: artifact.store for artifact in run.artifacts} == {
        "heavy.bin": "dvc",
        "notes.txt": "git",
    }
    assert run.code is not None
    assert run.code.subfolder == "experiments/deep"
    return run


@pytest.mark.parametrize("configured", [False, True], ids=["in .git", "by core.hooksPath"])
def test_a_busy_checkout_with_hooks_that_fail(busy, git, configured):
    hooks = busy / "tools/hooks" if configured else busy / ".git/hooks"
    _put_failing_hooks(hooks)
    if configured:
        git(busy, "config", "core.hooksPath", "tools/hooks")

    run = _prove(busy, git)

    assert not (hooks.parent / "hooks-that-ran").exists()
    assert run.code.dirty
    assert run.code.commit == git(busy, "rev-parse", "HEAD")
    store = open_store(busy)
    patch = store.read(f"{store.find(run.id)}/{run.code.patch}").decode()
    assert "staged, then changed" in patch
    assert "+changed" in patch


@pytest.mark.parametrize("command", ["rebase", "merge", "cherry-pick", "revert"])
def test_in_the_middle_of_a_conflict(busy, git, command):
    git(busy, "reset", "-q", "--hard")
    git(busy, "checkout", "-q", "-b", "side")
    (busy / "train.py").write_text("side\n")
    git(busy, "commit", "-q", "-am", "side")
    git(busy, "checkout", "-q", "main")
    (busy / "train.py").write_text("main\n")
    git(busy, "commit", "-q", "-am", "main")
    other = "HEAD~1" if command == "revert" else "side"
    if command == "revert":
        (busy / "train.py").write_text("main again\n")
        git(busy, "commit", "-q", "-am", "main again")
    stopped = subprocess.run(
        ["git", "-C", str(busy), command, other], capture_output=True, check=False
    )
    assert stopped.returncode != 0
    (busy / "train.py").write_text("half resolved\n<<<<<<<\n")
    _put_failing_hooks(busy / ".git/hooks")

    _prove(busy, git)

    assert not (busy / ".git/hooks-that-ran").exists()
    _put_nothing(busy / ".git/hooks")
    git(busy, command, "--abort")
    assert git(busy, "symbolic-ref", "HEAD") == "refs/heads/main"


def _put_nothing(folder: Path) -> None:
    for name in HOOKS:
        (folder / name).unlink()


def test_a_linked_working_tree(busy, git, tmp_path):
    linked = tmp_path / "linked"
    git(busy, "worktree", "add", "-q", "-b", "other", str(linked))
    (linked / "experiments/deep/heavy.bin").write_bytes(bytes(256_000))
    (linked / "train.py").write_text("changed here\n")
    git(linked, "add", "train.py")
    (linked / "train.py").write_text("and changed again\n")
    before, said = _everything(busy), _said_by_git(busy, git)

    files, said_here = _everything(linked), _said_by_git(linked, git)
    done = _run_script(linked)

    assert (done.returncode, _unexpected(done.stderr)) == (0, [])
    assert {name: _everything(linked).get(name) for name in files} == files
    assert _said_by_git(linked, git) == said_here
    assert _everything(busy) == before
    assert _said_by_git(busy, git) == said


def test_push_and_pull(busy, git, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    git(busy, "remote", "add", "origin", str(tmp_path / "hub.git"))
    git(busy, "push", "-q", "origin", "main")
    git(tmp_path, "clone", "-q", "hub.git", "other")
    (busy / ".tracking").mkdir()
    (busy / ".tracking/config.yaml").write_text(f"artifacts: {{remote: {tmp_path}/objects}}\n")
    for place in (busy, tmp_path / "other"):
        experiments = place / "experiments/deep"
        (experiments / "heavy.bin").write_bytes(bytes(range(256)) * 1_000)
        assert _run_script(place).returncode == 0
        _put_failing_hooks(place / ".git/hooks")
    _gitrack(tmp_path / "other", "push")
    files, said = _everything(busy), _said_by_git(busy, git)

    _gitrack(busy, "push")  # unites with the other clone
    (tmp_path / "other/train.py").write_text("theirs\n")
    _gitrack(tmp_path / "other", "pull")
    _gitrack(busy, "pull")

    seen = ".git/refs/remotes/origin/gitrack", ".git/logs/refs/remotes/origin/gitrack"
    after = {name: what for name, what in _everything(busy).items() if name not in seen}
    assert after == files
    assert _said_by_git(busy, git) == said
    assert not (busy / ".git/hooks-that-ran").exists()
    assert len(list(open_store(busy).all())) == 2


def _gitrack(place: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", command],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
