"""Which two commits are meant: as typed, as the host's job says, or the one branch that is open."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gitrack.errors import NotFound, UsageError
from gitrack.registry.opened import OpenRegistry

_BRANCHES = ("promote", "rollback")


class Sides(NamedTuple):
    """Two commits, and how people call them."""

    base: str
    base_name: str
    head: str
    head_name: str


def sides(
    opened: OpenRegistry,
    base: str | None = None,
    head: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> Sides:
    """The base and the head of the pull request. Raises NotFound, UsageError."""
    known = os.environ if environment is None else environment
    base_commit, base_name = _base(opened, base)
    if head is not None:
        return Sides(base_commit, base_name, _commit(opened, head), head)
    told = _of_job(opened, known)
    if told is None:
        told = _only_branch(opened, base_commit, base_name)
    return Sides(base_commit, base_name, *told)


def _base(opened: OpenRegistry, base: str | None) -> tuple[str, str]:
    if base is not None:
        return _commit(opened, base), base
    config = opened.place.config
    here, there = opened.branch.local_and_remote()
    if there is not None:
        return there, f"{config.remote}/{config.branch}"
    if here is not None:
        return here, config.branch
    known = opened.repository.setting(f"remote.{config.remote}.url") is not None
    raise NotFound(
        f"there is no branch {config.branch} here, so nothing to check against",
        hint=f"type  git fetch {config.remote} {config.branch}" if known else "type  gitrack init",
    )


def _commit(opened: OpenRegistry, name: str) -> str:
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    done = opened.repository.run(*asked)
    if done.code:
        raise NotFound(f"{name!r} is no commit of this clone", hint="fetch it first: git fetch")
    return done.out.decode("ascii").strip()


def _of_job(opened: OpenRegistry, known: Mapping[str, str]) -> tuple[str, str] | None:
    """The head that a job of the host is about."""
    remote = opened.place.config.remote
    if known.get("GITHUB_EVENT_PATH"):
        pull = _event(known["GITHUB_EVENT_PATH"]).get("pull_request")
        if isinstance(pull, dict):
            number, head, base = (pull.get(key) for key in ("number", "head", "base"))
            _goes_there(opened, base.get("ref") if isinstance(base, dict) else None)
            sha = head.get("sha") if isinstance(head, dict) else None
            return _fetched(opened, sha, f"#{number}", f"git fetch {remote} pull/{number}/head")
    if known.get("CI_MERGE_REQUEST_IID"):
        number = known["CI_MERGE_REQUEST_IID"]
        _goes_there(opened, known.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"))
        sha = known.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or known.get("CI_COMMIT_SHA")
        fetch = f"git fetch {remote} merge-requests/{number}/head"
        return _fetched(opened, sha, f"!{number}", fetch)
    return None


def _event(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the event of this job cannot be read from {path}: {error}",
            hint="say which commits are meant:  --base REF --head REF",
        ) from error
    return found if isinstance(found, dict) else {}


def _goes_there(opened: OpenRegistry, target: object) -> None:
    branch = opened.place.config.branch
    if target is not None and target != branch:
        raise UsageError(
            f"this pull request goes to {target!r}, not to the tracking branch {branch!r}",
            hint=f"run the check for pull requests to {branch} only",
        )


def _fetched(opened: OpenRegistry, sha: object, name: str, fetch: str) -> tuple[str, str]:
    if not isinstance(sha, str):
        raise UsageError(
            "the event of this job names no head", hint="say which commit is meant:  --head REF"
        )
    try:
        return _commit(opened, sha), name
    except NotFound:
        raise NotFound(
            f"the commit {sha} of {name} is not in this clone", hint=f"type  {fetch}"
        ) from None


def _only_branch(opened: OpenRegistry, base: str, base_name: str) -> tuple[str, str]:
    """The one branch of a promotion that the base does not have."""
    remote = opened.place.config.remote
    places = [f"refs/heads/{name}" for name in _BRANCHES]
    places += [f"refs/remotes/{remote}/{name}" for name in _BRANCHES]
    listed = opened.repository.git(
        "for-each-ref", "--format=%(objectname) %(refname)", f"--no-merged={base}", *places
    )
    found: dict[str, str] = {}
    for line in listed.splitlines():
        commit, _, name = line.partition(" ")
        short = name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        found.setdefault(commit, short)
    if len(found) == 1:
        return next(iter(found.items()))
    if not found:
        raise UsageError(
            f"no branch promote/… or rollback/… is ahead of {base_name}",
            hint="say which is meant:  gitrack check --head BRANCH",
        )
    some = list(found.values())
    shown = ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")
    raise UsageError(
        f"{len(found)} branches are ahead of {base_name}: {shown}",
        hint=f"say which is meant:  gitrack check --head {some[0]}",
    )
