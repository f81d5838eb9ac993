"""Promotions that wait on branches of their own: proposed, under review, not merged yet."""

from __future__ import annotations

from typing import NamedTuple

from gitrack.errors import GitrackError
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.store.codec.records import load_record
from gitrack.store.registry.paths import REGISTRY, SUFFIX, taken_apart

_WORDS = ("promote", "rollback")


class WaitingPromotion(NamedTuple):
    """A promotion on a branch; its record is not on the tracking branch."""

    branch: str
    id: str
    promotion: Promotion


def waiting_promotions(opened: OpenRegistry, commit: str) -> list[WaitingPromotion]:
    """What this clone knows to wait for a merge into a commit of the tracking branch, by branch.

    What cannot be read on such a branch is left out: anybody may push one.
    """
    found: dict[tuple[str, str], WaitingPromotion] = {}
    for name, tip in sorted(_branches(opened).items()):
        for path in _added(opened, commit, tip):
            parts = path.split("/")
            id = parts[-1].removesuffix(SUFFIX)
            known = taken_apart(id)
            if len(parts) != 4 or parts[2] != "promotions" or known is None:
                continue
            try:
                record = load_record(path, opened.branch.read(path, at=tip), Promotion)
            except GitrackError:
                continue
            if (record.model, record.version, record.to) == (parts[1], known.version, known.stage):
                found.setdefault((record.model, id), WaitingPromotion(name, id, record))
    return list(found.values())


def _branches(opened: OpenRegistry) -> dict[str, str]:
    """Branches of promotions by name, here and on the remote; what was pushed counts."""
    remote = opened.branch.remote
    prefixes = ["refs/heads/", *([f"refs/remotes/{remote}/"] if remote is not None else [])]
    found: dict[str, str] = {}
    for prefix in prefixes:
        listed = opened.repository.git(
            "for-each-ref",
            "--format=%(refname) %(objectname)",
            *(f"{prefix}{word}/" for word in _WORDS),
        )
        for line in listed.splitlines():
            ref, _, tip = line.rpartition(" ")
            found[ref.removeprefix(prefix)] = tip
    return found


def _added(opened: OpenRegistry, commit: str, tip: str) -> list[str]:
    """Files of the registry that a branch has, and that the commit never got from it."""
    branch, repository = opened.branch, opened.repository
    parted = repository.git("merge-base", tip, commit, check=False).partition("\n")[0]
    if not parted or parted == tip:
        return []
    try:
        before, after = (branch.tree(REGISTRY, at=at) for at in (parted, tip))
        if after is None or before is None:
            return []
        changed = [path for path, _ in branch.changed(before, after, under=REGISTRY)]
    except GitrackError:
        return []
    return [
        path
        for path in changed
        if path.rpartition("/")[2] not in branch.children(path.rpartition("/")[0], at=commit)
    ]
