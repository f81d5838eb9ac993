"""What stands in the way of a promotion's branch is named, with what to type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.errors import NotFound, PromotionRefused, StoreError, UsageError
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.promote import promote, rollback

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]

BRANCH = "promote/churn-v2-staging"


@pytest.fixture
def shared(registry: Build, remote: Path, git: Git, repo: Path) -> OpenRegistry:
    """A registry that the remote has, too."""
    opened = registry()
    git(repo, "push", "-q", "origin", "gitrack")
    return opened


@pytest.mark.parametrize("other", ["promote", f"{BRANCH}/more"])
def test_a_branch_here_that_git_does_not_let_stand_beside_it(
    registry: Build, git: Git, repo: Path, other: str
):
    opened = registry()
    git(repo, "branch", other)
    with pytest.raises(StoreError, match=f"there is a branch {other}, beside which") as caught:
        promote("churn", 2, to="staging", why="good", where=opened)
    assert caught.value.hint == f"type  git branch -m {other} NEW-NAME"


@pytest.mark.parametrize("of", ["main", "gitrack"])
def test_a_branch_of_that_name_that_holds_something_else(
    registry: Build, git: Git, repo: Path, of: str
):
    opened = registry()
    mine = git(repo, "commit-tree", "-p", of, "-m", "mine", f"{of}^{{tree}}")
    git(repo, "branch", BRANCH, mine)
    with pytest.raises(PromotionRefused, match="holds something else, which is not merged"):
        promote("churn", 2, to="staging", why="good", where=opened)
    assert git(repo, "rev-parse", BRANCH) == mine
    done = promote("churn", 2, to="staging", why="good", replace=True, where=opened)
    assert git(repo, "rev-parse", BRANCH) == done.commit


def test_models_whose_names_git_does_not_take_have_branches_of_their_own(registry: Build):
    branches = []
    for name in ("a b", "a-b", "a~b"):
        opened = registry(policy=None, name=name)
        branches.append(promote(name, 2, to="staging", why="good", where=opened).branch)
    assert len(set(branches)) == 3
    assert branches[1] == "promote/a-b-v2-staging"


def test_a_squashed_one_is_in_nobodys_way(registry: Build, git: Git, repo: Path):
    opened = registry()
    first = promote("churn", 2, to="staging", why="good", where=opened)
    squash = git(repo, "commit-tree", "-p", "gitrack", "-m", "#1", f"{first.commit}^{{tree}}")
    git(repo, "update-ref", "refs/heads/gitrack", squash)
    promote("churn", 3, to="staging", why="better", direct=True, where=opened)
    again = promote("churn", 2, to="staging", why="back", where=opened)
    assert again.branch == first.branch
    assert again.commit != first.commit


def test_one_on_the_remote(shared: OpenRegistry, git: Git, repo: Path):
    git(repo, "push", "-q", "origin", "main:promote")
    git(repo, "update-ref", "-d", "refs/remotes/origin/promote")
    done = promote("churn", 2, to="staging", why="good", where=shared)
    assert (done.branch, done.pushed) == (BRANCH, False)
    assert f"origin has a branch promote, beside which git keeps no branch {BRANCH}" in (
        done.trouble or ""
    )


def test_one_that_the_remote_has_no_more(shared: OpenRegistry, git: Git, repo: Path):
    git(repo, "update-ref", "refs/remotes/origin/promote", "main")
    for _ in range(2):
        done = promote("churn", 2, to="staging", why="good", where=shared)
        assert "git remote prune origin" in (done.trouble or "")
    git(repo, "remote", "prune", "origin")
    assert promote("churn", 2, to="staging", why="good", where=shared).pushed


def test_a_remote_that_is_not_there_and_was_never_seen(registry: Build, git: Git, repo: Path):
    opened = registry()
    git(repo, "remote", "add", "origin", str(repo.parent / "nowhere.git"))
    with pytest.raises(StoreError, match=r"there is no repository at .*nowhere"):
        promote("churn", 2, to="staging", why="good", where=opened)


def test_a_protected_branch_says_the_way_round(shared: OpenRegistry, remote: Path, repo: Path):
    from gitrack.store.git.exchange import Exchange

    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'pull requests only'\nexit 1\n")
    hook.chmod(0o755)
    promote("churn", 2, to="staging", why="good", direct=True, where=shared)
    exchange = Exchange(shared.repository, "gitrack", "origin")
    with pytest.raises(StoreError, match="pull requests only") as caught:
        exchange.push(shared.branch.tip())
    assert "git push origin gitrack:refs/heads/NAME" in (caught.value.hint or "")


def test_a_model_to_roll_back_whose_name_was_mistyped(registry: Build):
    with pytest.raises(NotFound, match="there is no registered model 'chrun'") as caught:
        rollback("chrun", why="it drifts", where=registry())
    assert caught.value.hint == "did you mean 'churn'?"


def test_the_stage_none_of_mlflow(registry: Build):
    with pytest.raises(UsageError, match="'None' is where a version is before") as caught:
        promote("churn", 2, to="None", why="out of use", where=registry())
    assert caught.value.hint == "one that is out of use goes to archived"
