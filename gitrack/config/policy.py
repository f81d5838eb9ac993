"""`.tracking/policy.yaml`: rules for names and tags, and what a model must pass to be promoted."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gitrack.config.name_pattern import BadPattern, NamePattern
from gitrack.config.project import POLICY_FILE
from gitrack.config.shape import Fault, Parsed, load, near, shown


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {shown(value)}")
    try:
        return NamePattern(value).text
    except BadPattern as error:
        raise ValueError(str(error)) from error


def _label(value: object) -> str:
    """Text, or a number that YAML read out of what was meant as text."""
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return str(value)
    raise ValueError(f"is {shown(value)}, which YAML does not read as text")


def _finite(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ValueError(f"is {shown(value)}, which is not a number")


def _not_negative(value: object) -> float:
    number = _finite(value)
    if number < 0:
        raise ValueError(f"is {shown(value)}, which is below zero")
    return number


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError(f"is {shown(value)}")


Pattern = Annotated[
    str, Parsed(_pattern, "named parts such as '{model}-{change}-{date}', or a regex after ^")
]
Label = Annotated[str, Parsed(_label, "text in quotes")]
Number = Annotated[float, Parsed(_finite, "a number such as 0.88 or 1.0e-3")]
Amount = Annotated[float, Parsed(_not_negative, "a number, zero or more")]
Count = Annotated[int, Parsed(_count, "a whole number, 1 or more")]


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """How things of one kind are named."""

    name: Pattern | None = None


class TagRules(msgspec.Struct, frozen=True, kw_only=True):
    """Tags that every run carries, and the values that some tags may have."""

    required: tuple[Label, ...] = ()
    allowed: dict[str, tuple[Label, ...]] = {}


class MetricGate(msgspec.Struct, frozen=True, kw_only=True):
    """A metric reaches its floor or stays below its ceiling. `baseline` is shown beside it."""

    metric: str
    at_least: Number | None = None
    at_most: Number | None = None
    baseline: Number | None = None

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise Fault((), "has no limit", "add 'at_least: …' or 'at_most: …'")


class EvidenceGate(msgspec.Struct, frozen=True, kw_only=True):
    """A fact was recorded, perhaps for long enough, perhaps by somebody who may say so."""

    evidence: str
    for_days: Amount | None = None
    for_hours: Amount | None = None
    by: tuple[str, ...] = ()


class CodeGate(msgspec.Struct, frozen=True, kw_only=True):
    """The run had no uncommitted changes."""

    code: Literal["clean"]


class StageGate(msgspec.Struct, frozen=True, kw_only=True):
    """Every gate of another stage is passed again."""

    stage: str


class RegressionGate(msgspec.Struct, frozen=True, kw_only=True):
    """A metric is not worse than that of the version which stands in `against`."""

    no_regression: str
    tolerance: Amount = 0.0
    against: str


class ApprovalsGate(msgspec.Struct, frozen=True, kw_only=True):
    """So many people approved, not counting some."""

    approvals: Count
    not_by: tuple[Literal["run-author", "promoter"], ...] = ()


Gate = MetricGate | EvidenceGate | CodeGate | StageGate | RegressionGate | ApprovalsGate


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version may stand, from which stages it comes, and what it must pass."""

    from_: tuple[str, ...] = msgspec.field(name="from", default=())
    archive_previous: bool = False
    gates: tuple[Gate, ...] = ()


class PrimaryMetric(msgspec.Struct, frozen=True, kw_only=True):
    """The metric that ranks a model's versions."""

    name: str
    goal: Literal["maximize", "minimize"] = "maximize"


class ModelPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one registered model."""

    primary_metric: PrimaryMetric | None = None
    owners: tuple[str, ...] = ()
    stages: dict[str, Stage] = {}

    def __post_init__(self) -> None:
        for name, stage in self.stages.items():
            for at, source in enumerate(stage.from_):
                self._known(source, ("stages", name, "from", at))
            for at, gate in enumerate(stage.gates):
                place = ("stages", name, "gates", at)
                if isinstance(gate, StageGate):
                    self._known(gate.stage, (*place, "stage"))
                    if self._leads_back(gate.stage, name):
                        raise Fault(
                            (*place, "stage"),
                            f"is {gate.stage!r}, whose gates ask for those of {name!r} again",
                            "remove one of the two",
                        )
                if isinstance(gate, RegressionGate):
                    self._known(gate.against, (*place, "against"))

    def _known(self, stage: str, place: tuple[str | int, ...]) -> None:
        if stage not in self.stages:
            raise Fault(place, f"is {stage!r}, which is no stage here", near(stage, self.stages))

    def _leads_back(self, start: str, goal: str) -> bool:
        """Does `start`, by its stage gates, ask for the gates of `goal`?"""
        seen: set[str] = set()
        todo = [start]
        while todo:
            name = todo.pop()
            if name == goal:
                return True
            if name in seen or name not in self.stages:
                continue
            seen.add(name)
            todo += [gate.stage for gate in self.stages[name].gates if isinstance(gate, StageGate)]
        return False


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """All of `.tracking/policy.yaml`."""

    project: Naming = Naming()
    experiments: Naming = Naming()
    runs: Naming = Naming()
    tags: TagRules = TagRules()
    on_violation: Literal["warn", "refuse"] = "warn"
    models: dict[str, ModelPolicy] = {}


def load_policy(root: Path | None) -> Policy:
    """The project's policy; one without rules where there is no file. Raises ConfigError."""
    return Policy() if root is None else load(root, POLICY_FILE, Policy)
