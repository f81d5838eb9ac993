"""A metric's bounds, and no regression against who stands in a stage."""

from __future__ import annotations

import math
from typing import NamedTuple

from gitrack.config.gates import MetricGate, RegressionGate
from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.display import number
from gitrack.model.measure import Goal, guess_goal
from gitrack.model.nearest import nearest
from gitrack.model.run import Run
from gitrack.registry.gates.case import Case, Standing
from gitrack.registry.gates.finding import Finding, failed, outcome_of, passed

_DIGITS = 9


class Logged(NamedTuple):
    """A metric of a run: its value, or why there is none to judge."""

    value: float | int | None
    why: str | None
    source: str


def logged(standing: Standing, metric: str) -> Logged:
    """What a run says of a metric. A missing one is missing, never a default."""
    run, source = standing.run, f"{standing.path}: metrics.{metric}"
    value: object = run.metrics.get(metric)
    if value is None:
        return Logged(None, _missing(run, metric), source)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Logged(
            None, f"{metric} of run {run.id} is {value!r:.40}, which is no number", source
        )
    if not _is_finite(value):
        return Logged(
            None, f"{metric} of run {run.id} is {value}, which no bound can judge", source
        )
    return Logged(value, None, source)


def judge_metric(case: Case, gate: MetricGate) -> Finding:
    """A floor, a ceiling, or both: then the nearer one gives the margin."""
    limits = []
    found = logged(case.standing, gate.metric)
    if gate.at_least is not None:
        limits.append((gate.at_least, 1))
    if gate.at_most is not None:
        limits.append((gate.at_most, -1))
    value = found.value
    if value is None:
        return failed(found.why or "", source=found.source, required=limits[0][0])
    margins = [((value - limit) * sign, limit, sign) for limit, sign in limits]
    # compared as they are: a difference of two floats may round to the other side
    good = all(value >= limit if sign > 0 else value <= limit for limit, sign in limits)
    margin, limit, sign = min(margins)
    side = "at least" if sign > 0 else "at most"
    says = f"{gate.metric} is {_shown(value)}, {side} {_shown(limit)} is asked for"
    if gate.baseline is not None:
        says += f" (baseline {_shown(gate.baseline)})"
    return Finding(
        outcome=outcome_of(good),
        says=says,
        value=value,
        required=limit,
        margin=_margin(margin),
        baseline=gate.baseline,
        source=found.source,
    )


def judge_regression(case: Case, gate: RegressionGate) -> Finding:
    """Not worse than the newest version that stands in `against`, by more than is allowed."""
    metric = gate.no_regression
    goal = goal_of(case, gate)
    if goal is None:
        return failed(
            f"nobody says whether more or less of {metric} is better; add  goal: maximize  or "
            f"goal: minimize  to the gate"
        )
    new = logged(case.standing, metric)
    if new.value is None:
        return failed(new.why or "", source=new.source)
    try:
        other = case.occupant(gate.against)
    except (NotFound, UnreadableFile) as error:
        return failed(f"who stands in {gate.against} cannot be read: {error}", source=new.source)
    if other is None:
        return passed(_nobody(case, gate.against), source=new.source, value=new.value)
    old = logged(other, metric)
    name = f"version {other.version.version} in {gate.against}"
    if old.value is None:
        return failed(
            f"{name} cannot be compared with: {old.why}; promote without this gate once, or "
            f"register a run that has it",
            source=old.source,
        )
    if gate.test is not None:
        from gitrack.registry.gates.statistical import judge_paired

        return judge_paired(case, gate, goal, other, new.value, old.value)
    allowed = allowed_loss(gate, old.value)
    limit = old.value - allowed if goal == "maximize" else old.value + allowed
    good = new.value >= limit if goal == "maximize" else new.value <= limit
    side = "at least" if goal == "maximize" else "at most"
    return Finding(
        outcome=outcome_of(good),
        says=(
            f"{metric} is {_shown(new.value)}, {name} has {_shown(old.value)}: "
            f"{side} {_shown(limit)} is asked for"
        ),
        value=new.value,
        required=limit,
        margin=_margin(new.value - limit if goal == "maximize" else limit - new.value),
        baseline=old.value,
        source=new.source,
    )


def allowed_loss(gate: RegressionGate, old: float) -> float:
    """How much worse is no regression yet: the larger of the two allowances."""
    return max(gate.tolerance, (gate.relative or 0.0) * abs(old))


def goal_of(case: Case, gate: RegressionGate) -> Goal | None:
    """By the gate, by the model's primary metric, or by the metric's name."""
    if gate.goal is not None:
        return gate.goal
    model = case.ruling.policy.models.get(case.name)
    primary = model.primary_metric if model is not None else None
    if primary is not None and primary.name == gate.no_regression:
        return primary.goal
    return guess_goal(gate.no_regression)


def _nobody(case: Case, stage: str) -> str:
    if case.version.version in case.standing_in(stage):
        return f"nothing to compare with: in {stage} stands this version itself"
    return f"nothing to compare with: no version stands in {stage}"


def _missing(run: Run, metric: str) -> str:
    near = nearest(metric, list(run.metrics)) if run.metrics else None
    hint = f"; did you mean {near!r}?" if near else ""
    return f"run {run.id} has no metric {metric!r}{hint}"


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _margin(value: float) -> float:
    """Without the dust of binary fractions: 0.01, not 0.010000000000000009."""
    return float(f"{value:.12g}")


def _shown(value: float) -> str:
    return number(value, _DIGITS)
