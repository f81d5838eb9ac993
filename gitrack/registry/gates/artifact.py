"""Every byte of the model is in the artifact remote, where others find it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.artifacts.remote import RemoteObjects, Unreachable
from gitrack.config.gates import ArtifactGate
from gitrack.errors import ArtifactError
from gitrack.registry.gates.bytes_of import located
from gitrack.registry.gates.case import CannotJudge, Case
from gitrack.registry.gates.finding import Finding, failed, outcome_of, passed
from gitrack.store.layout import ARTIFACTS, RECORD

if TYPE_CHECKING:
    from gitrack.artifacts import Cache, Pointer

_PUSH = "type  gitrack push  where the run was made"


def judge_artifact(case: Case, gate: ArtifactGate) -> Finding:
    """Of a folder its list, and every file that the list names."""
    from gitrack.artifacts import cache_of
    from gitrack.retrieval.obtain import open_remote, pointer_of

    found = located(case, case.standing, case.version.artifact)
    artifact = found.artifact
    folder = case.source.removesuffix(f"/{RECORD}")
    source = f"{folder}/{ARTIFACTS}/{artifact.path}"
    if artifact.store == "git":
        says = f"{artifact.path} is small, and lies on the branch itself"
        return passed(says, source=source, value=1, required=1)
    if artifact.store == "uri":
        return failed(
            f"{artifact.path} lies at {artifact.uri}, where nothing keeps it; log the model itself "
            f"with run.log_model",
            source=f"{case.source}: artifacts",
        )
    if not case.fetch:
        raise CannotJudge("the artifact remote is not looked at")
    pointer = pointer_of(case.store, found)
    source += ".dvc"
    try:
        remote = open_remote(case.store, case.opened.repository)
    except ArtifactError as error:
        raise CannotJudge(str(error)) from error
    if remote is None:
        return failed(
            "there is no artifact remote; write  artifacts: {remote: URL}  in "
            ".tracking/config.yaml, then type  gitrack init  and  gitrack push",
            source=source,
        )
    repository = case.opened.repository
    cache = cache_of(repository.worktree, repository.common_dir)
    return _held(pointer, cache, remote.layout(legacy=pointer.hash != "md5"), source)


def _held(pointer: Pointer, cache: Cache, remote: RemoteObjects, source: str) -> Finding:
    try:
        lacking, count = _lacking(pointer, cache, remote)
    except Unreachable as error:
        raise CannotJudge(f"the artifact remote cannot be reached: {error}") from error
    except ArtifactError as error:
        return failed(f"{error}; {_PUSH}", source=source)
    if not lacking:
        says = f"{remote.url} has all of it"
    elif lacking[0] == pointer.md5:
        says = f"{lacking[0]} is not in {remote.url}; {_PUSH}"
    else:
        says = f"{len(lacking)} of {count} objects are not in {remote.url}, {lacking[0]}; {_PUSH}"
    return Finding(
        outcome=outcome_of(not lacking),
        says=says,
        value=count - len(lacking),
        required=count,
        margin=float(-len(lacking)),
        source=source,
    )


def _lacking(pointer: Pointer, cache: Cache, remote: RemoteObjects) -> tuple[list[str], int]:
    """(md5s that the remote lacks, how many objects there are)."""
    from gitrack.artifacts.fetch import listing

    legacy = pointer.hash != "md5"
    if not remote.present({pointer.md5: None}):
        _must_answer(remote, pointer.md5)
        return [pointer.md5], 1
    wanted = {pointer.md5}
    if pointer.is_folder:
        wanted |= {file.md5 for file in listing(pointer, cache, remote)}
    sizes = cache.sizes(wanted, legacy=legacy)
    there = remote.present({md5: sizes.get(md5) for md5 in wanted})
    return sorted(wanted - there), len(wanted)


def _must_answer(remote: RemoteObjects, md5: str) -> None:
    """Raise Unreachable for a server that takes no question: some say "not there" for it."""
    if remote.is_folder:
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            remote.download(md5, Path(folder, "object"))
        except Unreachable:
            raise
        except ArtifactError:
            return
