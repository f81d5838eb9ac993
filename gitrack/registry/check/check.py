"""Judge a pull request to the tracking branch. Nothing is checked out, none of its code is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from gitrack.errors import GitrackError, NotFound, UsageError
from gitrack.model.promotion import Promotion
from gitrack.registry.check.changes import Change, Changes, Malformed, Trees, of_pull_request
from gitrack.registry.check.claims import again
from gitrack.registry.check.entries import check_entries
from gitrack.registry.check.findings import (
    Checked,
    JudgedPromotion,
    Level,
    Reverted,
)
from gitrack.registry.check.history import check_history, few_enough
from gitrack.registry.check.promotions import added_promotions, check_promotions
from gitrack.registry.check.reverts import check_reverts
from gitrack.registry.check.rules import check_files
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, spot_of
from gitrack.registry.gates.approval import Approval
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.plan import latest_to
from gitrack.registry.ruling import Ruling, ruling_of
from gitrack.store.codec.records import load_record

_ORDER = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTE: 2}


def check(
    opened: OpenRegistry,
    base: str,
    head: str,
    *,
    base_name: str | None = None,
    head_name: str | None = None,
    ruling: Ruling | None = None,
    approvals: Sequence[Approval] = (),
    artifacts: bool = False,
    run_gates: bool = True,
    require_signed: bool = False,
    now: datetime | None = None,
) -> Checked:
    """What a pull request from commit `head` to commit `base` of the tracking branch would do.

    `ruling` is the policy that judges (default: that of the code's default branch; one that lies
    in the working tree only never counts). `approvals` are those of the host's reviews. Raises
    NotFound for a commit that is not here, ConfigError for a policy that is wrong.
    """
    _not_checked_out(opened, base, head)
    trees = Trees(opened.repository)
    changes = of_pull_request(trees, base, head)
    sight = Sight(
        opened,
        changes,
        ruling=in_force(opened) if ruling is None else ruling,
        now=now or datetime.now(UTC),
        approvals=approvals,
        artifacts=artifacts,
        run_gates=run_gates,
        require_signed=require_signed,
    )
    promotions, reverted = _judge(sight)
    findings = sorted(
        dict.fromkeys(sight.findings), key=lambda found: (_ORDER[found.level], found.path or "")
    )
    return Checked(
        base=base,
        head=head,
        merge_base=changes.merge_base,
        base_name=base_name or base,
        head_name=head_name or head,
        policy=sight.ruling.source,
        findings=findings,
        promotions=promotions,
        reverted=reverted,
        counts=_counts(sight),
    )


def in_force(opened: OpenRegistry, revision: str | None = None) -> Ruling:
    """The policy of the code's default branch, or of another revision of the code.

    That of the working tree is none: in a job it may be anybody's.
    """
    found = ruling_of(opened.place, revision=revision)
    if found.used is not None and found.used.commit is None:
        return Ruling()
    return found


def _not_checked_out(opened: OpenRegistry, base: str, head: str) -> None:
    """Refuse to judge from a checkout of the pull request, whose settings would be its own."""
    repository = opened.repository
    if repository.worktree is None or base == head:
        return
    here = repository.git("rev-parse", "--verify", "--quiet", "HEAD", check=False)
    if here and repository.run("merge-base", "--is-ancestor", head, here).code == 0:
        raise UsageError(
            "the pull request itself is checked out here, so its own settings would judge it",
            hint="check out the code's default branch:  git switch main",
        )


def _judge(sight: Sight) -> tuple[list[JudgedPromotion], list[Reverted]]:
    """All rules in order; what cannot be merged or read is not judged further."""
    changes = sight.changes
    if not _one_line(sight, changes) or not few_enough(sight):
        return [], []
    try:
        everything = changes.all
    except Malformed as error:
        sight.refuse("malformed", error.why, "write the branch again with git", error.path or None)
        return [], []
    if not everything:
        sight.note("nothing", "changes nothing that the base does not have")
        return [], []
    if changes.conflicts:
        for change in changes.conflicts[:20]:
            _conflict(sight, change)
        check_files(sight)
        return [], []
    check_files(sight)
    check_entries(sight)
    check_history(sight)
    added = added_promotions(sight)
    reverted, explained = check_reverts(sight)
    return check_promotions(sight, added, explained), reverted


def _one_line(sight: Sight, changes: Changes) -> bool:
    bases = changes.merge_bases
    if len(bases) == 1:
        return True
    branch = sight.opened.branch.name
    if not bases and sight.opened.repository.shallow:
        raise NotFound(
            "this clone is shallow, and lacks the commit where the pull request left its base",
            hint="type  git fetch --unshallow",
        )
    if not bases:
        sight.refuse(
            "unrelated",
            f"shares no history with {branch}: it is not a branch of it",
            f"begin the branch at {branch}: gitrack promote does",
        )
    else:
        sight.refuse(
            "unrelated",
            f"was merged crosswise with {branch}, so that what it changes cannot be told",
            f"make it anew from the tip of {branch}",
        )
    return False


def _conflict(sight: Sight, change: Change) -> None:
    """Base and pull request changed one file: in words of what happened, where that is known."""
    spot = spot_of(change.path)
    if spot.kind is Kind.STAGE:
        latest = latest_to(sight.before, spot.owner, spot.name)
        other = sight.before.promotion(spot.owner, latest) if latest is not None else None
        mine = _own_promotion(sight, spot.owner)
        do = (
            f"put it anew in the place of this one:  {again(mine)} --replace"
            if mine is not None
            else ("close this, and promote again")
        )
        if other is not None:
            verb = "rolled back" if other.kind == "rollback" else "promoted"
            sight.refuse(
                "conflict",
                f"since this was opened, v{other.version} of {spot.owner} was "
                f"{verb} to {spot.name} by {other.by}",
                do,
                change.path,
            )
            return
        sight.refuse(
            "conflict",
            f"since this was opened, who stands in {spot.name} of {spot.owner} has changed",
            do,
            change.path,
        )
    elif spot.kind is Kind.VERSION:
        sight.refuse(
            "conflict",
            f"since this was opened, another v{spot.number} of {spot.owner} was registered",
            "type  gitrack pull : it gives yours the next number",
            change.path,
        )
    else:
        sight.refuse(
            "conflict",
            f"since this was opened, {sight.opened.branch.name} has changed "
            "this file as well, in another way",
            "close this, and do it again on top of what is there",
            change.path,
        )


def _own_promotion(sight: Sight, model: str) -> Promotion | None:
    for spot, change in sight.of(Kind.PROMOTION):
        if spot.owner == model and change.before is None and change.after is not None:
            try:
                if sight.sizes.get(change.after.id, 0) <= 1 << 20:
                    return load_record(change.path, sight.data(change), Promotion)
            except GitrackError:
                return None  # told by its own rule
    return None


def _counts(sight: Sight) -> dict[str, int]:
    """`{'run': 12, 'stage': 2}`: of runs and versions what is new, of all else the files."""
    if sight.changes.merge_base is None:
        return {}
    try:
        spots = sight.spots.values()
    except Malformed:
        return {}
    counted: Counter[str] = Counter()
    runs = {spot.owner for spot, _ in spots if spot.kind is Kind.RUN}
    for spot, _ in spots:
        if spot.kind is not Kind.RUN:
            counted[spot.kind.value] += 1
    if runs:
        counted["run"] = len(runs)
    return dict(sorted(counted.items()))
