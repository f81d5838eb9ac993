"""The code's own branch: which one teams merge to, and what a file says there."""

from __future__ import annotations

from typing import NamedTuple

from gitrack.errors import NotFound, StoreError
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.process import first_complaint
from gitrack.store.git.refs import Ref, check_branch_name
from gitrack.store.git.repository import Repository

_USUAL = ("main", "master", "trunk")


class CodeBranch(NamedTuple):
    """Where the code stands: `origin/main` and its commit."""

    name: str
    commit: str


def code_branch(
    repository: Repository, *, remote: str, chosen: str | None = None, tracking: str
) -> CodeBranch | None:
    """The default branch of the code, as the remote has it where that is known.

    `chosen` is the branch that the settings name. Else it is what the remote calls its HEAD, then
    `main`, `master` or `trunk` there or here, then what `init.defaultBranch` says, then the branch
    that is checked out. None where no code was committed yet.
    """
    if chosen:
        check_branch_name(chosen)
        return _there(repository, chosen, remote) or _here(repository, chosen)
    named = _head_of(repository, remote)
    candidates = [name for name in (named, *_USUAL) if name and name != tracking]
    for name in candidates:
        if found := _there(repository, name, remote):
            return found
    usual = repository.setting("init.defaultbranch")
    for name in (*_USUAL, *([usual] if usual else [])):
        if name != tracking and (found := _here(repository, name)):
            return found
    current = repository.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
    return _here(repository, current) if current and current != tracking else None


def commit_named(repository: Repository, revision: str) -> str:
    """The commit that a branch, tag or id of the code means. Raises NotFound."""
    done = repository.run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if done.code or revision.startswith("-"):
        said = first_complaint(done.err) if done.err else "git knows no such commit here"
        raise NotFound(f"{revision!r} is no commit of this repository: {said}", hint="git fetch")
    return done.out.decode("ascii").strip()


def code_file(repository: Repository, commit: str, path: str) -> bytes | None:
    """A file of the code at a commit; None if it is not there."""
    try:
        return GitBranch(repository, "HEAD-of-code", remote=None).read(path, at=commit)
    except NotFound:
        return None


def _there(repository: Repository, name: str, remote: str) -> CodeBranch | None:
    tip = Ref(repository, name, remote).read_remote()
    return CodeBranch(f"{remote}/{name}", tip) if tip else None


def _here(repository: Repository, name: str) -> CodeBranch | None:
    try:
        tip = Ref(repository, name, None).read()
    except StoreError:
        return None  # a symbolic ref: somebody's alias for another branch
    return CodeBranch(name, tip) if tip else None


def _head_of(repository: Repository, remote: str) -> str | None:
    """The branch that the remote's HEAD names, as a clone keeps it."""
    prefix = f"refs/remotes/{remote}/"
    if repository.ref_storage == "files":
        path = repository.common_dir / prefix / "HEAD"
        text = path.read_text("utf-8", "replace").strip() if path.is_file() else ""
        target = text.removeprefix("ref:").strip() if text.startswith("ref:") else ""
    else:
        target = repository.git("symbolic-ref", "--quiet", f"{prefix}HEAD", check=False)
    return target.removeprefix(prefix) if target.startswith(prefix) else None
