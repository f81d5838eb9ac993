"""The promotions of a pull request: each stage that changes is explained by exactly one of them.

Everything that a promotion claims is looked up on the base again: who stood there, what the run
recorded, what came before, and by the gates of the policy in force whether it may be promoted.
"""

from __future__ import annotations

from gitrack.model.promotion import Promotion
from gitrack.registry.check.changes import Change
from gitrack.registry.check.claims import (
    again,
    check_base,
    check_chain,
    check_policy,
    check_promoter,
    check_record,
    check_time,
    check_words,
    new_one,
    step_of,
    version_of,
    versions,
)
from gitrack.registry.check.findings import JudgedPromotion
from gitrack.registry.check.gating import judge_promotion
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, Spot
from gitrack.registry.transition import Move
from gitrack.store.registry.checks import promotes
from gitrack.store.registry.paths import stage_path


def added_promotions(sight: Sight) -> dict[str, list[tuple[Spot, Change, Promotion]]]:
    """By model: what the pull request promotes, as far as it can be read."""
    found: dict[str, list[tuple[Spot, Change, Promotion]]] = {}
    for spot, change in sight.of(Kind.PROMOTION):
        if change.before is not None:
            if change.after is not None:
                sight.refuse(
                    "append-only",
                    f"changes the record of the promotion {spot.name}, "
                    "which is on the base already",
                    "restore the file; history is not written again",
                    change.path,
                )
            continue
        promotion = sight.record(change, Promotion)
        if promotion is None:
            continue
        why = promotes(spot.owner, spot.name)(promotion)
        if why is not None:
            sight.refuse(
                "misplaced", why, "gitrack promote writes it: " + again(promotion), change.path
            )
            continue
        found.setdefault(spot.owner, []).append((spot, change, promotion))
    return found


def check_promotions(
    sight: Sight, added: dict[str, list[tuple[Spot, Change, Promotion]]], reverted: set[str]
) -> list[JudgedPromotion]:
    """Judge them all. `reverted` are paths of stages that taking back a promotion explains."""
    judged: list[JudgedPromotion] = []
    explained = set(reverted)
    for model, promotions in added.items():
        touched: dict[str, str] = {}
        for spot, change, promotion in promotions:
            step, done = _one(sight, spot, change, promotion)
            judged.append(done)
            if step is None:
                # its stages are told once, by the reason why it may not move
                explained.update(path for path in sight.spots if _is_stage_of(path, model))
                continue
            for stage in step.stages:
                path = stage_path(model, stage)
                if stage in touched or path in reverted:
                    sight.refuse(
                        "two-at-once",
                        f"{spot.name} and "
                        f"{touched.get(stage, 'what is taken back')} both change who "
                        f"stands in {stage} of {model}",
                        "one promotion a pull request: close this one and promote them "
                        "one after the other",
                        change.path,
                    )
                touched[stage] = spot.name
                explained.add(path)
                _stage_is(sight, model, stage, step.stages[stage], promotion)
    for spot, change in sight.of(Kind.STAGE):
        if change.path not in explained:
            _unexplained(sight, spot, change)
    return judged


def _is_stage_of(path: str, model: str) -> bool:
    return path.startswith(f"registry/{model}/stages/")


def _unexplained(sight: Sight, spot: Spot, change: Change) -> None:
    before = sight.before.stage(spot.owner, spot.name)
    after = sight.stage_after(spot.owner, spot.name)
    if after is None:
        return  # told as unreadable
    if before == after and change.after is not None:
        sight.refuse(
            "unexplained-stage",
            f"rewrites the stage {spot.name} of {spot.owner} without changing who stands there",
            "restore the file",
            change.path,
        )
        return
    newest = after[-1] if after else None
    do = (
        f"gitrack promote {spot.owner} {newest} --to {spot.name} --why …"
        if newest
        else ("restore the file")
    )
    sight.refuse(
        "unexplained-stage",
        f"changes who stands in {spot.name} of {spot.owner} from "
        f"{versions(before)} to {versions(after)}, and no promotion of this pull request "
        "says why",
        do,
        change.path,
    )


def _stage_is(
    sight: Sight, model: str, stage: str, wanted: list[int], promotion: Promotion
) -> None:
    after = sight.stage_after(model, stage)
    if after is not None and after != wanted:
        sight.refuse(
            "stage-differs",
            f"after the merge {versions(after)} would stand in {stage} "
            f"of {model}, but promoting v{promotion.version} to {promotion.to} leaves "
            f"{versions(wanted)} there",
            new_one(promotion),
            stage_path(model, stage),
        )


def _one(
    sight: Sight, spot: Spot, change: Change, promotion: Promotion
) -> tuple[Move | None, JudgedPromotion]:
    """One promotion: where it goes, and what its gates say; findings are kept aside."""
    done = JudgedPromotion(id=spot.name, path=change.path, promotion=promotion)
    done = check_promoter(sight, change, promotion, done)
    version = version_of(sight, change, promotion)
    step = step_of(sight, change, promotion) if version is not None else None
    check_time(sight, change, promotion)
    check_chain(sight, spot, change, promotion)
    if promotion.draft:
        sight.refuse(
            "draft",
            f"{spot.name} is a draft: it shows what a promotion would be, and "
            "its gates need not pass",
            "when they do, " + new_one(promotion),
            change.path,
        )
    if version is not None:
        check_record(sight, change, promotion, version)
    check_words(sight, change, promotion)
    current = check_policy(sight, change, promotion)
    if version is None or step is None or not check_base(sight, change, promotion):
        return step, done
    return step, judge_promotion(sight, change, done, version, current_policy=current)
