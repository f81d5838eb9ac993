"""Tips of a branch that this clone has seen: kept reachable, so that a rewriting shows.

A tip that a newer one contains is forgotten for it. One that is in no newer tip was thrown away by
whoever rewrote the branch; it stays until people accept that.

    refs/gitrack/seen/<remote>/<branch>/<commit>    `+here`: our own branch
"""

from __future__ import annotations

import contextlib
import re
import time
from typing import NamedTuple

from gitrack.store.git.process import first_complaint
from gitrack.store.git.refs import FOREIGN_LOCK_SECONDS
from gitrack.store.git.repository import Repository

SEEN = "refs/gitrack/seen/"
ACCEPTED = "refs/gitrack/accepted/"
#: Stands where the name of a remote does, for the branch of this very clone.
HERE = "+here"

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class SeenTips(NamedTuple):
    """What was seen of one branch, and what of it people have let go."""

    tips: tuple[str, ...]
    accepted: frozenset[str]


def seen_tips(repository: Repository, remote: str, branch: str) -> SeenTips:
    """The tips that were noted of a branch of a remote (`HERE`: of this clone)."""
    seen, accepted = f"{SEEN}{remote}/{branch}/", f"{ACCEPTED}{remote}/{branch}/"
    listed = repository.git("for-each-ref", "--format=%(refname)", seen, accepted).split()
    tips = [name.removeprefix(seen) for name in listed if name.startswith(seen)]
    gone = [name.removeprefix(accepted) for name in listed if name.startswith(accepted)]
    return SeenTips(
        tuple(id for id in tips if _ID.match(id)), frozenset(id for id in gone if _ID.match(id))
    )


def see(repository: Repository, remote: str, branch: str, tip: str | None) -> None:
    """Note that a branch of a remote stands at `tip`.

    Where that cannot be kept (a clone that may only be read, say), a warning says so: whoever
    pushes or audits has done what was asked all the same.
    """
    if tip is None:
        return
    prefix = f"{SEEN}{remote}/{branch}/"
    _sweep(repository, prefix)
    known = seen_tips(repository, remote, branch)
    if tip in known.tips:
        return
    lines = [f"update {prefix}{tip} {tip}"]
    lines += [
        f"delete {prefix}{old}"
        for old in known.tips
        if repository.run("merge-base", "--is-ancestor", old, tip).code == 0
    ]
    done = repository.run("update-ref", "--stdin", input="".join(f"{line}\n" for line in lines))
    if done.code:
        import logging  # late: hardly any process needs it

        logging.getLogger("gitrack.store").warning(
            "where %s stands could not be kept in mind, so a rewriting may stay unseen: %s",
            branch,
            first_complaint(done.err),
        )


def _sweep(repository: Repository, prefix: str) -> None:
    """Remove the locks of a git that was killed while it wrote these refs.

    Git holds them for milliseconds and never takes one away from a process that died: what is to be
    forgotten could never be again, and so nothing noted. None but gitrack writes here.
    """
    dead = time.time() - FOREIGN_LOCK_SECONDS
    for lock in (repository.common_dir / prefix).glob("*.lock"):
        with contextlib.suppress(OSError):  # gone meanwhile; or not ours to remove, as `see` says
            if lock.stat().st_mtime < dead:
                lock.unlink()


def accept(repository: Repository, remote: str, branch: str, tip: str) -> None:
    """Let a tip go that a rewriting threw away. It stays reachable, by another name."""
    seen, accepted = f"{SEEN}{remote}/{branch}/{tip}", f"{ACCEPTED}{remote}/{branch}/{tip}"
    lines = [f"update {accepted} {tip}"]
    if tip in seen_tips(repository, remote, branch).tips:
        lines.append(f"delete {seen} {tip}")
    repository.git("update-ref", "--stdin", input="".join(f"{line}\n" for line in lines))


def logged_tips(repository: Repository, ref: str) -> list[str]:
    """Where a ref of this clone has stood, by its reflog; those whose commits are still here."""
    done = repository.run("-c", "log.showSignature=false", "log", "-g", "--format=%H", ref, "--")
    if done.code:  # no reflog, or no such ref
        return []
    found = done.out.decode("ascii", "replace").split()
    return list(dict.fromkeys(id for id in found if _ID.match(id)))
