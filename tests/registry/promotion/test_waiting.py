"""What waits for review: promotions on branches of their own that are not merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.registry.promotion.promote import promote
from gitrack.registry.promotion.waiting import waiting_promotions

Build = Callable[..., OpenRegistry]
Git = Callable[..., str]


def waiting(opened: OpenRegistry) -> list[tuple[str, int, str]]:
    tip = opened.branch.tip()
    assert tip is not None
    found = waiting_promotions(opened, tip)
    return [(one.branch, one.promotion.version, one.promotion.to) for one in found]


def test_a_promotion_waits_until_it_is_merged(registry: Build, git: Git, repo: Path):
    opened = registry()
    assert waiting(opened) == []
    promote("churn", 2, to="staging", why="better", push=False, where=opened)
    name = "promote/churn-v2-staging"
    assert waiting(opened) == [(name, 2, "staging")]

    git(repo, "update-ref", "refs/heads/gitrack", f"refs/heads/{name}")

    assert waiting(open_registry(repo)) == []


def test_what_was_squashed_waits_no_more(registry: Build, git: Git, repo: Path):
    opened = registry()
    promote("churn", 2, to="staging", why="better", push=False, where=opened)
    opened.branch.commit({"README.md": b"meanwhile\n"}, "meanwhile")
    assert waiting(open_registry(repo)) == [("promote/churn-v2-staging", 2, "staging")]
    side = "refs/heads/promote/churn-v2-staging"
    changed = git(repo, "diff", "--name-only", f"{side}^", side).splitlines()
    files: dict[str, bytes | None] = {
        path: git(repo, "show", f"{side}:{path}").encode() + b"\n" for path in changed
    }
    opened.branch.commit(files, "squashed")

    assert waiting(open_registry(repo)) == []


def test_what_somebody_pushed_is_seen_and_what_is_no_promotion_is_not(
    registry: Build, git: Git, repo: Path, remote: Path
):
    opened = registry()
    git(repo, "push", "-q", "origin", "gitrack")
    promote("churn", 3, to="staging", why="better", push=False, where=opened)
    git(repo, "push", "-q", "origin", "promote/churn-v3-staging")
    git(repo, "branch", "-q", "-D", "promote/churn-v3-staging")
    git(repo, "fetch", "-q", "origin")
    tip = git(repo, "rev-parse", "gitrack").strip()
    git(repo, "update-ref", "refs/heads/promote/nothing", tip)
    git(repo, "update-ref", "refs/heads/promote/code", "HEAD")
    git(repo, "update-ref", "refs/heads/promoted", "HEAD")

    assert waiting(open_registry(repo)) == [("promote/churn-v3-staging", 3, "staging")]


def test_a_record_that_is_no_promotion_is_left_out(registry: Build, git: Git, repo: Path):
    opened = registry()
    promote("churn", 2, to="staging", why="better", push=False, where=opened)
    side = "refs/heads/promote/churn-v2-staging"
    (path,) = [
        path
        for path in git(repo, "diff", "--name-only", f"{side}^", side).splitlines()
        if "/promotions/" in path
    ]
    from gitrack.store.git.branch import GitBranch

    GitBranch(opened.repository, "promote/churn-v2-staging", remote=None).commit(
        {path: b"why: [\n"}, "spoiled"
    )

    assert waiting(open_registry(repo)) == []
