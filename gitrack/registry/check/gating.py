"""The gates of a promotion, judged again on the base, and held against what the record says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gitrack.config.gates import ArtifactGate
from gitrack.errors import GitrackError
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.registered import ModelVersion
from gitrack.registry.check.changes import Change
from gitrack.registry.check.findings import JudgedPromotion
from gitrack.registry.check.sight import Sight
from gitrack.registry.gates.approval import Approval
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import Rejudged, failed, rejudge, waiting
from gitrack.registry.gates.table import judge_of
from gitrack.registry.people import known_as

_MOST_TOLD = 30


def judge_promotion(
    sight: Sight,
    change: Change,
    done: JudgedPromotion,
    version: ModelVersion,
    *,
    current_policy: bool,
) -> JudgedPromotion:
    """Judged twice where the base has moved: what was recorded must have been true on the commit
    that it names, and the gates must hold on the base as it is now."""
    promotion = done.promotion
    approvals = _approvals(sight)
    try:
        then = _judged(sight, done, version, promotion.base, approvals)
        now = (
            then
            if promotion.base == sight.base
            else _judged(sight, done, version, sight.base, approvals)
        )
    except (GitrackError, ValueError) as error:
        says = error.message if isinstance(error, GitrackError) else str(error)
        hint = error.hint if isinstance(error, GitrackError) else None
        sight.refuse("verdicts", f"the gates cannot be judged again: {says}", hint, change.path)
        return done
    if current_policy:  # by another policy it differs for that reason, which is told
        _disagreements(sight, change, then)
    _outcomes(sight, change, promotion, now)
    _four_eyes(sight, change, promotion, version, now.verdicts, approvals)
    if sight.artifacts:
        _artifact(sight, change, done, version)
    return msgspec.structs.replace(
        done,
        verdicts=now.verdicts,
        unjudged=[f"{each.gate}: {each.why}" for each in now.unjudged],
    )


def _judged(
    sight: Sight,
    done: JudgedPromotion,
    version: ModelVersion,
    at: str,
    approvals: Sequence[Approval],
) -> Rejudged:
    return rejudge(_case(sight, done, version, at, approvals), done.promotion)


def _case(
    sight: Sight,
    done: JudgedPromotion,
    version: ModelVersion,
    at: str,
    approvals: Sequence[Approval],
) -> Case:
    return Case.of_promotion(
        sight.opened,
        done.promotion,
        version,
        sight.ruling,
        id=done.id,
        at=at,
        approvals=approvals,
        fetch=sight.artifacts or sight.run_gates,
        run_code=sight.run_gates,
    )


def _approvals(sight: Sight) -> list[Approval]:
    """Those of the host's reviews, and of trailers that their own authors have signed."""
    given, void = sight.commits.approvals()
    for says in void:
        sight.warn(
            "approval",
            f"this approval does not count: {says}",
            "approve in the review of the pull request",
        )
    return [*sight.approvals, *given]


def _disagreements(sight: Sight, change: Change, then: Rejudged) -> None:
    do = "close this pull request, and promote it again from what is on the base"
    for each in then.disagreements[:_MOST_TOLD]:
        says = f"records what its run and its evidence do not support: {each.says}"
        sight.refuse("verdicts", says, do, change.path)
    if len(then.disagreements) > _MOST_TOLD:
        more = len(then.disagreements) - _MOST_TOLD
        sight.refuse("verdicts", f"and {more} more verdicts that do not agree", do, change.path)


def _outcomes(sight: Sight, change: Change, promotion: Promotion, now: Rejudged) -> None:
    what = f"v{promotion.version} of {promotion.model}"
    for verdict in failed(now.verdicts):
        sight.refuse(
            "gate",
            f"{what} does not pass '{verdict.gate}': {verdict.says}",
            f"mend that, or change the rule for {promotion.to} in the policy",
            change.path,
        )
    for verdict in waiting(now.verdicts):
        sight.refuse(
            "waiting",
            f"{what} waits for '{verdict.gate}': {verdict.says}",
            "approve in the review of this pull request, or type  gitrack evidence add "
            f"{promotion.model} {promotion.version} approval",
            change.path,
        )
    for each in now.unjudged:
        said = each.recorded
        if said is None or said.outcome is not Outcome.PASSED:
            outcome = "nothing" if said is None else f"'{said.outcome}'"
            sight.refuse(
                "gate",
                f"'{each.gate}' cannot be judged here ({each.why}), and the "
                f"promotion records {outcome} of it",
                "promote it again",
                change.path,
            )
        else:
            sight.warn(
                "unjudged",
                f"'{each.gate}' was not judged here ({each.why}); the promoter "
                f"records: {said.says}",
                "run the check where it can be judged",
                change.path,
            )


def _four_eyes(
    sight: Sight,
    change: Change,
    promotion: Promotion,
    version: ModelVersion,
    verdicts: Sequence[Verdict],
    approvals: Sequence[Approval],
) -> None:
    """Where the policy asks for approvals, somebody else than the promoter has given one."""
    if not any(
        verdict.kind == "approvals" and verdict.outcome is Outcome.PASSED for verdict in verdicts
    ):
        return
    case = _case(
        sight, JudgedPromotion(id="", path="", promotion=promotion), version, sight.base, approvals
    )
    people = case.people
    mine = people.person(promotion.by) or frozenset((known_as(promotion.by),))
    given = [
        each.proof.by
        for each in case.evidence
        if each.proof.kind == "approval" and each.proof.passed
    ]
    given += [approval.by for approval in approvals]
    others = [
        who for who in given if not (people.person(who) or frozenset((known_as(who),))) & mine
    ]
    if not others:
        sight.refuse(
            "four-eyes",
            f"{promotion.by} promotes v{promotion.version} of "
            f"{promotion.model} and is the only one who approved it",
            "somebody else must approve it in the review of this pull request",
            change.path,
        )


def _artifact(sight: Sight, change: Change, done: JudgedPromotion, version: ModelVersion) -> None:
    gate = ArtifactGate(artifact="in-remote")
    judged: Callable[[Case, Any], Any] = judge_of(gate)
    try:
        found = judged(_case(sight, done, version, sight.base, ()), gate)
    except GitrackError as error:
        sight.refuse(
            "artifacts",
            f"the artifact remote cannot be asked for the model: {error.message}",
            error.hint,
            change.path,
        )
        return
    if found.outcome is not Outcome.PASSED:
        sight.refuse(
            "artifacts",
            f"the model of v{version.version} is not whole in the artifact remote: {found.says}",
            "whoever has it types  gitrack push --registered",
            change.path,
        )
