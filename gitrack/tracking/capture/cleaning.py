"""A run and all its files without secrets, ready for the branch."""

from __future__ import annotations

import hashlib
from collections.abc import Container

import msgspec

from gitrack.model.run import Artifact, Run, RunBundle
from gitrack.tracking.capture.secrets import Scanner

_ARTIFACTS = "artifacts"
_MOST_TOLD = 5


def clean_bundle(
    bundle: RunBundle, scanner: Scanner, *, harmless: Container[str] = ()
) -> tuple[RunBundle, str | None]:
    """The bundle without secrets, and a sentence about what was found, if anything was.

    Pointers and the files in `harmless` hold nothing that a person has typed and are not read.
    Raises SecretFound where the settings say so.
    """
    run = scanner.clean_run(bundle.run)
    files = {
        path: data if path.endswith(".dvc") or path in harmless else scanner.clean_bytes(path, data)
        for path, data in bundle.files.items()
    }
    if not scanner.findings:
        return bundle, None
    told = ", ".join(scanner.findings[:_MOST_TOLD])
    more = len(scanner.findings) - _MOST_TOLD
    sentence = f"secrets were cut out of run {run.id}: {told}{f' and {more} more' * (more > 0)}"
    return RunBundle(run=_recounted(run, bundle.files, files), files=files), sentence


def _recounted(run: Run, before: dict[str, bytes], after: dict[str, bytes]) -> Run:
    """Artifacts out of which something was cut are other bytes than those that were logged."""
    changed = {path for path, data in after.items() if data is not before[path]}
    artifacts = [
        _counted(artifact, after) if any(_lies_in(path, artifact) for path in changed) else artifact
        for artifact in run.artifacts
    ]
    return msgspec.structs.replace(run, artifacts=artifacts)


def _lies_in(path: str, artifact: Artifact) -> bool:
    own = f"{_ARTIFACTS}/{artifact.path}"
    return artifact.store == "git" and (path == own or path.startswith(f"{own}/"))


def _counted(artifact: Artifact, files: dict[str, bytes]) -> Artifact:
    from gitrack.artifacts.cache import make_tree

    own = {path: data for path, data in files.items() if _lies_in(path, artifact)}
    md5s = {
        name: hashlib.md5(data, usedforsecurity=False).hexdigest() for name, data in own.items()
    }
    whole = f"{_ARTIFACTS}/{artifact.path}"
    md5 = md5s.get(whole)
    if md5 is None:
        md5 = make_tree((name.removeprefix(f"{whole}/"), one) for name, one in md5s.items()).oid
    return msgspec.structs.replace(artifact, md5=md5, size=sum(map(len, own.values())))
