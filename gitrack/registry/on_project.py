"""The registry of the project around the current folder: what `gitrack.register_model` … do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.model.registered import ModelVersion, Proof, RegisteredModel
from gitrack.registry.opened import open_registry

if TYPE_CHECKING:
    from gitrack.registry.evidence.adding import Level
    from gitrack.registry.history import HistoryEntry
    from gitrack.registry.opened import OpenRegistry
    from gitrack.store.registry import Registry


class ModelSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model: what is said about it, its versions, and where these stand.

    `versions` are their numbers, `stages` the versions in each stage (the newest last), `aliases`
    the version that each points at. `about` is None where nobody said anything.
    """

    name: str
    about: RegisteredModel | None
    versions: list[int]
    stages: dict[str, list[int]]
    aliases: dict[str, int]


def register_model(
    uri: str,
    name: str,
    *,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
) -> ModelVersion:
    """Make the model that a run left the next version of a registered model.

    `uri` is `runs:/<run>/model`, a run (its only model), or a version of a named artifact
    (`churn:v2`). The same artifact of the same run stays the version that it is. The run must have
    ended. Raises NotFound, and UsageError for what is no model that a run left.
    """
    from gitrack.registry.registering import register

    return register(open_registry(), uri, name, description=description, tags=tags).version


def model_version(
    name: str, ref: int | str, *, at: str | date | datetime | None = None
) -> ModelVersion:
    """One version: by number, stage (`production`) or alias (`@champion`); `latest`.

    `at` is a date, at which the registry is read as it was then: of a day its end, without a zone
    in UTC; or a commit of the tracking branch. Raises NotFound, UnreadableFile, UsageError for what
    is no date, and StoreError where a shallow clone lacks what was then.
    """
    return _reader(open_registry(), at).version(name, ref)


def model_history(name: str, *, stage: str | None = None) -> list[HistoryEntry]:
    """What happened to a model's stages, the oldest first, when it took effect for everybody.

    Promotions, rollbacks, reverts, and what was changed without a record; `stage` gives what
    changed that one. Raises NotFound.
    """
    from gitrack.registry import history

    return history.model_history(open_registry(), name, stage=stage)


def registered_models() -> list[ModelSummary]:
    """All registered models, by name."""
    registry = open_registry().reader()
    return [_summary(registry, name) for name in registry.models()]


def registered_model(name: str, *, at: str | date | datetime | None = None) -> ModelSummary:
    """One registered model; `at` as in `model_version`. Raises NotFound."""
    from gitrack.registry.registering import known_model

    registry = _reader(open_registry(), at)
    return _summary(registry, known_model(registry, name))


def model_versions(
    name: str, *, stage: str | None = None, at: str | date | datetime | None = None
) -> list[ModelVersion]:
    """All versions of a registered model, the oldest first.

    `stage` gives those that stand there, of which there may be several, the newest last; `at` is
    as in `model_version`. Raises NotFound.
    """
    from gitrack.registry.registering import known_model

    registry = _reader(open_registry(), at)
    model = known_model(registry, name)
    if stage is None:
        return registry.versions(model)
    return [registry.version(model, number) for number in registry.stage(model, stage.lower())]


def model_evidence(name: str, version: int | str) -> list[Proof]:
    """What was recorded about a version, in the order of its kinds. Raises NotFound."""
    from gitrack.registry.registering import known_model

    registry = open_registry().reader()
    model = known_model(registry, name)
    return list(registry.proofs(model, registry.version(model, version).version).values())


def _reader(opened: OpenRegistry, at: str | date | datetime | None) -> Registry:
    if at is None:
        return opened.reader()
    from gitrack.registry.past import commit_at

    return opened.reader(at=commit_at(opened, at))


def _summary(registry: Registry, name: str) -> ModelSummary:
    return ModelSummary(
        name=name,
        about=registry.model(name),
        versions=registry.numbers(name),
        stages={stage: held for stage, held in registry.stages(name).items() if held},
        aliases=registry.aliases(name),
    )


def describe_model(
    name: str, text: str, version: int | str | None = None
) -> ModelVersion | RegisteredModel:
    """Say what a model, or one version of it, is about; an empty text takes it away."""
    from gitrack.registry.registering import describe

    return describe(open_registry(), name, text, version)


def tag_model(
    name: str, tags: Mapping[str, Any], version: int | str | None = None
) -> ModelVersion | RegisteredModel:
    """Set tags of a model, or of one version of it; None removes one."""
    from gitrack.registry.registering import tag

    removed = [key for key, value in tags.items() if value is None]
    kept = {key: value for key, value in tags.items() if value is not None}
    return tag(open_registry(), name, kept, version, remove=removed)


def set_alias(name: str, alias: str, version: int | str) -> ModelVersion:
    """Point an alias such as `champion` at a version."""
    from gitrack.registry import registering

    return registering.set_alias(open_registry(), name, alias, version)


def delete_alias(name: str, alias: str) -> None:
    """Remove an alias. Raises NotFound."""
    from gitrack.registry import registering

    registering.delete_alias(open_registry(), name, alias)


def add_evidence(
    name: str,
    version: int | str,
    kind: str,
    *,
    passed: bool = True,
    begin: str | datetime | None = None,
    end: str | datetime | None = None,
    junit: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    links: str | Sequence[str] = (),
    note: str | None = None,
    level: Level | None = None,
) -> Proof:
    """Record a fact about a version that a gate may ask for: `shadow-mode`, `approval`.

    Who says so and when is recorded with it, and it is never changed: a later fact of the same
    kind counts instead. `begin` and `end` (now, unless given) say for how long something was
    watched. `junit` are reports of tests, or patterns that find some: a failed test makes it a
    fact against the version. `level` says how well the run was reproduced.
    """
    from gitrack.registry.evidence import adding

    reports = [junit] if isinstance(junit, (str, os.PathLike)) else list(junit)
    return adding.add_evidence(
        open_registry(),
        name,
        version,
        kind,
        passed=passed,
        begin=begin,
        end=end,
        junit=[os.fspath(report) for report in reports],
        links=links,
        note=note,
        level=level,
    )
