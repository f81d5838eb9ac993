"""Two clones that both committed, united without a checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import MergeConflict, NotFound
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.merge import Clash
from gitrack.store.git.repository import Repository

Git = Callable[..., str]


@pytest.fixture
def sides(repo: Path, git: Git, tmp_path: Path) -> tuple[GitBranch, Callable[..., str]]:
    """Our branch, and a function that commits on the other side and brings the commit here."""
    ours = GitBranch(Repository.discover(repo))
    ours.commit({"a/x": b"1", "a/y": b"1", "b/x": b"1", "run": b"1\n"}, "first")
    git(tmp_path, "clone", "-q", str(repo), "other")
    other = GitBranch(Repository.discover(tmp_path / "other"))

    def theirs(changes: dict[str, bytes | None]) -> str:
        commit = other.commit(changes, "theirs")
        git(repo, "fetch", "-q", str(tmp_path / "other"), "gitrack")
        return commit

    return ours, theirs


def test_both_sides_work_is_there(sides, git: Git, repo: Path, fsck):
    ours, theirs = sides
    mine = ours.commit({"runs/1": b"m", "a/y": None, "b/x": b"2"}, "mine")
    other = theirs({"runs/2": b"t", "a/x": b"2", "a/z": b"t"})

    merged = ours.merge(other, "merge origin/gitrack")

    assert git(repo, "rev-parse", "gitrack^1", "gitrack^2").split() == [other, mine]
    assert merged == ours.tip()
    assert {entry.path: ours.read(entry.path) for entry in ours.entries()} == {
        "a/x": b"2",
        "a/z": b"t",
        "b/x": b"2",
        "run": b"1\n",
        "runs/1": b"m",
        "runs/2": b"t",
    }
    expected = git(repo, "merge-tree", "--write-tree", mine, other)
    assert ours.tree() == expected
    fsck(repo)


def test_ahead_and_behind(sides):
    ours, theirs = sides
    old = ours.tip()
    assert ours.merge(old, "nothing to do") == old
    other = theirs({"new": b"1"})
    assert ours.merge(other, "forward") == other == ours.tip()
    assert ours.merge(old, "older") == other


@pytest.mark.parametrize("name", ["--all", "HEAD", "12" * 20])
def test_what_is_no_commit_is_not_found(sides, name: str):
    ours, _ = sides
    with pytest.raises(NotFound):
        ours.merge(name, "merge")


def test_a_clone_without_the_branch_gets_it(repo: Path, git: Git, tmp_path: Path):
    GitBranch(Repository.discover(repo)).commit({"a": b"1"}, "first")
    git(tmp_path, "clone", "-q", "--single-branch", "--branch=main", str(repo), "other")
    other = tmp_path / "other"
    git(other, "fetch", "-q", "origin", "gitrack")
    branch = GitBranch(Repository.discover(other))
    assert branch.tip() is None
    tip = branch.merge(git(other, "rev-parse", "FETCH_HEAD"), "get")
    assert git(other, "rev-parse", "gitrack") == tip


@pytest.mark.parametrize(
    ("mine", "other", "named"),
    [
        ({"run": b"2\n"}, {"run": b"3\n"}, "run"),
        ({"run": None}, {"run": b"3\n"}, "run"),
        ({"a/x": b"2"}, {"a/x": None, "a/y": None}, "a/x"),
        ({"new": b"1"}, {"new/file": b"1"}, "new"),
        ({"run": b"2", "b/x": b"2"}, {"run": b"3", "b/x": b"3"}, "b/x, run"),
    ],
)
def test_a_conflict_names_its_files_and_touches_nothing(sides, mine, other, named):
    ours, theirs = sides
    tip = ours.commit(mine, "mine")
    with pytest.raises(MergeConflict, match=f"^{named} changed both here and there"):
        ours.merge(theirs(other), "merge")
    assert ours.tip() == tip


def test_the_same_change_on_both_sides_is_none(sides):
    ours, theirs = sides
    ours.commit({"run": b"2\n", "b/x": None, "only": b"m"}, "mine")
    ours.merge(theirs({"run": b"2\n", "b/x": None}), "merge")
    assert ours.read("run") == b"2\n"
    assert ours.children() == ["a/", "only", "run"]


def test_a_resolver_is_asked(sides):
    ours, theirs = sides
    asked: list[Clash] = []

    def unite(clash: Clash) -> bytes | None:
        asked.append(clash)
        return None if clash.theirs is None else (clash.ours or b"") + clash.theirs

    ours.commit({"run": b"2\n", "a/x": b"2"}, "mine")
    ours.merge(theirs({"run": b"3\n", "a/x": None}), "merge", resolve=unite)

    assert asked[-1] == Clash("run", b"1\n", b"2\n", b"3\n")
    assert asked[0] == Clash("a/x", b"1", b"2", None)
    assert ours.read("run") == b"2\n3\n"
    assert ours.children("a") == ["y"]


def test_histories_that_never_met(sides, repo: Path, git: Git):
    ours, _ = sides
    other = GitBranch(Repository.discover(repo), "other", remote=None)
    ours.merge(other.commit({"run": b"1\n", "other": b"1"}, "orphan"), "merge")
    assert ours.children() == ["a/", "b/", "other", "run"]
