"""The project's rules for names and tags, held against a run: a warning or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitrack.config.policy import Policy
from gitrack.errors import PolicyViolation
from gitrack.model.run import Scalar
from gitrack.tracking import notice

if TYPE_CHECKING:
    from gitrack.model.naming import Rules, Violation


def judge_start(
    policy: Policy, experiment: str, name: str | None, tags: Mapping[str, Scalar]
) -> None:
    """Before anything is written. Where the policy refuses, required tags have to be there now:
    hours later, at the end of a training, would be too late."""
    rules = _rules(policy)
    if rules is None:
        return
    found = rules.judge_experiment(experiment)
    if name is not None:
        found += rules.judge_run(name)
    _pronounce(policy, found)
    judge_tags(policy, tags, complete=policy.on_violation == "refuse")


def judge_tags(policy: Policy, tags: Mapping[str, Scalar], *, complete: bool) -> None:
    """`complete` when no more tags will come."""
    rules = _rules(policy)
    if rules is not None:
        _pronounce(policy, rules.judge_tags(tags, complete=complete))


def judge_end(policy: Policy, tags: Mapping[str, Scalar]) -> None:
    """When a run ends its work is done, so nothing is refused any more."""
    rules = _rules(policy)
    if rules is not None:
        for violation in rules.judge_tags(tags, complete=True):
            _say(violation)


def name_of(
    policy: Policy, experiment: str, params: Mapping[str, Scalar], tags: Mapping[str, Scalar]
) -> str | None:
    """The name that the policy makes for a run without one, as far as it can tell by now."""
    rules = _rules(policy)
    return None if rules is None else rules.name_run(experiment, params, tags)


def _rules(policy: Policy) -> Rules | None:
    nothing = Policy()
    said = (policy.experiments, policy.runs, policy.tags)
    if said == (nothing.experiments, nothing.runs, nothing.tags):
        return None
    from gitrack.model.naming import Rules

    return Rules.of(policy)


def _pronounce(policy: Policy, found: list[Violation]) -> None:
    if found and policy.on_violation == "refuse":
        raise PolicyViolation(found[0].why, hint=found[0].mend)
    for violation in found:
        _say(violation)


def _say(violation: Violation) -> None:
    notice.warn_once(f"policy {violation}", f"{violation.why}; {violation.mend}")
