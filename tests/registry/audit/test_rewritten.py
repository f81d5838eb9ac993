"""A branch that does not contain what this clone has seen: named, until somebody accepts it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from gitrack.errors import NotFound
from gitrack.model.audit import Audit, Finding
from gitrack.registry.audit import audit
from gitrack.registry.audit.rewritten import accept_rewriting
from gitrack.registry.opened import open_registry
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store.git.repository import Repository
from gitrack.store.git.seen import seen_tips
from tests.registry.audit.forge import git
from tests.registry.audit.history import Case


@pytest.fixture
def shared(case: Case, tmp_path: Path) -> Case:
    """The project with a bare remote that has its branch."""
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(case.folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(case.folder, "push", "-q", "origin", "main")
    return case


def rewritten(found: Audit) -> list[Finding]:
    return [one for one in found.findings if one.kind == "rewritten"]


def force(case: Case) -> None:
    """Somebody else drops the last two commits of the remote's branch."""
    parent = case.forge.made[case.forge.made[case.tip].parents[0]].parents[0]
    remote = case.folder.parent / "remote.git"
    git(remote, "update-ref", "refs/heads/gitrack", parent)


def test_a_push_is_kept_in_mind(shared: Case) -> None:
    push(shared.folder, objects=False)
    repository = Repository.discover(shared.folder)
    assert seen_tips(repository, "origin", "gitrack").tips == (shared.tip,)


def test_a_newer_tip_takes_the_place_of_an_older(shared: Case) -> None:
    push(shared.folder, objects=False)
    audit(where=shared.folder)
    shared.forge.point(
        shared.forge.commit(
            {"README.md": b"new"}, "more", at=shared.told.now, parents=(shared.tip,)
        )
    )
    push(shared.folder, objects=False)
    audit(where=shared.folder)
    repository = Repository.discover(shared.folder)
    tip = git(shared.folder, "rev-parse", "gitrack")
    assert seen_tips(repository, "origin", "gitrack").tips == (tip,)
    assert seen_tips(repository, "+here", "gitrack").tips == (tip,)


def test_locks_of_a_git_that_was_killed_are_in_nobodys_way(
    shared: Case, caplog: pytest.LogCaptureFixture
) -> None:
    repository = Repository.discover(shared.folder)
    push(shared.folder, objects=False)
    (old,) = seen_tips(repository, "origin", "gitrack").tips
    place = shared.folder / ".git/refs/gitrack/seen/origin/gitrack"
    held = [place / f"{old}.lock", place / f"{'a' * 40}.lock"]
    for lock in held:
        lock.touch()
    more = shared.forge.commit({"more": b"x"}, "more", at=shared.told.now, parents=(shared.tip,))
    shared.forge.point(more)
    push(shared.folder, objects=False)
    assert "could not be kept in mind" in caplog.text  # it may be at work
    assert all(lock.exists() for lock in held)

    for lock in held:
        os.utime(lock, (time.time() - 11, time.time() - 11))
    caplog.clear()
    last = shared.forge.commit({"last": b"x"}, "last", at=shared.told.now, parents=(more,))
    shared.forge.point(last)
    push(shared.folder, objects=False)
    assert caplog.text == ""
    assert not any(lock.exists() for lock in held)
    assert seen_tips(repository, "origin", "gitrack").tips == (last,)


def test_a_pull_shows_what_was_forced(shared: Case) -> None:
    push(shared.folder, objects=False)
    force(shared)
    pull(shared.folder, objects=False)
    (found,) = rewritten(audit(where=shared.folder))
    assert "origin/gitrack was rewritten" in found.what
    assert "v1-production" in found.what
    assert shared.tip[:12] in found.what


def test_a_remote_that_was_given_up_is_no_rewriting(shared: Case) -> None:
    push(shared.folder, objects=False)
    git(shared.folder, "update-ref", "-d", "refs/remotes/origin/gitrack")
    (gone,) = rewritten(audit(where=shared.folder))  # somebody deleted the branch there
    assert "it stands at nothing" in gone.what
    git(shared.folder, "remote", "remove", "origin")
    assert rewritten(audit(where=shared.folder)) == []


def test_it_is_named_until_somebody_accepts_it(shared: Case) -> None:
    push(shared.folder, objects=False)
    force(shared)
    git(shared.folder, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert rewritten(audit(where=shared.folder))
    git(shared.folder, "reflog", "expire", "--expire=now", "--all")
    git(shared.folder, "gc", "-q", "--prune=now")
    (again,) = audit(where=shared.folder).rewritings
    assert (again.seen, again.accepted) == (shared.tip, False)
    assert again.lost_promotions
    branch = open_registry(shared.folder).branch
    assert accept_rewriting(branch, shared.tip[:12]) == ["origin/gitrack"]
    after = audit(where=shared.folder)
    assert not rewritten(after)
    assert [one.kind for one in after.findings] == ["rewriting-accepted"]
    assert after.clean


def test_the_reflog_tells_what_no_audit_has_seen(shared: Case) -> None:
    git(shared.folder, "push", "-q", "origin", "gitrack")
    force(shared)
    git(shared.folder, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    assert not seen_tips(Repository.discover(shared.folder), "origin", "gitrack").tips
    assert rewritten(audit(where=shared.folder))


def test_what_was_rewritten_twice_is_named_twice(shared: Case) -> None:
    push(shared.folder, objects=False)
    force(shared)
    git(shared.folder, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    audit(where=shared.folder)
    remote = shared.folder.parent / "remote.git"
    other = shared.forge.commit({"format.yaml": b"format: 1\n"}, "other", at=shared.told.now)
    git(shared.folder, "push", "-qf", "origin", f"{other}:refs/heads/gitrack")
    assert git(remote, "rev-parse", "gitrack") == other
    git(shared.folder, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
    found = audit(where=shared.folder)
    assert len([one for one in found.rewritings if one.branch == "origin/gitrack"]) >= 1
    assert all(one.now == other for one in found.rewritings if one.branch == "origin/gitrack")


def test_a_clone_that_cannot_keep_refs_is_audited_all_the_same(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    (case.folder / ".git/refs/gitrack").write_text("in the way\n")
    with caplog.at_level("WARNING", "gitrack.store"):
        assert audit(where=case.folder).clean
    assert "could not be kept in mind" in caplog.text


def test_a_tip_that_is_there_cannot_be_accepted_away(case: Case) -> None:
    audit(where=case.folder)
    with pytest.raises(NotFound, match="threw away"):
        accept_rewriting(open_registry(case.folder).branch, case.tip)


def test_a_shallow_clone_says_that_it_is_one(shared: Case, tmp_path: Path) -> None:
    push(shared.folder, objects=False)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth", "3", f"file://{tmp_path}/remote.git", "clone")
    git(clone, "fetch", "-q", "--depth", "3", "origin", "gitrack:refs/remotes/origin/gitrack")
    found = audit(where=clone)
    assert "shallow" in {one.kind for one in found.findings}
    assert "base-missing" not in {one.kind for one in found.findings}
    shutil.rmtree(clone)
