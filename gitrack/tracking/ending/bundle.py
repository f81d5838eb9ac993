"""What the branch gets of a run: its record, its history, its files, cleaned of secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.artifacts import Pointer, cache_of, check_name, dump_pointer, keep
from gitrack.errors import NotFound
from gitrack.model.evaluation import FILE as EVALUATION
from gitrack.model.history import History
from gitrack.model.run import Artifact, Run, RunBundle, Status
from gitrack.store.layout import HISTORY, RECORD
from gitrack.tracking import notice
from gitrack.tracking.capture.captured import Captured
from gitrack.tracking.ending.evaluated import evaluation_of, inside
from gitrack.tracking.ending.steps import WHOLE, whole_history
from gitrack.tracking.journals.fold import File, Folded, moment, nanoseconds
from gitrack.tracking.logged.files import ARTIFACTS, EXTRA

if TYPE_CHECKING:
    from gitrack.artifacts import Cache, Kept
    from gitrack.store.numbering import Wish
    from gitrack.tracking.place import Place


class Earlier(msgspec.Struct, frozen=True):
    """What the branch already has of a run that is resumed, or that a late process adds to."""

    run: Run
    history: History | None
    files: dict[str, bytes]


def make_bundle(
    place: Place, folder: Path | None, folded: Folded, captured: Captured | None
) -> RunBundle:
    """The run as the branch will have it; its heavy bytes are in the DVC cache afterwards."""
    captured = captured or Captured()
    earlier = _earlier(place, folded)
    logged = folded.history(since=nanoseconds(earlier.run.started) if earlier else None)
    history = _with_earlier(logged, earlier)
    evaluation = evaluation_of(place, folder, folded, earlier.files if earlier else {})
    artifacts, files = _artifacts(place, folder, folded)
    files.update({**captured.files, **evaluation})
    if folder is not None:
        extra = {path: inside(folder, EXTRA, path) for path in folded.extra}
        files.update({path: file.read_bytes() for path, file in extra.items() if file.is_file()})
    if len(history):
        shown = history.for_branch()
        files[HISTORY] = shown.to_tsv().encode()
        if shown.sampled_from is not None and len(logged):
            name, data = whole_history(logged, _names(earlier))
            kept = keep(data, name, cache=_cache(place), inline_below=0)
            artifacts.append(_artifact(name, File(path=name, artifact=WHOLE), kept))
            files.update(_below_artifacts(kept))
    run = _record(folded, captured, history, artifacts)
    if earlier is not None:
        run = _united(earlier, run, folded, logged)
        files = {**_left(earlier, artifacts), **files}
    return _clean(place, RunBundle(run=run, files=files))


def _record(folded: Folded, captured: Captured, history: History, artifacts: list[Artifact]) -> Run:
    who, end = folded.who, folded.end
    return Run(
        id=who.id,
        name=_name(folded),
        experiment=who.experiment,
        status=folded.status if end else Status.KILLED,
        started=moment(who.time),
        ended=ended(folded),
        author=who.author,
        command=captured.command or None,
        parent=who.parent,
        notes=folded.notes,
        error=end.error if end else None,
        params=folded.params,
        metrics=folded.metrics,
        curves=history.curves(),
        tags=folded.tags,
        code=captured.code,
        data=list(folded.data.values()),
        uses=list(folded.uses),
        environment=captured.environment,
        seeds=folded.seeds,
        artifacts=artifacts,
        evidence=list(folded.evidence.values()),
    )


def ended(folded: Folded) -> str:
    """When it was ended, or when the last was heard of a run that nobody ended."""
    return moment(folded.end.time if folded.end else folded.last)


def _name(folded: Folded) -> str:
    """A name that was made up gives way to the one that the policy makes of the params."""
    who = folded.who
    named = None if who.named or folded.end is None else folded.end.name
    return named or who.name


def _earlier(place: Place, folded: Folded) -> Earlier | None:
    if folded.start is not None and not folded.start.resumed:
        return None
    store = place.store()
    try:
        path = store.find(folded.who.id)
    except NotFound:
        return None
    files = {
        entry.path.removeprefix(f"{path}/"): store.read(entry.path)
        for entry in store.files(path)
        if not entry.path.endswith((f"/{RECORD}", f"/{HISTORY}"))
    }
    return Earlier(store.run(path), store.history(path), files)


def _with_earlier(logged: History, earlier: Earlier | None) -> History:
    if earlier is None or earlier.history is None:
        return logged
    # rounded like what is there, so that a value which is there already is seen to be
    return History.union([earlier.history, logged.rounded()])


def _names(earlier: Earlier | None) -> set[str]:
    return {artifact.path for artifact in earlier.run.artifacts} if earlier else set()


def _united(earlier: Earlier, fresh: Run, folded: Folded, logged: History) -> Run:
    """`fresh` on top of what is there. A late process does not change how the run ended."""
    there = earlier.run
    tags = {name: tag for name, tag in there.tags.items() if name not in folded.removed_tags}
    replaced = {artifact.path for artifact in fresh.artifacts}
    known = {(dataset.name, dataset.role) for dataset in fresh.data}
    artifacts = [*(a for a in there.artifacts if a.path not in replaced), *fresh.artifacts]
    united = msgspec.structs.replace(
        there,
        notes=fresh.notes if fresh.notes is not None else there.notes,
        params={**there.params, **fresh.params},
        metrics={**there.metrics, **fresh.metrics},
        curves={**there.curves, **fresh.curves, **_counts(earlier, logged)},
        tags={**tags, **fresh.tags},
        data=[*(d for d in there.data if (d.name, d.role) not in known), *fresh.data],
        uses=list(dict.fromkeys([*there.uses, *fresh.uses])),
        seeds={**there.seeds, **fresh.seeds},
        artifacts=sorted(artifacts, key=lambda artifact: artifact.path),
        evidence=[*(e for e in there.evidence if e.name not in folded.evidence), *fresh.evidence],
    )
    if folded.start is None:
        return united
    return msgspec.structs.replace(
        united,
        status=fresh.status,
        ended=fresh.ended,
        error=fresh.error,
        command=fresh.command or there.command,
        code=fresh.code or there.code,
        environment=fresh.environment or there.environment,
    )


def _counts(earlier: Earlier, logged: History) -> dict[str, float | int]:
    """A sample keeps every extreme, but not every point: those are added up."""
    if earlier.history is None or earlier.history.sampled_from is None:
        return {}
    fresh = logged.curves()
    names = {name for name in (*earlier.run.curves, *fresh) if name.endswith(".count")}
    return {name: earlier.run.curves.get(name, 0) + fresh.get(name, 0) for name in names}


def _left(earlier: Earlier, artifacts: list[Artifact]) -> dict[str, bytes]:
    """Earlier files, but for those of artifacts that were logged again."""
    gone = {f"{ARTIFACTS}/{artifact.path}" for artifact in artifacts}
    return {
        path: data
        for path, data in earlier.files.items()
        if path.removesuffix(".dvc") not in gone
        and not any(path.startswith(f"{name}/") for name in gone)
    }


def _artifacts(
    place: Place, folder: Path | None, folded: Folded
) -> tuple[list[Artifact], dict[str, bytes]]:
    artifacts: list[Artifact] = []
    files: dict[str, bytes] = {}
    if folder is None or not folded.artifacts:
        return artifacts, files
    cache = _cache(place)
    for name, file in sorted(folded.artifacts.items()):
        if file.uri is not None:
            artifacts.append(_elsewhere(name, file))
            continue
        if file.md5 is not None:
            artifacts.append(_in_cache(name, file))
            files[f"{ARTIFACTS}/{name}.dvc"] = _pointer_to(name, file)
            continue
        path = inside(folder, ARTIFACTS, name)
        if not path.exists():  # it was there when the journal said so
            notice.warn(f"{name} of run {folded.who.id} was deleted from {folder} and is left out")
            continue
        kept = keep(
            path,
            name,
            cache=cache,
            inline_below=place.config.artifacts.inline_below,
            ours=True,
        )
        artifacts.append(_artifact(name, file, kept))
        files.update(_below_artifacts(kept))
    return artifacts, files


def wishes_of(folded: Folded) -> list[Wish]:
    """The artifacts that are to be versions of named ones."""
    if not any(file.named for file in folded.artifacts.values()):
        return []
    from gitrack.store.numbering import Wish  # late: most runs name nothing

    return [
        Wish(path=name, time=moment(file.time), aliases=file.aliases)
        for name, file in folded.artifacts.items()
        if file.named is not None
    ]


def _elsewhere(name: str, file: File) -> Artifact:
    """An artifact that nobody has copied."""
    return Artifact(
        path=check_name(name),
        kind=file.artifact,
        flavor=file.flavor,
        name=file.named,
        store="uri",
        uri=file.uri,
        md5=file.md5,
        size=file.size,
        description=file.description,
    )


def _in_cache(name: str, file: File) -> Artifact:
    """An artifact whose bytes DVC has itself put into its cache."""
    return Artifact(
        path=check_name(name),
        kind=file.artifact,
        flavor=file.flavor,
        name=file.named,
        store="dvc",
        md5=file.md5,
        size=file.size,
        files=file.files,
        description=file.description,
    )


def _pointer_to(name: str, file: File) -> bytes:
    assert file.md5 is not None
    last = name.rpartition("/")[2]
    return dump_pointer(Pointer(path=last, md5=file.md5, size=file.size, nfiles=file.files))


def _cache(place: Place) -> Cache | None:
    repository = place.repository
    return cache_of(repository.worktree, repository.common_dir) if repository else None


def _below_artifacts(kept: Kept) -> dict[str, bytes]:
    return {f"{ARTIFACTS}/{path}": data for path, data in kept.branch_files.items()}


def _artifact(name: str, file: File, kept: Kept) -> Artifact:
    return Artifact(
        path=name,
        kind=file.artifact,
        flavor=file.flavor,
        name=file.named,
        store=kept.store,
        md5=kept.md5,
        size=kept.size,
        files=kept.files,
        inputs=file.inputs,
        outputs=file.outputs,
        description=file.description,
    )


def _clean(place: Place, bundle: RunBundle) -> RunBundle:
    """Nothing that looks like a secret goes any further. Raises SecretFound where so configured."""
    mode = place.config.capture.secrets
    if mode == "off":
        return bundle
    from gitrack.tracking.capture.cleaning import clean_bundle
    from gitrack.tracking.capture.secrets import Scanner

    # steps, the system's readings and what predictions say hold nothing that a person has typed
    clean, found = clean_bundle(bundle, Scanner(mode), harmless=(HISTORY, EVALUATION, "system.tsv"))
    if found:
        notice.warn(found)
    return clean
