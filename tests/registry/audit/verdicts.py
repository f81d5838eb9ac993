"""A promotion as an audit lists it, with one verdict."""

from __future__ import annotations

from gitrack.model.audit import AuditedPolicy, AuditedPromotion, AuditedSignature
from gitrack.model.promotion import Outcome, Verdict


def promotion_with(value: str) -> AuditedPromotion:
    verdict = Verdict(
        gate="auc >= 0.8", kind="metric", outcome=Outcome.FAILED, says="no", value=float(value)
    )
    return AuditedPromotion(
        id="20260101T000000Z-v1-staging",
        model="churn",
        version=1,
        run="r",
        kind="promotion",
        source=None,
        to="staging",
        at="2026-01-01T00:00:00.000Z",
        by="Ada",
        why="because",
        draft=False,
        commit="c",
        landed=None,
        effective=None,
        subject="s",
        pull_request=None,
        author="Ada",
        committer="Ada",
        approvers=[],
        verdicts=[verdict],
        judged_again="same",
        unjudged=[],
        policy=AuditedPolicy(state="none"),
        signature=AuditedSignature(state="unsigned"),
        landed_signature=AuditedSignature(state="unsigned"),
        archived=[],
        kept=[],
    )
