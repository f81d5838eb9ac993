"""What a reference to an artifact means: which run left it, and what that run's record says.

    flights:v2  flights:latest  flights:best    a version of a named artifact; `flights` is :latest
    runs:/7k3f9q/model   7k3f9q/model           what a run left, the run named as anywhere else
    models:/churn/7  /production  @champion     what a version of a registered model points at
    s3://bucket/data.parquet                    what lies elsewhere, as it is now

A path may go on inside of an artifact that is a folder: `flights:v2/part-0.parquet`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import msgspec

from gitrack.errors import Ambiguous, InvalidName, NotFound, UnreadableFile, UsageError
from gitrack.model.md5 import is_md5
from gitrack.model.names import artifact_path
from gitrack.model.run import Artifact
from gitrack.retrieval.uris import is_uri, last_part
from gitrack.store.layout import RECORD, place_of
from gitrack.store.named import LATEST, NamedArtifacts, is_same, version_path

if TYPE_CHECKING:
    from gitrack.model.run import Run
    from gitrack.store.runs import RunStore

RUNS, MODELS = "runs:", "models:"
_NAMED = re.compile(r"(?P<name>[^/:]+):(?P<version>[^/:]+)(?:/(?P<inner>.+))?\Z", re.DOTALL)
_LONGEST = 4_000
#: How many of a reference's slashes may belong to the name of a run.
_MOST_SLASHES = 8
_SHOWN = 5


class Located(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that was found. Of what lies elsewhere only `artifact` is known.

    `run_path` is the run's folder on the branch, `inner` a path inside of the artifact, `name` and
    `version` are those of a named artifact, `model` and `model_version` those of the registry.
    """

    reference: str
    artifact: Artifact
    run_path: str | None = None
    run_id: str | None = None
    inner: str | None = None
    name: str | None = None
    version: int | None = None
    model: str | None = None
    model_version: int | None = None

    @property
    def path(self) -> str:
        """The path below the run's artifacts, with the one inside."""
        return f"{self.artifact.path}/{self.inner}" if self.inner else self.artifact.path

    @property
    def is_folder(self) -> bool:
        """True for a folder; of a path inside nobody knows before it is fetched."""
        return self.inner is None and (self.artifact.md5 or "").endswith(".dir")


def locate(store: RunStore, reference: str, *, kind: str | None = None) -> Located:
    """The one artifact that is meant.

    Of a run that is named without a path it is the only one; with a `kind`, the only one of that.

    Raises NotFound with names that are near, Ambiguous, UnreadableFile for what the branch says
    wrongly, UsageError for what is no reference.
    """
    _check(reference)
    lowered = reference[:8].lower()
    if lowered.startswith(RUNS):
        return _of_run(store, reference, reference[len(RUNS) :].lstrip("/"), kind)
    if lowered.startswith(MODELS):
        return _of_model(store, reference, reference[len(MODELS) :].lstrip("/"))
    if is_uri(reference):
        return Located(reference=reference, artifact=Artifact(
            path=last_part(reference), store="uri", uri=reference))  # fmt: skip
    found = _of_name(store, reference)
    return found if found is not None else _of_run(store, reference, reference, kind)


def _check(reference: object) -> None:
    hint = "give name:version, runs:/RUN/PATH, models:/NAME/VERSION or a URI"
    if not isinstance(reference, str):
        raise UsageError(f"{reference!r:.80} is not a reference to an artifact", hint=hint)
    if not reference.strip() or len(reference) > _LONGEST or "\0" in reference:
        raise UsageError(f"{reference[:80]!r} is not a reference to an artifact", hint=hint)


def _of_name(store: RunStore, reference: str) -> Located | None:
    """A version of a named artifact; None if this may be a run."""
    match = _NAMED.match(reference)
    name, wanted, inner = (
        match.group("name", "version", "inner") if match else (reference, None, None)
    )
    known = NamedArtifacts(store.branch)
    if wanted is None and ("/" in name or not known.numbers(name)):
        return None
    if wanted is not None and not known.numbers(name) and _may_be_run(store, reference):
        return None
    version = known.resolve(name, wanted or LATEST)
    run_path = store.find(version.run)
    artifact = _artifact(store.run(run_path), version.path)
    said = version_path(name, version.version)
    if artifact is None:
        raise UnreadableFile(said, f"run {version.run} left nothing at {version.path!r}")
    _check_artifact(run_path, artifact)
    if not is_same(version, md5=artifact.md5, uri=artifact.uri):
        here, there = version.md5 or version.uri, artifact.md5 or artifact.uri
        raise UnreadableFile(
            said, f"its contents are {here}, but the record of its run says {there}"
        )
    return Located(
        reference=reference,
        artifact=artifact,
        run_path=run_path,
        run_id=version.run,
        inner=_inside(inner),
        name=name,
        version=version.version,
    )


def _may_be_run(store: RunStore, reference: str) -> bool:
    """Names of runs are free text: one may hold a colon."""
    try:
        store.find(reference.partition("/")[0])
    except NotFound:
        return False
    return True


def _of_run(store: RunStore, reference: str, rest: str, kind: str | None) -> Located:
    run_path, path = _split(store, reference, rest)
    run = store.run(run_path)
    if not path and kind is not None:
        path = _only(run, kind)
    return _in_run(run, run_path, path, reference)


