"""Who may promote to a stage, and whether without a pull request."""

from __future__ import annotations

from typing import Literal

from gitrack.config.policy import Policy, Stage
from gitrack.errors import PromotionRefused
from gitrack.registry.people import People, known_as, line_to_add

Kind = Literal["promotion", "rollback"]


def refuse_stranger(policy: Policy, model: str, stage: str, who: str) -> None:
    """Raise PromotionRefused for somebody whom `promoters` of the stage does not name."""
    rule = policy.stages(model)[stage]
    if not rule.promoters:
        return
    people = People(policy.people)
    mails, unknown = people.members(rule.promoters)
    person = people.person(who)
    if (person is not None and person & mails) or known_as(who) in map(known_as, rule.promoters):
        return
    hint = "ask one of them to type it"
    if unknown:
        hint += f"; {unknown[0]} means nobody yet: {line_to_add(unknown[0])}"
    raise PromotionRefused(
        f"{who} may not promote {model} to {stage}: only {', '.join(rule.promoters)} may",
        hint=hint,
    )


def direct_allowed(rule: Stage, kind: Kind) -> bool:
    """May a promotion to this stage go without a pull request?"""
    if kind == "rollback" and rule.rollback.direct is not None:
        return rule.rollback.direct
    return rule.direct
