"""A run's model becomes a version of a registered model; what is said about it; its pointers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from gitrack.errors import InvalidName, NotFound, UnreadableFile, UsageError
from gitrack.model import moments
from gitrack.model.ids import is_run_id, short
from gitrack.model.names import alias_name, model_name
from gitrack.model.nearest import nearest
from gitrack.model.registered import ModelAlias, ModelVersion, RegisteredModel
from gitrack.registry import written
from gitrack.registry.messages import version_message
from gitrack.registry.opened import OpenRegistry
from gitrack.retrieval.resolve import Located, locate
from gitrack.store.branch import Plan
from gitrack.store.codec.records import dump_record
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import alias_path, model_path, version_path
from gitrack.store.registry.sources import highest, versions_of

#: More versions than this nobody has made: such a number was invented.
HIGHEST = 999_999_999


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What was registered. `known` if this artifact of the run was that version before."""

    name: str
    version: ModelVersion
    known: bool = False


def register(
    opened: OpenRegistry,
    reference: str,
    name: str,
    *,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
    aliases: Iterable[str] = (),
) -> Registered:
    """Make a run's model the next version of a registered model.

    The same artifact of the same run stays the version that it is; a description, tags and
    aliases that are given are set all the same. Raises NotFound, Ambiguous and UnreadableFile as
    `locate` does, UsageError for what is no model that a run left, InvalidName.
    """
    place = opened.place
    wanted = model_name(name)
    pointers = [_alias(opened, wanted, alias) for alias in aliases]
    about = None if description is None else written.prose(place, "a description", description)
    labels = written.labels(place, tags or {})
    run, artifact = model_of(opened, reference)
    by, time = opened.author(), moments.now()
    done: list[Registered] = []

    def plan(tip: str | None) -> Plan:
        registry = opened.reader(at=tip)
        spelled = written.spelled(wanted, registry.models())
        there = next(versions_of(opened.branch, spelled, run, artifact, at=tip), None)
        fresh = there or ModelVersion(
            version=_next(registry, spelled), run=run, artifact=artifact, created=time, by=by
        )
        version = msgspec.structs.replace(
            fresh,
            description=fresh.description if about is None else about,
            tags={**fresh.tags, **labels},
        )
        done.append(Registered(name=spelled, version=version, known=there is not None))
        path = version_path(spelled, version.version)
        # as it is, to the letter: then there is nothing to commit
        same = version == there and tip is not None
        changes = {path: opened.branch.read(path, at=tip) if same else dump_record(version)}
        if registry.model(spelled) is None and model_path(spelled) not in _faulty(registry):
            changes[model_path(spelled)] = dump_record(
                RegisteredModel(name=spelled, created=time, by=by)
            )
        changes |= _pointing(registry, spelled, pointers, version.version, time=time, by=by)
        what = f"registered from run {short(run)}"
        if there is not None:
            what = "described" if version != there or not pointers else f"is {pointers[0]}"
        trailers = {"Run": run} if artifact == "model" else {"Run": run, "Artifact": artifact}
        return Plan(changes, version_message(spelled, version.version, what, trailers))

    opened.branch.commit_on_tip(plan)
    return done[-1]


def model_of(opened: OpenRegistry, reference: str) -> tuple[str, str]:
    """The run and the path of the model that is meant. Raises what `register` does."""
    try:
        found = locate(opened.store, reference, kind="model")
    except NotFound as error:
        raise _not_ended(opened, reference) or error from None
    if found.run_id is None:
        raise UsageError(
            f"{reference!r} lies elsewhere, and only what a run left can be registered",
            hint="log it in a run: run.log_reference(uri, 'model', kind='model')",
        )
    if found.inner is not None:
        raise UsageError(
            f"{found.path!r} lies inside of {found.artifact.path!r}, which is registered as a "
            "whole",
            hint=f"give {found.run_id}/{found.artifact.path}",
        )
    _require_model(opened, found)
    return found.run_id, found.artifact.path


def describe(
    opened: OpenRegistry, name: str, text: str, version: int | str | None = None
) -> ModelVersion | RegisteredModel:
    """Say what a model, or one version, is about; an empty text takes it away. Raises NotFound."""
    about = written.prose(opened.place, "a description", text)

    def change(record: Any) -> Any:
        return msgspec.structs.replace(record, description=about)

    return _edit(opened, name, version, change, "described" if about else "description removed")


def tag(
    opened: OpenRegistry,
    name: str,
    tags: Mapping[str, Any],
    version: int | str | None = None,
    *,
    remove: Iterable[str] = (),
) -> ModelVersion | RegisteredModel:
    """Set and remove tags of a model, or of one version. Raises NotFound, UsageError."""
    labels, gone = written.labels(opened.place, tags), list(remove)
    if not labels and not gone:
        raise UsageError("there is no tag to set or to remove", hint="give key=value")

    def change(record: Any) -> Any:
        return msgspec.structs.replace(record, tags=written.changed_tags(record.tags, labels, gone))

    said = ", ".join([*labels, *(f"{key} removed" for key in gone)])
    return _edit(opened, name, version, change, f"tagged ({said})")


def set_alias(opened: OpenRegistry, name: str, alias: str, reference: int | str) -> ModelVersion:
    """Point an alias at a version, named by number, stage or another alias. Raises NotFound."""
    wanted = _alias(opened, name, alias)
    by, time = opened.author(), moments.now()
    done: list[ModelVersion] = []

    def plan(tip: str | None) -> Plan:
        registry = opened.reader(at=tip)
        model = known_model(registry, name)
        version = registry.version(model, reference)
        done.append(version)
        changes = _pointing(registry, model, [wanted], version.version, time=time, by=by)
        (path,) = changes
        what = f"is {path.rpartition('/')[2].removesuffix('.yaml')}"
        return Plan(changes, version_message(model, version.version, what, {"Alias": wanted}))

    opened.branch.commit_on_tip(plan)
    return done[-1]