def _only(run: Run, kind: str) -> str:
    """The path of the one artifact of a kind."""
    found = [artifact.path for artifact in run.artifacts if artifact.kind == kind]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
        raise Ambiguous(
            f"run {run.id} left {len(found)} artifacts of the kind {kind!r}: {shown}",
            hint=f"name one: {run.id}/{found[0]}",
        )
    left = ", ".join(artifact.path for artifact in run.artifacts[:_SHOWN])
    raise NotFound(
        f"run {run.id} left no {kind}",
        hint=f"it left {left or 'nothing'}; gitrack ls shows others",
    )


def _split(store: RunStore, reference: str, rest: str) -> tuple[str, str]:
    """The run's folder, and the path of the artifact. A run's name may hold slashes itself."""
    rest = rest.strip("/")
    place = place_of(rest)
    if place is not None:
        return store.find(place.folder), rest.removeprefix(place.folder).strip("/")
    first: NotFound | None = None
    parts = rest.split("/")
    for count in range(1, min(len(parts), _MOST_SLASHES) + 1):
        try:
            return store.find("/".join(parts[:count])), "/".join(parts[count:])
        except Ambiguous:
            raise
        except NotFound as error:
            first = first or error
    if len(parts) == 1 and not set(":@") & set(rest):
        _no_such_name_or_run(store, rest, first)
    raise first or NotFound(f"there is no run {reference!r}")


def _no_such_name_or_run(store: RunStore, name: str, error: NotFound | None) -> NoReturn:
    import difflib

    near = difflib.get_close_matches(name, NamedArtifacts(store.branch).names(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else (error.hint if error else None)
    raise NotFound(f"there is no named artifact and no run {name!r}", hint=hint)


def _in_run(run: Run, run_path: str, path: str, reference: str) -> Located:
    path = path.removeprefix("artifacts/") if _artifact(run, path) is None else path
    if not path and len(run.artifacts) == 1:
        path = run.artifacts[0].path
    artifact = _artifact(run, path)
    inner = None
    while artifact is None and "/" in path:
        # the longest artifact above: what is left of the path lies inside of it
        above, _, last = path.rpartition("/")
        inner = f"{last}/{inner}" if inner else last
        artifact, path = _artifact(run, above), above
    if artifact is None:
        _no_such_artifact(run, f"{path}/{inner}" if inner else path)
    _check_artifact(run_path, artifact)
    return Located(
        reference=reference,
        artifact=artifact,
        run_path=run_path,
        run_id=run.id,
        inner=_inside(inner),
        name=artifact.name,
    )


def _check_artifact(run_path: str, artifact: Artifact) -> None:
    """They become paths on this machine, so a record may only say what gitrack would write."""
    record = f"{run_path}/{RECORD}"
    try:
        artifact_path(artifact.path)
    except InvalidName as error:
        raise UnreadableFile(record, error.message) from None
    if artifact.md5 is not None and not is_md5(artifact.md5):
        shown = f"{artifact.md5[:60]!r}, expected 32 hexadecimal digits"
        raise UnreadableFile(record, f"the md5 of {artifact.path!r} is {shown}")
    if artifact.store == "uri" and not is_uri(artifact.uri):
        # a path would be one of this machine, and what lies there anybody's secret
        shown = f"{str(artifact.uri)[:60]!r}, expected a URI such as s3://bucket/path"
        raise UnreadableFile(record, f"the place of {artifact.path!r} is {shown}")


def _artifact(run: Run, path: str) -> Artifact | None:
    return next((artifact for artifact in run.artifacts if artifact.path == path), None)


def _no_such_artifact(run: Run, path: str) -> NoReturn:
    import difflib

    have = [artifact.path for artifact in run.artifacts]
    if not have:
        raise NotFound(f"run {run.id} left no artifacts", hint=f"gitrack show {run.id}")
    below = [name for name in have if not path or name.startswith(f"{path}/")]
    if below:
        shown = ", ".join(below[:_SHOWN]) + (" …" if len(below) > _SHOWN else "")
        what = f"{path!r} of run {run.id}" if path else f"run {run.id}"
        raise Ambiguous(
            f"{what} holds {len(below)} artifacts: {shown}", hint=f"name one: {run.id}/{below[0]}"
        )
    near = difflib.get_close_matches(path, have, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it left {', '.join(have[:_SHOWN])}"
    raise NotFound(f"run {run.id} left nothing at {path!r}", hint=hint)


def _inside(inner: str | None) -> str | None:
    """A path inside of a folder, refused if it leads out."""
    if inner is None:
        return None
    inner = inner.strip("/")
    parts = inner.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in inner:
        raise UsageError(
            f"{inner!r} does not lie inside of the artifact", hint="name a file without '..'"
        )
    return inner


def _of_model(store: RunStore, reference: str, rest: str) -> Located:
    """`churn/7`, `churn/production`, `churn@champion`, and a path inside of that version."""
    from gitrack.store.registry import Registry

    name, at, alias = rest.partition("@")
    if at and "/" not in name:
        wanted, _, inner = alias.partition("/")
        wanted = f"@{wanted}"
    else:
        name, _, version = rest.partition("/")
        wanted, _, inner = version.partition("/")
    if not name or not wanted.strip("@"):
        hint = "give models:/NAME/7, models:/NAME/production or models:/NAME@champion"
        raise UsageError(f"{reference!r} names no version of a model", hint=hint)
    registered = Registry(store.branch).version(name, wanted)
    run_path = store.find(registered.run)
    path = f"{registered.artifact}/{inner}" if inner else registered.artifact
    found = _in_run(store.run(run_path), run_path, path, reference)
    return msgspec.structs.replace(found, model=name, model_version=registered.version)
