"""The commands that most people type, in every state that a repository may be in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Git = Callable[..., str]

TRAIN = """
import gitrack
with gitrack.start_run("places", name="one", params={"lr": 0.5}) as run:
    run.log_metric("acc", 0.9, step=1)
"""


DIRTY = "gitrack: the code has uncommitted changes; code.patch keeps them\n"


def gitrack(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    program = ["-m", "gitrack.cli.main", *arguments] if arguments else ["-c", TRAIN]
    return subprocess.run(
        [sys.executable, *program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def worktree(repo: Path, git: Git) -> Path:
    git(repo, "worktree", "add", "-q", "../beside", "-b", "feature")
    return repo.parent / "beside"


def without_commit(repo: Path, git: Git) -> Path:
    folder = repo.parent / "new"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def sub_folder(repo: Path, git: Git) -> Path:
    (repo / "a/b").mkdir(parents=True)
    return repo / "a/b"


def detached(repo: Path, git: Git) -> Path:
    git(repo, "checkout", "-q", "--detach")
    return repo


def _diverged(repo: Path, git: Git) -> None:
    git(repo, "checkout", "-q", "-b", "other")
    (repo / "train.py").write_text("theirs\n")
    git(repo, "commit", "-q", "-am", "theirs")
    git(repo, "checkout", "-q", "main")
    (repo / "train.py").write_text("ours\n")
    git(repo, "commit", "-q", "-am", "ours")


def merging(repo: Path, git: Git) -> Path:
    _diverged(repo, git)
    subprocess.run(["git", "-C", str(repo), "merge", "-q", "other"], capture_output=True)
    assert (repo / ".git/MERGE_HEAD").exists()
    return repo


def rebasing(repo: Path, git: Git) -> Path:
    _diverged(repo, git)
    subprocess.run(["git", "-C", str(repo), "rebase", "-q", "other"], capture_output=True)
    assert (repo / ".git/rebase-merge").exists()
    return repo


def autocrlf(repo: Path, git: Git) -> Path:
    git(repo, "config", "core.autocrlf", "true")
    return repo


def hooks(repo: Path, git: Git) -> Path:
    for name in ("pre-commit", "commit-msg", "post-commit", "pre-push", "post-checkout"):
        hook = repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch hook-ran\nexit 1\n")
        hook.chmod(0o755)
    return repo


def transaction_hook(repo: Path, git: Git) -> Path:
    hook = repo / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    return repo


def packed(repo: Path, git: Git) -> Path:
    assert gitrack(repo, "init").returncode == 0
    git(repo, "pack-refs", "--all")
    git(repo, "gc", "-q")
    return repo


@pytest.mark.parametrize(
    "place",
    [
        worktree,
        without_commit,
        sub_folder,
        detached,
        merging,
        rebasing,
        autocrlf,
        hooks,
        transaction_hook,
        packed,
    ],
)
def test_a_run_is_tracked_and_shown(repo: Path, git: Git, place: Callable[[Path, Git], Path]):
    folder = place(repo, git)
    top = Path(git(folder, "rev-parse", "--show-toplevel"))
    assert gitrack(folder, "init").returncode == 0
    head = _head(folder)
    before = git(folder, "status", "--porcelain")

    done = gitrack(folder)

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == ("" if place not in (merging, rebasing) else DIRTY)
    assert git(folder, "status", "--porcelain") == before
    assert not (top / "hook-ran").exists()
    assert _head(folder) == head
    _all_commands_show_it(folder)
    git(folder, "fsck", "--strict")


def _head(folder: Path) -> str:
    """`refs/heads/main`, or the commit where HEAD is on no branch; also before any commit."""
    return (Path(_git_dir(folder)) / "HEAD").read_text()


def _git_dir(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "--absolute-git-dir"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _all_commands_show_it(folder: Path) -> None:
    listed = gitrack(folder, "ls", "--json")
    assert listed.stderr == ""
    assert [run["name"] for run in json.loads(listed.stdout)] == ["one"]
    assert "acc  0.9" in gitrack(folder, "show", "@last").stdout
    built = gitrack(folder, "site", "build", "--json")
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["runs"] == 1


def test_a_bare_repository_and_a_fresh_clone_have_the_runs(repo: Path, git: Git, tmp_path: Path):
    assert gitrack(repo).returncode == 0
    git(repo, "clone", "-q", "--bare", str(repo), str(tmp_path / "bare.git"))
    git(repo, "clone", "-q", "-o", "upstream", str(tmp_path / "bare.git"), str(tmp_path / "clone"))
    (tmp_path / "clone/.tracking").mkdir()
    (tmp_path / "clone/.tracking/config.yaml").write_text("remote: upstream\n")
    assert git(tmp_path / "clone", "branch", "--list", "gitrack") == ""

    _all_commands_show_it(tmp_path / "clone")
    bare = tmp_path / "bare.git"
    assert json.loads(gitrack(bare, "ls", "--json").stdout)[0]["name"] == "one"
    output = str(tmp_path / "site")
    assert gitrack(bare, "site", "build", "--output", output).returncode == 0
    # and a run in the clone goes on top of what the remote has
    assert gitrack(tmp_path / "clone").returncode == 0
    assert len(json.loads(gitrack(tmp_path / "clone", "ls", "--json").stdout)) == 2


def test_without_a_name_the_run_waits_and_two_commands_help(
    repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "nobody").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "nobody"))

    done = gitrack(repo)

    assert done.returncode == 0
    for words in ("git config --global user.name", "git config --global user.email"):
        assert words in done.stderr
    refused = gitrack(repo, "init")
    assert refused.returncode == 1
    assert 'git config --global user.name "Your Name"' in refused.stderr
    monkeypatch.setenv("GITRACK_AUTHOR", "Ada <ada@example.com>")
    assert gitrack(repo, "sync").returncode == 0
    _all_commands_show_it(repo)


def test_commits_are_signed_where_the_settings_ask(repo: Path, git: Git, tmp_path: Path):
    key = tmp_path / "key"
    made = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)])
    assert made.returncode == 0
    git(repo, "config", "gpg.format", "ssh")
    git(repo, "config", "user.signingKey", str(key))
    git(repo, "config", "commit.gpgSign", "true")

    done = gitrack(repo)

    assert (done.returncode, done.stderr) == (0, "")
    assert "gpgsig -----BEGIN SSH SIGNATURE" in git(repo, "cat-file", "commit", "gitrack")
    _all_commands_show_it(repo)
