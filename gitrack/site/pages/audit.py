"""What an audit of the branch finds: whether anybody changed the record, and every promotion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.audit import Audit, AuditedPromotion, Finding, Severity
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.links import model_page
from gitrack.site.pages.frame import Frame, Moment, RunLink, run_link, when
from gitrack.site.pages.registry import promotion_anchor

_FINDINGS = 400
_PROMOTIONS = 500
_MEANING = {
    Severity.TAMPERING: "Honest work with gitrack does not leave these behind.",
    Severity.SUSPICIOUS: "An accident could explain these; somebody has to.",
    Severity.REMARK: "To know, and no fault.",
}


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be, and how to look at it."""

    kind: str
    what: str
    means: str
    who: str | None
    when: Moment | None
    look: str | None
    model: str | None
    href: str | None
    run: RunLink | None


class FindingGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The findings of one severity."""

    severity: str
    word: str
    means: str
    count: int
    findings: tuple[FindingView, ...]
    more: int


class AuditedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion as the history of the branch has it."""

    model: str
    version: int
    href: str
    kind: str
    to: str
    effective: Moment | None
    by: str | None
    approvers: tuple[str, ...]
    request: str | None
    commit: str
    signature: str
    judged: str
    judged_word: str
    policy: str
    policy_word: str
    reverted: str | None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `audit.html` may use. `worst` is the word of the worst that was found."""

    frame: Frame
    title: str
    clean: bool
    worst: str
    models: int
    count: int
    groups: tuple[FindingGroup, ...]
    promotions: tuple[AuditedRow, ...]
    more: int


def audit_page(frame: Frame, audit: Audit, runs: Mapping[str, Run]) -> AuditPage:
    """An audit; `runs` are those that findings are about and that have a page, by id."""
    groups = tuple(
        _group(severity, found, runs) for severity in Severity if (found := audit.of(severity))
    )
    newest = sorted(audit.promotions, key=lambda one: (one.at, one.id, one.model), reverse=True)
    return AuditPage(
        frame=frame,
        title="Audit",
        clean=audit.clean,
        worst=groups[0].severity if groups else "",
        models=len({one.model for one in audit.promotions}),
        count=len(audit.promotions),
        groups=groups,
        promotions=tuple(map(_row, newest[:_PROMOTIONS])),
        more=max(0, len(newest) - _PROMOTIONS),
    )


def _group(
    severity: Severity, findings: Sequence[Finding], runs: Mapping[str, Run]
) -> FindingGroup:
    words = {Severity.TAMPERING: "failed", Severity.SUSPICIOUS: "warn"}
    return FindingGroup(
        severity=str(severity),
        word=words.get(severity, ""),
        means=_MEANING[severity],
        count=len(findings),
        findings=tuple(_finding(one, runs) for one in findings[:_FINDINGS]),
        more=max(0, len(findings) - _FINDINGS),
    )


def _finding(one: Finding, runs: Mapping[str, Run]) -> FindingView:
    run = runs.get(one.run or "")
    href = None
    if one.model is not None:
        href = model_page(one.model)
        href += f"#{promotion_anchor(one.promotion)}" if one.promotion else ""
    return FindingView(
        kind=one.kind,
        what=display.unaddressed(one.what),
        means=one.means,
        who=display.person(one.who) or None,
        when=when(one.when) if one.when else None,
        look=one.look,
        model=one.model,
        href=href,
        run=run_link(run) if run else None,
    )


def _row(one: AuditedPromotion) -> AuditedRow:
    told = {"same": ("the same", "finished"), "differs": ("something else", "failed")}
    judged, word = told.get(one.judged_again, ("not judged again", ""))
    force = {True: ("in force", "finished"), False: ("not in force", "warn")}
    policy, policy_word = force.get(one.policy.in_force, (one.policy.state, ""))  # type: ignore[arg-type]  # None: nobody knows
    return AuditedRow(
        model=one.model,
        version=one.version,
        href=f"{model_page(one.model)}#{promotion_anchor(one.id)}",
        kind=one.kind,
        to=one.to,
        effective=when(one.effective) if one.effective else None,
        by=display.person(one.by) or None,
        approvers=tuple(name for a in one.approvers if (name := display.person(a.by))),
        request=one.pull_request,
        commit=(one.landed or one.commit)[:12],
        signature=one.signature.state,
        judged=judged,
        judged_word=word,
        policy=policy,
        policy_word=policy_word,
        reverted=one.reverted[:12] if one.reverted else None,
    )
