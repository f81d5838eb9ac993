"""What the registry holds: models, their versions, and where each of these stands."""

from __future__ import annotations

import msgspec

from gitrack.model.run import FORMAT, Scalar


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/model.yaml`."""

    format: int = FORMAT
    name: str
    description: str | None = None
    owners: list[str] = []
    primary_metric: str | None = None
    tags: dict[str, Scalar] = {}


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
