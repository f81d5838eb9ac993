"""Which policy judges: that of the code's default branch, never that of a pull request."""

from __future__ import annotations

import functools
import hashlib

import msgspec

from gitrack.config.policy import Policy, read_policy
from gitrack.config.project import POLICY_FILE
from gitrack.config.regular import read_regular
from gitrack.errors import ConfigError
from gitrack.model.promotion import PolicyUsed
from gitrack.store.git.code import code_branch, code_file
from gitrack.store.git.repository import Repository
from gitrack.tracking.place import Place

_NO_RULES = Policy()


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The policy in force. `source` names where it was read, None where there is none at all.

    `used` is what a promotion records of it. `trouble` says what people should know: that the
    policy in the working tree is another one, or was never committed.
    """

    policy: Policy = _NO_RULES
    source: str | None = None
    used: PolicyUsed | None = None
    trouble: str | None = None


def ruling_of(place: Place, *, revision: str | None = None) -> Ruling:
    """The policy of the code's default branch, or of another `revision` of the code.

    Where nobody has committed a policy yet, that of the working tree rules, and `trouble` says so.
    Raises ConfigError for a policy that is wrong, NotFound for a revision that is not there.
    """
    repository = place.repository
    if repository is None:
        return Ruling()
    here = _in_worktree(place)
    name = policy_path(place)
    committed = _committed(place, repository, name, revision)
    if committed is not None:
        source, commit, data = committed
        trouble = None
        if here is not None and here != data and revision is None:
            trouble = f"{name} here is not that of {source}, which is the one that counts"
        return _ruling(data, f"{source}:{name}", commit, trouble)
    if here is None or revision is not None:
        return Ruling()
    trouble = f"{name} is not on the code's default branch yet, so a check cannot know it"
    return _ruling(here, name, None, trouble)


def ruling_by_digest(data: bytes, source: str, commit: str) -> Ruling:
    """A policy as a past commit had it."""
    return _ruling(data, source, commit, None)


def digest(data: bytes) -> str:
    """What tells policies, runs and promotions apart: the sha256 of their bytes."""
    return hashlib.sha256(data).hexdigest()


_parsed: dict[bytes, Policy] = {}


def _ruling(data: bytes, source: str, commit: str | None, trouble: str | None) -> Ruling:
    policy = _parsed.get(data)
    if policy is None:
        policy = read_policy(data, source)
        _parsed[data] = policy
    used = PolicyUsed(sha256=digest(data), commit=commit)
    return Ruling(policy=policy, source=source, used=used, trouble=trouble)


def _committed(
    place: Place, repository: Repository, name: str, revision: str | None
) -> tuple[str, str, bytes] | None:
    """(where, commit, contents)."""
    if revision is not None:
        from gitrack.store.git.code import commit_named

        source, commit = revision, commit_named(repository, revision)
    else:
        config = place.config
        found = code_branch(
            repository,
            remote=config.remote,
            chosen=config.code_branch,
            tracking=config.branch,
        )
        if found is None:
            return None
        source, commit = found
    data = _policy_at(repository, commit, name)
    return None if data is None else (source, commit, data)


@functools.lru_cache(maxsize=64)
def _policy_at(repository: Repository, commit: str, name: str) -> bytes | None:
    """What a commit says never changes."""
    return code_file(repository, commit, name)


def policy_path(place: Place) -> str:
    """The policy's path in the repository: the project may lie in a sub-folder."""
    assert place.repository is not None
    top = place.repository.worktree
    if place.root is None or top is None or not place.root.is_relative_to(top):
        return POLICY_FILE
    return (place.root / POLICY_FILE).relative_to(top).as_posix()


def _in_worktree(place: Place) -> bytes | None:
    if place.root is None:
        return None
    try:
        return read_regular(place.root / POLICY_FILE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{POLICY_FILE} cannot be read: {error.strerror}") from error
