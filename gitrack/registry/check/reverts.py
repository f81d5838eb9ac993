"""`git revert` of a promotion: its record goes, and who stood there before stands there again.

That is a rollback in git's own words, and allowed as one: only of the last promotion to a stage,
and only if it puts back exactly what the promotion had changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.errors import GitrackError, PromotionRefused
from gitrack.model.promotion import Promotion, Verdict
from gitrack.registry.check.changes import Change
from gitrack.registry.check.claims import versions
from gitrack.registry.check.findings import Reverted, unreadable
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, Spot
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import failed, judge, waiting
from gitrack.registry.promotion.allowed import refuse_stranger
from gitrack.registry.promotion.plan import latest_to
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import stage_path

_INSTEAD = "restore the file, and type  gitrack rollback {model} --to-version N --why …"


def check_reverts(sight: Sight) -> tuple[list[Reverted], set[str]]:
    """(promotions that are taken back, paths of the stage files which that explains)."""
    done: list[Reverted] = []
    explained: set[str] = set()
    by_model: dict[str, list[tuple[Spot, Change]]] = {}
    for spot, change in sight.of(Kind.PROMOTION):
        if change.after is None:
            by_model.setdefault(spot.owner, []).append((spot, change))
    for model, removed in by_model.items():
        if len(removed) > 1:
            _refuse(
                sight,
                model,
                removed[0][1],
                "removes several promotions at once; history is "
                "taken back one by one, the last first",
            )
            explained.update(
                path
                for path, (spot, _) in sight.spots.items()
                if spot.kind is Kind.STAGE and spot.owner == model
            )
            continue
        found = _one(sight, *removed[0])
        explained.update(
            path
            for path, (spot, _) in sight.spots.items()
            if spot.kind is Kind.STAGE and spot.owner == model
        )
        if found is not None:
            done.append(found)
    return done, explained


def _one(sight: Sight, spot: Spot, change: Change) -> Reverted | None:
    model = spot.owner
    promotion = sight.before.promotion(model, spot.name)
    if promotion is None:
        _refuse(sight, model, change, f"removes {spot.name}, which cannot be read on the base")
        return None
    latest = latest_to(sight.before, model, promotion.to)
    if latest != spot.name:
        _refuse(
            sight,
            model,
            change,
            f"removes the promotion {spot.name}, after which {latest} "
            f"came: only the last one to a stage can be taken back",
        )
        return None
    commit = _commit_that_added(sight, change.path)
    if commit is None:
        _refuse(
            sight,
            model,
            change,
            f"removes {spot.name}, and no commit of the base shows what "
            "it had changed (a shallow clone lacks it: git fetch --unshallow)",
        )
        return None
    if not _puts_back(sight, model, promotion, change, commit):
        return None
    authors = sight.commits.which_remove(change.path)
    author = str(authors[-1].author) if authors else None
    _may(sight, model, promotion, change, author)
    verdicts = _rollback_gates(sight, model, promotion, change, author)
    return Reverted(
        id=spot.name, path=change.path, promotion=promotion, author=author, verdicts=verdicts
    )


def _commit_that_added(sight: Sight, path: str) -> str | None:
    """The commit of the base's history that brought the record, with a parent to look at."""
    found = sight.trees.repository.git(
        *("log", "-1", "--no-renames", "--diff-filter=A"),
        *("--format=%H", sight.base, "--", f":(literal){path}"),
    )
    if not found:
        return None
    return found if sight.trees.reader.commit(found).parents else None


def _stages(sight: Sight, commit: str, model: str) -> dict[str, list[int]]:
    return Registry(sight.opened.branch, at=commit).stages(model)


def _puts_back(sight: Sight, model: str, promotion: Promotion, change: Change, commit: str) -> bool:
    """Each stage is afterwards as it was before the promotion came."""
    parent = sight.trees.reader.commit(commit).parents[0].hex()
    before, after = _stages(sight, parent, model), _stages(sight, commit, model)
    now = sight.standing(model)
    good = True
    touched = {spot.name for spot, _ in sight.of(Kind.STAGE) if spot.owner == model}
    for stage in sorted({*before, *after, *now, *touched}):
        old, new, here = (side.get(stage, []) for side in (before, after, now))
        wanted = _wanted(stage, old, new, here)
        if wanted is None:
            _refuse(
                sight,
                model,
                change,
                f"takes back {promotion.version} of {model}, but who "
                f"stands in {stage} has changed since ({versions(here)})",
            )
            good = False
            continue
        found = sight.stage_after(model, stage)
        if found is not None and found != wanted:
            _refuse(
                sight,
                model,
                change,
                f"takes back the promotion of v{promotion.version} to "
                f"{promotion.to}, which leaves {versions(wanted)} in {stage} of {model}, but "
                f"after the merge {versions(found)} would stand there",
                path=stage_path(model, stage),
            )
            good = False
    return good


def _wanted(stage: str, old: list[int], new: list[int], here: list[int]) -> list[int] | None:
    """Who should stand in a stage afterwards; None if that cannot be said any more."""
    if old == new:
        return here
    if here == new:
        return old
    if stage != ARCHIVE:
        return None
    # others came to the archive since: only those whom this promotion had sent leave it
    gone = set(new) - set(old)
    return [number for number in here if number not in gone]


def _may(
    sight: Sight, model: str, promotion: Promotion, change: Change, author: str | None
) -> None:
    if author is None or promotion.to not in sight.ruling.policy.stages(model):
        return
    try:
        refuse_stranger(sight.ruling.policy, model, promotion.to, author)
    except PromotionRefused as error:
        sight.refuse("promoter", error.message, error.hint, change.path)


def _rollback_gates(
    sight: Sight, model: str, promotion: Promotion, change: Change, author: str | None
) -> list[Verdict]:
    """What the policy asks of a version that comes back to a stage."""
    rules: Mapping[str, object] = sight.ruling.policy.stages(model)
    if promotion.to not in rules:
        return []
    after = sight.stage_after(model, promotion.to) or []
    back = [number for number in after if number not in sight.before.stage(model, promotion.to)]
    when: datetime = sight.now
    verdicts: list[Verdict] = []
    for number in back:
        try:
            case = Case(
                sight.opened,
                model,
                sight.before.version(model, number),
                promotion.to,
                at=sight.base,
                when=when,
                ruling=sight.ruling,
                promoter=author,
                approvals=[*sight.approvals, *sight.commits.approvals()[0]],
                fetch=sight.artifacts or sight.run_gates,
                run_code=sight.run_gates,
                checked=True,
            )
            found = judge(case, back=True)
        except GitrackError as error:
            sight.findings.append(
                msgspec.structs.replace(unreadable(error, change.path), rule="gate")
            )
            continue
        for verdict in [*failed(found), *waiting(found)]:
            sight.refuse(
                "gate",
                f"v{number} of {model}, which would come back to {promotion.to}, "
                f"does not pass '{verdict.gate}': {verdict.says}",
                "mend that first",
                change.path,
            )
        verdicts += found
    return verdicts


def _refuse(
    sight: Sight, model: str, change: Change, says: str, *, path: str | None = None
) -> None:
    sight.refuse("append-only", says, _INSTEAD.format(model=model), path or change.path)
