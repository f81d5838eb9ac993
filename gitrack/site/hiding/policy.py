"""The policy as the site may show it: without hidden rules, and a public one names nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitrack.config import safe_yaml
from gitrack.config.gates import (
    ApprovalsGate,
    EvidenceGate,
    Gate,
    MetricGate,
    RegressionGate,
    TagGate,
    TagsGate,
)
from gitrack.config.policy import Policy, read_policy
from gitrack.site.hiding.models import without_mail
from gitrack.site.hiding.rules import Hide

#: What ends a line for YAML, by whose count rules are found.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
#: What a line begins with that goes on standing there.
_BEFORE = re.compile(r"\s*(?:-\s+)?")


def shown_policy(text: str | None, hide: Hide) -> str | None:
    """The text of a policy, with `…` for rules about what is hidden.

    On a public site it stands for people too; groups keep their names.
    """
    if text is None or not (hide.public or hide.metrics or hide.tags):
        return text
    policy = read_policy(text.encode("utf-8", "replace"), "the policy")
    hidden = {name for name, _ in _hidden(policy, hide)}
    text = _without(text, [place for _, place in _hidden(policy, hide) if place])
    text = _unnamed(text, hidden)
    if not hide.public:
        return text
    return without_mail(_unnamed(text, set(_named(policy)) - policy.people.keys()))


def _unnamed(text: str, names: set[str]) -> str:
    for name in sorted(names, key=lambda name: (-len(name), name)):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text)
    return text


def _without(text: str, places: list[safe_yaml.Path]) -> str:
    """The text with `…` for all lines of these places, and of what shares a line with them."""
    _, known = safe_yaml.load(text.encode("utf-8", "replace"), name="the policy")
    lines: list[str | None] = list(_BREAK.split(text.removeprefix("\ufeff")))
    for span in filter(None, map(known.span, places)):
        first, last = span[0] - 1, span[1] - 1
        before = _BEFORE.match(lines[first] or "")
        lines[first : last + 1] = [f"{before[0] if before else ''}…", *[None] * (last - first)]
    return "\n".join(line for line in lines if line is not None)


def _hidden(policy: Policy, hide: Hide) -> Iterator[tuple[str, safe_yaml.Path | None]]:
    """Each name that is hidden, and the place of the rule about it, where it says more."""
    for name in policy.tags.required:
        if hide.hides(f"tags.{name}"):
            yield name, None
    for name in policy.tags.allowed:
        if hide.hides(f"tags.{name}"):
            yield name, ("tags", "allowed", name)
    for called, model in policy.models.items():
        if model.primary_metric and hide.metric(model.primary_metric.name):
            yield model.primary_metric.name, ("models", called, "primary_metric")
        for at, stage in model.stages.items():
            place: safe_yaml.Path = ("models", called, "stages", at)
            for key, gates in (
                (("gates",), stage.gates),
                (("rollback", "gates"), stage.rollback.gates),
            ):
                for number, gate in enumerate(gates):
                    for name in _asked(gate, hide):
                        yield name, (*place, *key, number)


def _asked(gate: Gate, hide: Hide) -> Iterator[str]:
    """The hidden metrics and tags that a gate asks for."""
    if isinstance(gate, MetricGate | RegressionGate):
        name = gate.metric if isinstance(gate, MetricGate) else gate.no_regression
        if hide.metric(name):
            yield name
    tags = gate.tags if isinstance(gate, TagsGate) else ()
    for tag in (gate.tag,) if isinstance(gate, TagGate) else tags:
        if hide.hides(f"tags.{tag}"):
            yield tag


def _named(policy: Policy) -> Iterator[str]:
    for people in policy.people.values():
        yield from people
    for model in policy.models.values():
        yield from model.owners
        for stage in model.stages.values():
            for gate in (*stage.gates, *stage.rollback.gates):
                if isinstance(gate, ApprovalsGate | EvidenceGate):
                    yield from gate.by
