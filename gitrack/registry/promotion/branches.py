"""The branch of a pull request: one commit on top of the tracking branch as it was judged."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple, NoReturn

import msgspec

from gitrack.errors import PromotionRefused, StoreError
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.plan import Planned
from gitrack.store.codec.records import load_record
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.exchange import Exchange
from gitrack.store.registry.paths import REGISTRY, SUFFIX, promotion_path, taken_apart

#: What a model may be called, but no branch of git.
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]+|\.\.+|@\{|\A[.-]+")


class Placed(NamedTuple):
    """A branch with a promotion. `replaced` is what the remote has on it, `again` that it is old.

    `id` and `promotion` are those that lie there, which may have been judged some time ago.
    """

    branch: str
    commit: str
    id: str
    promotion: Promotion
    replaced: str | None = None
    again: bool = False


def branch_name(promotion: Promotion) -> str:
    """`promote/churn-v7-production`."""
    word = "rollback" if promotion.kind == "rollback" else "promote"
    model = _NO_BRANCH.sub("-", promotion.model)
    if model != promotion.model:  # `a b` and `a-b` are two models, and have two branches
        model += f"-{hashlib.sha256(promotion.model.encode()).hexdigest()[:6]}"
    return f"{word}/{model}-v{promotion.version}-{promotion.to}"


def look_at_remote(opened: OpenRegistry, name: str, remote: str) -> str | None:
    """Bring what the remote has on a branch, or forget what it has no more; why not, if so."""
    try:
        exchange = Exchange(opened.repository, name, remote)
        seen = exchange.look()._replace(code=frozenset())
        if seen.tip is not None:
            exchange.fetch(seen)
        elif (known := exchange.known()) is not None:
            opened.repository.git("update-ref", "-d", exchange.tracking, known)
    except StoreError as error:
        return str(error)
    return None


def place(
    opened: OpenRegistry, planned: Planned, *, replace: bool = False, remote: str | None = None
) -> Placed:
    """Write the promotion to its branch. Raises PromotionRefused where another one lies there."""
    name = branch_name(planned.promotion)
    here, there = GitBranch(opened.repository, name, remote=remote).local_and_remote()
    for tip in dict.fromkeys(tip for tip in (here, there) if tip is not None):
        waiting = {} if replace else _not_merged(opened, planned, tip)
        for id, promotion in waiting.items():
            if _alike(promotion, planned.promotion):
                return Placed(name, tip, id, promotion, replaced=there, again=True)
        if waiting:
            _refuse(name, planned, remote if tip == there else None)
        if not replace and not _done_with(opened, tip, planned.promotion.base):
            _refuse(name, planned, remote if tip == there else None, holds="something else")
    branch = GitBranch(opened.repository, name, remote=None)
    commit = branch.commit_anew(
        planned.changes, planned.message, base=planned.promotion.base, instead_of=here
    )
    return Placed(name, commit, planned.id, planned.promotion, replaced=there)


def _not_merged(opened: OpenRegistry, planned: Planned, tip: str) -> dict[str, Promotion]:
    """The promotions of this version to this stage that only the branch has, by id."""
    wanted = planned.promotion
    branch = opened.branch
    folder = promotion_path(wanted.model, "").rpartition("/")[0]
    merged = set(branch.children(folder, at=wanted.base))
    found: dict[str, Promotion] = {}
    for child in branch.children(folder, at=tip):
        id = child.removesuffix(SUFFIX)
        parts = taken_apart(id)
        if child in merged or parts is None:
            continue
        if (parts.version, parts.stage) == (wanted.version, wanted.to):
            path = f"{folder}/{child}"
            found[id] = load_record(path, branch.read(path, at=tip), Promotion)
    return found


def _alike(one: Promotion, other: Promotion) -> bool:
    """Is it the same but for its time?"""
    return msgspec.structs.replace(one, at=other.at, verdicts=other.verdicts) == other


def _done_with(opened: OpenRegistry, tip: str, base: str) -> bool:
    """True for a branch that was merged, or squashed: all that it promotes is on the base."""
    repository, branch = opened.repository, opened.branch
    if repository.run("merge-base", "--is-ancestor", tip, base).code == 0:
        return True
    parted = repository.git("merge-base", tip, base, check=False).partition("\n")[0]
    before, after = (branch.tree(REGISTRY, at=at) if at else None for at in (parted, tip))
    if before is None or after is None:
        return False
    changed = branch.changed(before, after, under=REGISTRY)
    promoted = [path for path, _ in changed if path.split("/")[2:3] == ["promotions"]]
    return bool(promoted) and all(
        path.rpartition("/")[2] in branch.children(path.rpartition("/")[0], at=base)
        for path in promoted
    )


def _refuse(
    name: str, planned: Planned, remote: str | None, *, holds: str | None = None
) -> NoReturn:
    what = planned.promotion
    holds = holds or f"another promotion of {what.model} v{what.version} to {what.to}"
    where = f"{remote}/{name}" if remote else name
    close = f"git push {remote} --delete {name}" if remote else f"git branch -D {name}"
    raise PromotionRefused(
        f"the branch {where} holds {holds}, which is not merged",
        hint=f"add  --replace  to put this one in its place, or give it up:  {close}",
    )
