"""What `gitrack artifact add` and `alias` change: a run that holds a file, a pointer that moves."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.errors import GitrackError, NoRepository, NotFound, StoreError, UsageError
from gitrack.model.ids import is_run_id

if TYPE_CHECKING:
    from gitrack.model.run import Artifact
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore
    from gitrack.tracking.place import Place
    from gitrack.tracking.run import Run

#: The experiment of runs that were only made to hold a file.
EXPERIMENT = "artifacts"


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What was added. `known` if these contents were a version before, `pending` while the run
    that it was added to is still being written."""

    reference: str
    run: str
    path: str
    name: str | None = None
    version: int | None = None
    known: bool = False
    pending: bool = False
    md5: str | None = None
    size: int | None = None
    uri: str | None = None


def added(
    path: str, place_in_run: str | None, reference: str | None, about: Mapping[str, Any]
) -> Added:
    """Keep a file, a folder or a URI. Raises StoreError if that did not reach the branch."""
    from gitrack.tracking.place import find_place

    name = _checked(path, place_in_run, about)
    place = find_place()
    if place.repository is None:
        raise NoRepository(place.folder)
    before = _numbers(place, about["named"])
    run, living = _run(place, reference, about["named"] or name)
    run.log_artifact(path, name, **about)
    run.end()
    if living:
        return Added(reference=f"runs:/{run.id}/{name}", run=run.id, path=name, pending=True)
    if not run.owner:
        _commit(place, run)
    return _described(place, run.id, name, before)


def point(
    store: RunStore, repository: Repository, reference: str, alias: str
) -> dict[str, str | int]:
    """Make an alias point to a version. Raises UsageError for what is no version."""
    from datetime import UTC, datetime

    from gitrack.model.names import alias_name
    from gitrack.retrieval.used import UsedArtifact
    from gitrack.store.branch import Plan
    from gitrack.store.named import NamedArtifacts
    from gitrack.store.numbering import pointed

    alias = alias_name(alias)
    found = UsedArtifact.of(store, repository, reference)
    name, version = found.name, found.version
    if version is None:
        raise UsageError(
            f"{reference!r} is no version of a named artifact",
            hint="give it a name first: gitrack artifact add PATH NAME",
        )
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    by = str(repository.identity())

    def plan(tip: str | None) -> Plan:
        known = NamedArtifacts(store.branch, at=tip, contents=store.contents)
        changes = pointed(known, name, alias, version, time=now, by=by)
        return Plan(changes, f"artifact {name}: {alias} is v{version}")

    store.branch.commit_on_tip(plan)
    return {"name": name, "alias": alias, "version": version}


def _checked(path: str, place_in_run: str | None, about: Mapping[str, Any]) -> str:
    """The path in the run; all that can be refused is refused before a run is begun."""
    from gitrack.artifacts.names import check_name
    from gitrack.retrieval.uris import last_part, recorded
    from gitrack.tracking.logged import files
    from gitrack.tracking.logged.naming import naming, one_word

    naming(about["named"], about["aliases"], about["description"])
    if about["kind"] is not None:
        one_word(about["kind"])
    if files.is_uri(path):
        recorded(path)
        own = last_part(path)
    else:
        own = files.source(path).resolve().name
    if place_in_run is None or place_in_run.endswith("/"):
        place_in_run = f"{place_in_run or ''}{own}"
    return unicodedata.normalize("NFC", check_name(place_in_run))


def _numbers(place: Place, name: str | None) -> list[int]:
    from gitrack.store.named import NamedArtifacts

    return [] if name is None else NamedArtifacts(place.store().branch).numbers(name)


def _run(place: Place, reference: str | None, name: str) -> tuple[Run, bool]:
    """The run that takes it, and whether somebody else is still writing it."""
    from gitrack.tracking import outbox, start

    if reference is None:
        wish = start.Wish.of(EXPERIMENT, name, None, None, None, None)
        return start.open_new(place, wish), False
    try:
        run_id = place.store().run(reference).id
    except NotFound:
        if not is_run_id(reference) or not (place.outbox / reference).is_dir():
            raise
        run_id = reference
    folder = place.outbox / run_id
    living = any(name.startswith("owner") for name in outbox.journals(folder))
    return start.join(place, run_id), living


def _commit(place: Place, run: Run) -> None:
    """Bring what was added to a run on the branch there, in a commit of its own."""
    from gitrack.tracking import outbox
    from gitrack.tracking.ending.finish import commit_folder

    if run.folder is None:
        raise StoreError("nothing on disk can be written", hint="free some disk space")
    with outbox.claim(run.folder) as mine:
        if mine:
            commit_folder(place, run.folder, again=True)


def _described(place: Place, run_id: str, path: str, before: list[int]) -> Added:
    try:
        record = place.store().run(run_id)
    except GitrackError as error:
        raise StoreError(
            f"run {run_id}, which holds it, is not on the branch",
            hint="type  gitrack sync  once what was said above is mended",
        ) from error
    artifact = next((one for one in record.artifacts if one.path == path), None)
    if artifact is None:
        raise StoreError(f"run {run_id} did not keep {path}", hint="see what was said above")
    version = _version(place, artifact)
    reference = f"runs:/{run_id}/{path}" if version is None else f"{artifact.name}:v{version}"
    return Added(
        reference=reference,
        run=run_id,
        path=path,
        name=artifact.name,
        version=version,
        known=version in before,
        md5=artifact.md5,
        size=artifact.size,
        uri=artifact.uri,
    )


def _version(place: Place, artifact: Artifact) -> int | None:
    from gitrack.store.named import NamedArtifacts

    if artifact.name is None:
        return None
    store = place.store()
    known = NamedArtifacts(store.branch, contents=store.contents)
    found = known.find(artifact.name, md5=artifact.md5, uri=artifact.uri)
    return None if found is None else found.version


def shown_path(path: str) -> str:
    """A path or URI as people may see it."""
    from gitrack.retrieval.uris import is_uri, recorded

    return recorded(path) if is_uri(path) else str(Path(path))
