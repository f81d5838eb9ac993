"""The policy as the site may show it: a public one names nobody of those whom it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitrack.config.gates import ApprovalsGate, EvidenceGate
from gitrack.config.policy import Policy, read_policy
from gitrack.site.hiding.models import without_mail
from gitrack.site.hiding.rules import Hide


def shown_policy(text: str | None, hide: Hide) -> str | None:
    """The text of a policy; on a public one `…` stands for people, groups keep their names."""
    if text is None or not hide.public:
        return text
    policy = read_policy(text.encode("utf-8", "replace"), "the policy")
    names = set(_named(policy)) - policy.people.keys()
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text)
    return without_mail(text)


def _named(policy: Policy) -> Iterator[str]:
    for people in policy.people.values():
        yield from people
    for model in policy.models.values():
        yield from model.owners
        for stage in model.stages.values():
            for gate in (*stage.gates, *stage.rollback.gates):
                if isinstance(gate, ApprovalsGate | EvidenceGate):
                    yield from gate.by
