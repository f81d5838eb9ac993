"""`.tracking/policy.yaml`: rules for names and tags, and what a model must pass to be promoted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gitrack.config.gates import Gate, Label, RegressionGate, StageGate
from gitrack.config.name_pattern import BadPattern, NamePattern
from gitrack.config.project import POLICY_FILE
from gitrack.config.shape import Fault, Parsed, load, near, parse, shown
from gitrack.config.stage_name import ARCHIVE, NO_STAGE, stage_name
from gitrack.errors import InvalidName


def _pattern(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {shown(value)}")
    try:
        return NamePattern(value).text
    except BadPattern as error:
        raise ValueError(str(error)) from error


Pattern = Annotated[
    str, Parsed(_pattern, "named parts such as '{model}-{change}-{date}', or a regex after ^")
]


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """How things of one kind are named."""

    name: Pattern | None = None


class TagRules(msgspec.Struct, frozen=True, kw_only=True):
    """Tags that every run carries, and the values that some tags may have."""

    required: tuple[Label, ...] = ()
    allowed: dict[str, tuple[Label, ...]] = {}


class Rollback(msgspec.Struct, frozen=True, kw_only=True):
    """What a version must pass to come back to a stage in which it stood before."""

    gates: tuple[Gate, ...] = ()
    direct: bool | None = None


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version may stand, from which stages it comes, and what it must pass.

    `from` empty: from anywhere. `archive_previous` sends who stood there to `archived`; else they
    stand nowhere. `direct` allows to promote without a pull request; `promoters` are who may (by
    e-mail address, or by names that `people` explains), everybody if there are none. `exclusive`
    takes a version that enters out of the stages it stood in, as in a lifecycle; false suits
    environments, in several of which one version may run.
    """

    from_: tuple[str, ...] = msgspec.field(name="from", default=())
    archive_previous: bool = False
    exclusive: bool = True
    direct: bool = False
    promoters: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    rollback: Rollback = Rollback()


_ARCHIVE = Stage()

#: The stages of a model for which the policy names none, as MLflow has them.
PRESET: dict[str, Stage] = {
    "staging": Stage(direct=True),
    "production": Stage(direct=True, archive_previous=True),
    ARCHIVE: Stage(direct=True, archive_previous=True),
}


class PrimaryMetric(msgspec.Struct, frozen=True, kw_only=True):
    """The metric that ranks a model's versions."""

    name: str
    goal: Literal["maximize", "minimize"] = "maximize"


class Releases(msgspec.Struct, frozen=True, kw_only=True):
    """Git tags in GTO's format, made when a version is promoted to one of these stages."""

    tags: Literal["gto"]
    stages: tuple[str, ...] = ()


class ModelPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one registered model."""

    primary_metric: PrimaryMetric | None = None
    owners: tuple[str, ...] = ()
    stages: dict[str, Stage] = {}
    releases: Releases | None = None

    def __post_init__(self) -> None:
        for name, stage in self.stages.items():
            _check_stage_name(name)
            for at, source in enumerate(stage.from_):
                if source != NO_STAGE:
                    self._known(source, ("stages", name, "from", at))
            for key, gates in (("gates", stage.gates), ("rollback", stage.rollback.gates)):
                place = ("stages", name, *((key,) if key == "gates" else (key, "gates")))
                for at, gate in enumerate(gates):
                    self._check(gate, name, (*place, at))
        for at, name in enumerate(self.releases.stages if self.releases else ()):
            self._known(name, ("releases", "stages", at))

    def _check(self, gate: Gate, stage: str, place: tuple[str | int, ...]) -> None:
        if isinstance(gate, StageGate):
            self._known(gate.stage, (*place, "stage"))
            if self._leads_back(gate.stage, stage):
                raise Fault(
                    (*place, "stage"),
                    f"is {gate.stage!r}, whose gates ask for those of {stage!r} again",
                    "remove one of the two",
                )
        if isinstance(gate, RegressionGate):
            self._known(gate.against, (*place, "against"))

    def _known(self, stage: str, place: tuple[str | int, ...]) -> None:
        if stage not in self.stages and stage != ARCHIVE:
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
    people: dict[str, tuple[str, ...]] = {}
    models: dict[str, ModelPolicy] = {}

    def stages(self, model: str) -> dict[str, Stage]:
        """The stages of a model in the order of the policy; MLflow's where it names none.

        The archive is one of them always, with no gate of its own unless the policy gives it some.
        """
        own = self.models[model].stages if model in self.models else {}
        if not own:
            return PRESET
        return own if ARCHIVE in own else {**own, ARCHIVE: _ARCHIVE}


def load_policy(root: Path | None) -> Policy:
    """The project's policy; one without rules where there is no file. Raises ConfigError."""
    return Policy() if root is None else load(root, POLICY_FILE, Policy)


def read_policy(data: bytes, name: str) -> Policy:
    """A policy from the bytes of its file; `name` is how errors call it. Raises ConfigError."""
    return parse(data, name, Policy)


def _check_stage_name(name: str) -> None:
    try:
        same = stage_name(name) == name
    except InvalidName as error:
        raise Fault(("stages", name), error.message, error.hint or "") from error
    if not same:
        raise Fault(("stages", name), "is not in lower case", f"write '{stage_name(name)}'")
