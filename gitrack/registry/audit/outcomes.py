"""What came of a promotion: whether its gates, and the policy, would have let it through."""

from __future__ import annotations

from typing import NamedTuple

from gitrack.config.stage_name import NO_STAGE
from gitrack.errors import GitrackError
from gitrack.model.audit import Approver
from gitrack.model.promotion import Outcome, Promotion
from gitrack.registry.audit.findings import Findings
from gitrack.registry.people import known_as
from gitrack.registry.promotion.allowed import direct_allowed, refuse_stranger
from gitrack.registry.ruling import Ruling
from gitrack.store.git.ancestry import PastCommit
from gitrack.store.registry.paths import PromotionId


class Found(NamedTuple):
    """A record of a promotion, where and by which commit it was written."""

    id: str
    parts: PromotionId
    path: str
    blob: str
    commit: str
    record: Promotion


def tell_outcome(findings: Findings, one: Found, landed: str, approvers: list[Approver]) -> None:
    """Whether it took effect although a gate failed, or before people had approved."""
    record = one.record
    where = {"commit": landed, "path": one.path, "promotion": one.id}
    failed = [verdict.gate for verdict in record.verdicts if verdict.outcome is Outcome.FAILED]
    if failed or record.draft:
        why = f"although {', '.join(failed)} failed" if failed else "although it is a draft"
        findings.suspicious(
            "promoted-despite",
            f"{record.model} v{record.version} went to {record.to} {why}",
            "no check would have let it through",
            **where,
        )
    if not record.why.strip():
        findings.suspicious(
            "no-reason",
            f"{record.model} v{record.version} went to {record.to} without a reason",
            "gitrack asks for one: the promotion was written by hand",
            **where,
        )
    waiting = [v for v in record.verdicts if v.outcome is Outcome.WAITING]
    given = len({known_as(one.by) for one in approvers})
    for verdict in waiting:
        needed = verdict.required if isinstance(verdict.required, int) else 1
        if given < needed:
            findings.remark(
                "approvals-elsewhere",
                f"{record.model} v{record.version} waited for '{verdict.gate}' when it was "
                f"asked for; git knows of {given} approval{'s' * (given != 1)}",
                "reviews of a pull request are kept by its host, unless trailers name them",
                **where,
            )


def tell_allowed(
    findings: Findings,
    one: Found,
    ruling: Ruling,
    past: PastCommit,
    *,
    merged: bool,
    left: str | None,
) -> None:
    """Whether the policy allows the person, the way, and to do without a pull request.

    `past` is the commit that wrote the record; `merged` says that a merge or a host brought it;
    `left` is the stage that it comes from, if its commit left that as it was.
    """
    record = one.record
    rule = ruling.policy.stages(record.model).get(record.to)
    where = {"commit": one.commit, "path": one.path, "promotion": one.id}
    if rule is None:
        return  # told when it was judged again
    try:
        refuse_stranger(ruling.policy, record.model, record.to, record.by)
    except GitrackError as error:
        findings.suspicious("not-allowed", error.message, "policy forbids it", **where)
    source = record.source if record.source is not None else NO_STAGE
    if record.kind == "promotion" and rule.from_ and source not in rule.from_:
        findings.suspicious(
            "illegal-transition",
            f"{record.model} v{record.version} went from {source} to {record.to}, which is "
            f"entered from {', '.join(rule.from_)} only",
            "a step of the lifecycle was left out",
            **where,
        )
    if rule.exclusive and left is not None:
        findings.suspicious(
            "stage-left",
            f"{record.model} v{record.version} went to {record.to}, and still stands in {left}",
            "policy lets a version stand in one stage only: the promotion was written by hand",
            **where,
        )
    if not merged and past.author == past.committer and not direct_allowed(rule, record.kind):
        findings.remark(
            "no-merge",
            f"{record.model} v{record.version} went to {record.to} by a commit that no merge "
            "brought",
            "policy asks for a pull request; its fast-forward would leave no other trace",
            **where,
        )
