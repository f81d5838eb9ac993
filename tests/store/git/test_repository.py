"""Finding the repository around a place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import ConfigError, GitFailed, NoRepository, StoreError
from gitrack.store.git import repository as module
from gitrack.store.git.identity import Author
from gitrack.store.git.repository import Repository

Git = Callable[..., str]


def test_the_top_of_a_checkout(repo: Path):
    found = Repository.discover(repo)
    assert found.worktree == repo
    assert found.git_dir == found.common_dir == repo / ".git"
    assert found.subfolder == ""
    assert (found.object_format, found.ref_storage) == ("sha1", "files")
    assert (found.bare, found.shallow, found.partial) == (False, False, False)


def test_a_file_stands_for_its_folder(repo: Path):
    (repo / "src").mkdir()
    (repo / "src/a.py").touch()
    assert Repository.discover(str(repo / "src/a.py")).subfolder == "src"


def test_the_current_folder_is_the_default(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(repo)
    assert Repository.discover().worktree == repo


def test_a_linked_worktree_shares_the_common_folder(repo: Path, git: Git, tmp_path: Path):
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    found = Repository.discover(tmp_path / "linked")
    assert found.worktree == tmp_path / "linked"
    assert found.common_dir == repo / ".git"
    assert found.git_dir == repo / ".git/worktrees/linked"
    assert found.home == repo / ".git/gitrack"


def test_a_bare_repository_has_no_worktree(tmp_path: Path, git: Git):
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    found = Repository.discover(tmp_path / "bare.git")
    assert found.bare
    assert found.worktree is None
    assert found.git_dir == found.common_dir == tmp_path / "bare.git"
    assert found.git("rev-parse", "--is-bare-repository") == "true"


@pytest.mark.parametrize("name", ["plain", "not/there"])
def test_no_repository(tmp_path: Path, name: str):
    (tmp_path / "plain").mkdir()
    with pytest.raises(
        NoRepository, match=f"{name} is not inside a git repository; run 'git init'"
    ):
        Repository.discover(tmp_path / name)


def test_discovery_is_one_process(repo: Path, monkeypatch: pytest.MonkeyPatch):
    calls: list[object] = []
    real = module.run_git
    monkeypatch.setattr(module, "run_git", lambda *a, **k: calls.append(a) or real(*a, **k))
    Repository.discover(repo)
    assert len(calls) == 1


def test_a_missing_git_is_named(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StoreError, match=r"git was not found; install git 2\.38 or newer"):
        Repository.discover(repo)


def test_reftable_is_seen_before_git_can_read_it(repo: Path):
    with (repo / ".git/config").open("a") as config:
        config.write("[Extensions]\n\trefStorage = reftable ; comment\n")
    assert module._own_settings(repo / ".git/config")["extensions.refstorage"].startswith(
        "reftable"
    )


def test_a_partial_clone_names_its_remote(repo: Path, git: Git):
    git(repo, "config", "remote.Up.promisor", "true")
    found = Repository.discover(repo)
    assert found.partial
    assert found.promisor == "Up"


def test_git_gives_text_and_git_bytes_gives_bytes(repo: Path):
    found = Repository.discover(repo)
    assert found.git("show", "HEAD:train.py") == "print('hi')"
    assert found.git_bytes("show", "HEAD:train.py") == b"print('hi')\n"
    assert found.git("hash-object", "--stdin", input="ü") == found.git(
        "hash-object", "--stdin", input="ü".encode()
    )


def test_a_failing_command_says_what_git_said(repo: Path):
    found = Repository.discover(repo)
    with pytest.raises(GitFailed, match="git rev-parse: Needed a single revision"):
        found.git("rev-parse", "--verify", "nothing")
    assert found.git("rev-parse", "--verify", "nothing", check=False) == ""


def test_a_command_that_hangs_is_ended(repo: Path):
    with pytest.raises(GitFailed, match=r"took longer than 0\.2 s"):
        Repository.discover(repo).git("-c", "alias.hang=!sleep 5", "hang", timeout=0.2)


def test_settings(repo: Path, git: Git):
    git(repo, "config", "user.signingKey", "a\nb")
    git(repo, "config", "commit.gpgSign", "yes")
    found = Repository.discover(repo)
    assert found.setting("user.signingkey") == "a\nb"
    assert found.flag("commit.gpgsign") is True
    assert found.flag("no.such", default=True) is True
    assert found.setting("no.such") is None


@pytest.mark.parametrize("text", ["Jane", "<jane@example.com>", "Jane <>", "Jane <a b>", "A <b> c"])
def test_an_author_that_is_none(repo: Path, text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITRACK_AUTHOR", text)
    with pytest.raises(ConfigError, match=r"GITRACK_AUTHOR is '.*not a name and an address"):
        Repository.discover(repo).identity()


def test_an_author(repo: Path, monkeypatch: pytest.MonkeyPatch):
    assert Repository.discover(repo).identity() == Author("Ada Example", "ada@example.com")
    monkeypatch.setenv("GITRACK_AUTHOR", " Jane Q. Smith  < jane@example.com > ")
    assert str(Repository.discover(repo).identity()) == "Jane Q. Smith <jane@example.com>"


def test_a_folder_that_belongs_to_somebody_else(repo: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    probe = subprocess.run(
        ["git", "-C", str(repo), "rev-parse", "--git-dir"],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    if "dubious ownership" not in probe.stderr:
        pytest.skip("this git cannot pretend to belong to somebody else")
    with pytest.raises(StoreError, match="dubious ownership") as caught:
        Repository.discover(repo)
    assert not isinstance(caught.value, NoRepository)
    assert "safe.directory" in str(caught.value)
