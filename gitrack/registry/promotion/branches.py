"""The branch of a pull request: one commit on top of the tracking branch as it was judged."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

import msgspec

from gitrack.errors import PromotionRefused
from gitrack.model.promotion import Promotion
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.plan import Planned
from gitrack.store.codec.records import load_record
from gitrack.store.git.branch import GitBranch
from gitrack.store.registry.paths import SUFFIX, promotion_path, taken_apart


class Placed(NamedTuple):
    """A branch with the promotion. `replaced` is what the branch held before, on either side.

    `again` says that the same promotion lay there already.
    """

    branch: str
    commit: str
    replaced: str | None = None
    again: bool = False


def branch_name(promotion: Promotion) -> str:
    """`promote/churn-v7-production`."""
    word = "rollback" if promotion.kind == "rollback" else "promote"
    return f"{word}/{promotion.model}-v{promotion.version}-{promotion.to}"


def place(
    opened: OpenRegistry, planned: Planned, *, replace: bool = False, remote: str | None = None
) -> Placed:
    """Write the promotion to its branch. Raises PromotionRefused where another one lies there."""
    name = branch_name(planned.promotion)
    here, there = GitBranch(opened.repository, name, remote=remote).local_and_remote()
    for tip in dict.fromkeys(tip for tip in (here, there) if tip is not None):
        waiting = [] if replace else _not_merged(opened, planned, tip)
        if planned.promotion in waiting and tip == (here or there):
            return Placed(name, tip, replaced=there, again=True)
        if waiting:
            _refuse(name, planned, remote if tip == there else None)
    if here is not None:
        words = ("update-ref", "-m", "gitrack promote", "-d", f"refs/heads/{name}", here)
        opened.repository.git(*words)
    branch = GitBranch(opened.repository, name, remote=None, start=planned.promotion.base)
    return Placed(name, branch.commit(planned.changes, planned.message), replaced=there)


def _not_merged(opened: OpenRegistry, planned: Planned, tip: str) -> list[Promotion]:
    """The promotions of this version to this stage that only the branch has.

    One that is ours but for its time comes as ours.
    """
    wanted = planned.promotion
    branch = opened.branch
    folder = promotion_path(wanted.model, "").rpartition("/")[0]
    merged = set(branch.children(folder, at=wanted.base))
    found = []
    for child in branch.children(folder, at=tip):
        parts = taken_apart(child.removesuffix(SUFFIX))
        if child in merged or parts is None:
            continue
        if (parts.version, parts.stage) == (wanted.version, wanted.to):
            path = f"{folder}/{child}"
            other = load_record(path, branch.read(path, at=tip), Promotion)
            alike = msgspec.structs.replace(other, at=wanted.at, verdicts=wanted.verdicts)
            found.append(wanted if alike == wanted else other)
    return found


def _refuse(name: str, planned: Planned, remote: str | None) -> NoReturn:
    what = planned.promotion
    where = f"{remote}/{name}" if remote else name
    close = f"git push {remote} --delete {name}" if remote else f"git branch -D {name}"
    raise PromotionRefused(
        f"the branch {where} holds another promotion of {what.model} v{what.version} to "
        f"{what.to}, which is not merged",
        hint=f"add  --replace  to put this one in its place, or give it up:  {close}",
    )
