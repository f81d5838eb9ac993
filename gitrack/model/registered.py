"""What the registry holds: models, their versions, where each of these stands, what was proved."""

from __future__ import annotations

from typing import Literal

import msgspec

from gitrack.model.run import FORMAT, Scalar


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/model.yaml`. Times are UTC, ISO 8601 with milliseconds and a `Z`."""

    format: int = FORMAT
    name: str
    description: str | None = None
    owners: list[str] = []
    primary_metric: str | None = None
    tags: dict[str, Scalar] = {}
    created: str | None = None
    by: str | None = None


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/versions/<n>.yaml`: one run's model. `created` is UTC, ISO 8601."""

    format: int = FORMAT
    version: int
    run: str
    artifact: str = "model"
    description: str | None = None
    tags: dict[str, Scalar] = {}
    created: str | None = None
    by: str | None = None


class StageState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/stages/<stage>.yaml`: the versions that stand there, newest last."""

    format: int = FORMAT
    versions: list[int] = []


class ModelAlias(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/aliases/<alias>.yaml`: a pointer that may move."""

    format: int = FORMAT
    version: int
    set: str | None = None
    by: str | None = None


class JUnitCount(msgspec.Struct, frozen=True, kw_only=True):
    """What JUnit reports counted, all files together. `sha256` is that of their bytes, in order."""

    tests: int
    failures: int
    errors: int
    skipped: int
    seconds: float | None = None
    sha256: str


class Proof(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/evidence/<n>/<kind>.yaml`: a recorded fact that a gate may ask for.

    Never changed: a later fact of the same kind is `<kind>-2.yaml`, and so on; the latest counts,
    but each person's approval counts for itself. `run` is that of the version, so that a fact is
    not taken for one about another model. `begin` and `end` (`from:`, `to:` in the file) say for
    how long something was watched. `level` says how well a run was reproduced: `bitwise`,
    `tolerance` or `statistical`.
    """

    format: int = FORMAT
    kind: str
    version: int
    run: str
    passed: bool
    recorded: str
    by: str
    begin: str | None = msgspec.field(name="from", default=None)
    end: str | None = msgspec.field(name="to", default=None)
    note: str | None = None
    links: list[str] = []
    junit: JUnitCount | None = None
    level: Literal["bitwise", "tolerance", "statistical"] | None = None
    details: dict[str, Scalar] = {}
