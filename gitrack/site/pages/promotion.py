"""A promotion with all that it recorded: what the gates said, and what a reader looks up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitrack.model.audit import AuditedPromotion
from gitrack.model.promotion import Promotion, Verdict
from gitrack.site import display
from gitrack.site.pages.frame import Cell, when
from gitrack.site.pages.registry import Promoted, promotion_anchor, tally


class VerdictRow(msgspec.Struct, frozen=True, kw_only=True):
    """A gate in the table of a promotion."""

    gate: str
    outcome: str
    says: str
    value: str
    required: str
    margin: str | None
    baseline: str | None
    source: str | None
    nearby: str
    via: str | None


class PromotionView(Promoted, frozen=True, kw_only=True):
    """A promotion with all that it recorded; `verdicts` is None where only the count is shown."""

    anchor: str
    facts: tuple[Cell, ...]
    verdicts: tuple[VerdictRow, ...] | None
    open: bool


def promotion_view(
    id: str,
    promotion: Promotion,
    *,
    judged: bool,
    open: bool,
    audited: AuditedPromotion | None,
) -> PromotionView:
    verdicts = tuple(_verdict(verdict) for verdict in promotion.verdicts) if judged else None
    return PromotionView(
        anchor=promotion_anchor(id),
        version=promotion.version,
        kind=promotion.kind,
        source=promotion.source,
        to=promotion.to,
        at=when(promotion.at),
        by=display.person(promotion.by) or None,
        why=promotion.why,
        draft=promotion.draft,
        tally=tally(promotion),
        facts=_facts(id, promotion, audited),
        verdicts=verdicts,
        open=open,
    )


def _facts(id: str, promotion: Promotion, audited: AuditedPromotion | None) -> tuple[Cell, ...]:
    """What a reader who checks it wants to look up."""
    policy, follows = promotion.policy, promotion.follows
    approvers = [display.person(one.by) for one in audited.approvers] if audited else []
    told = [
        ("came from", promotion.source or "no stage"),
        ("stood there before", _numbers(promotion.expected)),
        ("went to the archive", _numbers(promotion.archived)),
        ("stay beside it", _numbers(promotion.kept)),
        ("judged at", promotion.base[:12]),
        ("policy of commit", policy.commit[:12] if policy and policy.commit else None),
        ("policy digest", policy.sha256[:12] if policy else None),
        ("follows", follows.promotion if follows else None),
        ("release tag", promotion.tag),
        ("pull request", audited.pull_request if audited else None),
        ("approved by", ", ".join(name for name in approvers if name)),
        ("came to the branch with", (audited.landed or "")[:12] if audited else None),
        ("took effect", display.absolute(audited.effective) if audited else None),
        ("taken back by", (audited.reverted or "")[:12] if audited else None),
        ("judged again", _judged_again(audited)),
        ("record", id),
    ]
    return tuple(Cell(name, value) for name, value in told if value)


def _judged_again(audited: AuditedPromotion | None) -> str | None:
    if audited is None or not audited.judged_again:
        return None
    told = {"same": "the gates say the same", "differs": "the gates say something else"}
    return told.get(audited.judged_again)


def _verdict(verdict: Verdict) -> VerdictRow:
    margin = None
    if verdict.margin is not None:
        shown = display.number(verdict.margin)
        margin = shown if shown.startswith("-") else f"+{shown}"
    return VerdictRow(
        gate=verdict.gate,
        outcome=str(verdict.outcome),
        says=display.unaddressed(verdict.says),
        value=_shown(verdict.value),
        required=_shown(verdict.required),
        margin=margin,
        baseline=None if verdict.baseline is None else display.number(verdict.baseline),
        source=verdict.source,
        nearby=verdict.nearby,
        via=verdict.via,
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else display.number(value)


def _numbers(values: Sequence[int]) -> str | None:
    return ", ".join(f"v{value}" for value in values) or None