def delete_alias(opened: OpenRegistry, name: str, alias: str) -> int | None:
    """Remove an alias; the version that it pointed at, if that could be read. Raises NotFound."""
    wanted = alias.removeprefix("@")
    done: list[int | None] = []

    def plan(tip: str | None) -> Plan:
        registry = opened.reader(at=tip)
        model = known_model(registry, name)
        there = registry.alias_names(model)
        spelled = written.spelled(wanted, there)
        if spelled not in there:
            near = nearest(wanted, there)
            have = f"it has {', '.join(there[:5])}" if there else "it has none"
            hint = f"did you mean {near!r}?" if near else have
            raise NotFound(f"{model!r} has no alias {wanted!r}", hint=hint)
        number = registry.aliases(model).get(spelled)
        done.append(number)
        message = version_message(model, number, f"no longer {spelled}", {"Alias": spelled})
        return Plan({alias_path(model, spelled): None}, message)

    opened.branch.commit_on_tip(plan)
    return done[-1]


def known_model(registry: Registry, name: str) -> str:
    """A model's name as it is spelled on the branch. Raises InvalidName, NotFound, UsageError."""
    models = registry.models()
    before, sign, version = name.partition("@") if isinstance(name, str) else ("", "", "")
    if sign and before in models:
        raise UsageError(
            f"{name!r} names a version, and here the model is meant",
            hint=f"write the version by itself:  {before} @{version}",
        )
    wanted = model_name(name)
    spelled = written.spelled(wanted, models)
    if spelled not in models:
        near = nearest(wanted, models)
        hint = f"did you mean {near!r}?" if near else "type  gitrack model ls"
        if not models:
            hint = "type  gitrack model register RUN NAME"
        raise NotFound(f"there is no registered model {wanted!r}", hint=hint)
    return spelled


def _edit(
    opened: OpenRegistry,
    name: str,
    version: int | str | None,
    change: Callable[[Any], Any],
    what: str,
) -> ModelVersion | RegisteredModel:
    """Change the record of a model, or of one version, and commit it."""
    by, time = opened.author(), moments.now()
    done: list[ModelVersion | RegisteredModel] = []

    def plan(tip: str | None) -> Plan:
        registry = opened.reader(at=tip)
        model = known_model(registry, name)
        before: ModelVersion | RegisteredModel | None
        if version is None:
            path, number = model_path(model), None
            before = registry.model(model)
            if before is None and path in (faulty := _faulty(registry)):
                raise UnreadableFile(path, faulty[path])
            before = before or RegisteredModel(name=model, created=time, by=by)
        else:
            before = registry.version(model, version)
            number = before.version
            path = version_path(model, number)
        after = change(before)
        done.append(after)
        return Plan({path: dump_record(after)}, version_message(model, number, what))

    opened.branch.commit_on_tip(plan)
    return done[-1]


def _require_model(opened: OpenRegistry, found: Located) -> None:
    """Anything else could not be loaded by who asks for the model in production."""
    kind = found.artifact.kind
    if kind == "model":
        return
    assert found.run_id is not None
    left = opened.store.run(found.run_path or found.run_id).artifacts
    models = [artifact.path for artifact in left if artifact.kind == "model"]
    hint = "log the model by run.log_model(), or a file by log_artifact(path, kind='model')"
    if models:
        hint = f"its model is {found.run_id}/{models[0]}"
    raise UsageError(
        f"{found.artifact.path!r} of run {found.run_id} is of the kind {kind!r}, no model",
        hint=hint,
    )


def _not_ended(opened: OpenRegistry, reference: str) -> NotFound | None:
    """What keeps a run of this machine from being registered: it is still being written."""
    rest = reference.partition(":")[2].lstrip("/") if reference.startswith("runs:") else reference
    run = rest.partition("/")[0]
    if not is_run_id(run) or not (opened.place.outbox / run).is_dir():
        return None
    return NotFound(
        f"run {run} is not on the branch yet",
        hint="register its model when it has ended; type  gitrack sync  if it has",
    )


def _next(registry: Registry, name: str) -> int:
    number = highest(registry, name) + 1
    if number > HIGHEST:
        path = version_path(name, number - 1)
        hint = f"remove it from the branch {registry.branch.name}"
        raise UnreadableFile(path, "no number is left above it", hint=hint)
    return number


def _alias(opened: OpenRegistry, name: str, alias: str) -> str:
    """An alias that nobody takes for a version or a stage. Raises InvalidName."""
    wanted = alias_name(alias.removeprefix("@") if isinstance(alias, str) else alias)
    stages = opened.ruling.policy.stages(model_name(name))
    if wanted.casefold() in (*stages, "none"):
        hint = f"type  gitrack promote {name} VERSION --to {wanted.casefold()} , or another name"
        raise InvalidName("alias", wanted, "is the name of a stage", hint=hint)
    return wanted


def _pointing(
    registry: Registry,
    model: str,
    aliases: Iterable[str],
    number: int,
    *,
    time: str,
    by: str,
) -> dict[str, bytes]:
    """The files of aliases that point at a version from now on; one that does stays as it is."""
    changes = {}
    for alias in aliases:
        spelled = written.spelled(alias, registry.alias_names(model))
        there = registry.pointers(model).get(spelled)
        path = alias_path(model, spelled)
        if there is not None and there.version == number:
            changes[path] = registry.branch.read(path, at=registry.commit)
        else:
            changes[path] = dump_record(ModelAlias(version=number, set=time, by=by))
    return changes


def _faulty(registry: Registry) -> dict[str, str]:
    return {fault.path: fault.why for fault in registry.faults}
