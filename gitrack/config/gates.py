"""What a version must show before it enters a stage: each gate of `policy.yaml` as a record.

A gate is told from the others by its first key.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec

from gitrack.config.shape import Fault, Parsed, shown


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


def _share(value: object) -> float:
    number = _finite(value)
    if not 0 < number < 1:
        raise ValueError(f"is {shown(value)}, which does not lie between 0 and 1")
    return number


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError(f"is {shown(value)}")


Label = Annotated[str, Parsed(_label, "text in quotes")]
Number = Annotated[float, Parsed(_finite, "a number such as 0.88 or 1.0e-3")]
Amount = Annotated[float, Parsed(_not_negative, "a number, zero or more")]
Share = Annotated[float, Parsed(_share, "a share such as 0.95")]
Count = Annotated[int, Parsed(_count, "a whole number, 1 or more")]


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
    """A fact was recorded: for long enough, lately enough, by somebody who may say so.

    `by` holds e-mail addresses, or names that `people` explains.
    """

    evidence: str
    for_days: Amount | None = None
    for_hours: Amount | None = None
    max_age_days: Amount | None = None
    by: tuple[str, ...] = ()


class CodeGate(msgspec.Struct, frozen=True, kw_only=True):
    """The run had no uncommitted changes."""

    code: Literal["clean"]


class StageGate(msgspec.Struct, frozen=True, kw_only=True):
    """Every gate of another stage is passed again."""

    stage: str


class RegressionGate(msgspec.Struct, frozen=True, kw_only=True):
    """A metric is not worse than that of the version which stands in `against`.

    Worse by `tolerance`, or by the share `relative` of the other's value, is still no regression.
    With `test`, the predictions of both runs on the same cases are compared: the interval of the
    difference, at `confidence`, must not reach beyond the tolerance. `goal` says which way the
    metric should go where neither the primary metric nor its name says so.
    """

    no_regression: str
    tolerance: Amount = 0.0
    relative: Amount | None = None
    against: str
    test: Literal["bootstrap", "delong"] | None = None
    confidence: Share = 0.95
    resamples: Count = 2000
    goal: Literal["maximize", "minimize"] | None = None


class ApprovalsGate(msgspec.Struct, frozen=True, kw_only=True):
    """So many people approved, not counting some. `by` as in an evidence gate."""

    approvals: Count
    not_by: tuple[Literal["run-author", "promoter"], ...] = ()
    by: tuple[str, ...] = ()


class TagsGate(msgspec.Struct, frozen=True, kw_only=True):
    """The version or its run carries these tags, with any value but an empty one."""

    tags: tuple[Label, ...]


class TagGate(msgspec.Struct, frozen=True, kw_only=True):
    """A tag of the version, or else of its run, has one of these values."""

    tag: Label
    is_: tuple[Label, ...] = msgspec.field(name="is")


class ReproducibleGate(msgspec.Struct, frozen=True, kw_only=True):
    """The run was run again, and came out as well as this: `bitwise` is more than `tolerance`."""

    reproducible: Literal["bitwise", "tolerance", "statistical"]


class DataGate(msgspec.Struct, frozen=True, kw_only=True):
    """The data are not older than this when the promotion is asked for. `role` picks some."""

    data: Literal["fresh"]
    within_days: Amount
    role: str | None = None


class ArtifactGate(msgspec.Struct, frozen=True, kw_only=True):
    """Every byte of the model is in the artifact remote."""

    artifact: Literal["in-remote"]


class ModelGate(msgspec.Struct, frozen=True, kw_only=True):
    """The model loads, and its signature accepts its own example."""

    model: Literal["loads"]


class CommandGate(msgspec.Struct, frozen=True, kw_only=True):
    """A command of ours that gets the version as JSON on its standard input.

    Exit code 0 passes; its last line of output is the sentence that people see.
    """

    command: str
    name: str | None = None
    timeout: Amount = 600.0


class PythonGate(msgspec.Struct, frozen=True, kw_only=True):
    """A function of an installed package, `package.module:function`, called with the version.

    It returns True or False, or (passed, sentence).
    """

    python: str
    name: str | None = None


Gate = (
    MetricGate
    | EvidenceGate
    | CodeGate
    | StageGate
    | RegressionGate
    | ApprovalsGate
    | TagsGate
    | TagGate
    | ReproducibleGate
    | DataGate
    | ArtifactGate
    | ModelGate
    | CommandGate
    | PythonGate
)
