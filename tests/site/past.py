"""What other rooms would tell of the made-up models: stages through time, an audit, a proposal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from gitrack.model.audit import (
    Approver,
    Audit,
    AuditedPolicy,
    AuditedPromotion,
    AuditedSignature,
    Finding,
    Severity,
)
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.run import RunBundle
from gitrack.site.extras import Extras, Waiting
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange
from tests.site.registered import JANE, NAME, RAVI, models


def changes(model: KnownModel) -> list[StageChange]:
    """What the model's promotions did, each by a commit of its own moment."""
    standing: dict[str, list[int]] = {}
    found = []
    for place, (id, one) in enumerate(model.promotions.items()):
        before = standing.get(one.to, [])
        after = [*(n for n in before if n not in one.archived), one.version]
        standing[one.to] = after
        when = datetime.fromisoformat(one.at)
        commit = f"{place + 1:040x}"
        told = {"when": when, "commit": commit, "model": one.model}
        found.append(StageChange(**told, stage=one.to, before=before, after=after, promotion=id))
    return found


def audit_of(known: Sequence[KnownModel], run: str) -> Audit:
    """Every promotion as it was recorded; three things to say."""
    promotions = [
        AuditedPromotion(
            id=id, model=one.model, version=one.version, run=one.run, kind=one.kind,
            source=one.source, to=one.to, at=one.at, by=one.by, why=one.why, draft=one.draft,
            commit="ab" * 20, landed="cd" * 20, effective=one.at, subject=f"merge of {JANE}",
            pull_request="#12", author=one.by, committer=one.by,
            approvers=[Approver(by=RAVI, source="trailer")], verdicts=one.verdicts,
            judged_again="same", unjudged=[], policy=AuditedPolicy(state="found", in_force=True),
            signature=AuditedSignature(state="unchecked", signer=JANE),
            landed_signature=AuditedSignature(state="unchecked"),
            archived=one.archived, kept=one.kept,
        )
        for model in known
        for id, one in model.promotions.items()
    ]  # fmt: skip
    findings = [
        Finding(
            severity=Severity.TAMPERING, kind="changed-run", what="test_f1 from 0.5 to 0.9",
            means="it is not what was recorded", commit="ef" * 20, who=JANE,
            when="2026-09-30T09:00:00.000Z", look="git show efefefefefef", run=run,
        ),
        Finding(
            severity=Severity.SUSPICIOUS, kind="other-author", model=NAME, who=RAVI,
            what=f"{JANE} says so, and {RAVI} wrote its commit", means="ask Jane Smith",
            promotion=next(iter(known[-1].promotions), None),
        ),
        Finding(severity=Severity.REMARK, kind="workflow", what="ci changed", means="look"),
    ]  # fmt: skip
    return Audit(branch="gitrack", tip="cd" * 20, promotions=promotions, findings=findings)


def proposal(run: str) -> Waiting:
    """Version 3 waits for production, with one gate that fails and one that waits."""
    told = {"source": None, "says": "2 of 7 days"}
    return Waiting(
        branch="promote/late-arrivals-v3-production",
        id="20260925T090000Z-v3-production",
        promotion=Promotion(
            model=NAME, version=3, run=run, kind="promotion", to="production", by=JANE,
            at="2026-09-25T09:00:00.000Z", why="less memory", base="4f1c" * 10, record="ab" * 32,
            draft=True,
            verdicts=[
                Verdict(gate="shadow-mode for 7 days", kind="evidence", outcome=Outcome.FAILED,
                        **told),
                Verdict(gate="2 approvals", kind="approvals", outcome=Outcome.WAITING, says="0"),
                Verdict(gate="test_f1 >= 0.5", kind="metric", outcome=Outcome.PASSED, says="yes"),
            ],
        ),
    )  # fmt: skip


def extras(bundles: list[RunBundle], *, found: Callable[[Audit], Audit] = lambda a: a) -> Extras:
    """All of it."""
    known = models(bundles).models
    named = {model.name: model for model in known}
    run = bundles[0].run.id
    return Extras(
        stages=lambda name: changes(named[name]),
        audit=lambda: found(audit_of(known, run)),
        waiting=lambda: [proposal(bundles[3].run.id)],
    )
