"""Checks of heavy files: the DVC project, its cache, its remotes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gitrack.cli.checks.finding import Finding, Patient
from gitrack.config.project import CONFIG_FILE
from gitrack.errors import GitrackError

#: Runs, the newest first, whose heavy files are looked for.
_RUNS = 50
_DAY = 86_400.0


def project(patient: Patient) -> Iterator[Finding]:
    """Is the checkout a DVC project, so that plain DVC finds the cache?"""
    from gitrack.artifacts import cache_of

    top = patient.repo.worktree
    if top is None:
        return
    cache = cache_of(top, patient.repo.common_dir)
    if not (top / ".dvc").is_dir():
        yield Finding(
            name="dvc",
            state="warn",
            message=f"no DVC project here; heavy files go to {cache.folder}",
            mend="gitrack init",
        )
        return
    if not _dvc_would_use(patient):
        yield Finding(
            name="dvc",
            state="warn",
            message=f"heavy files go to {cache.folder}, where DVC does not look from this worktree",
            mend="gitrack init",
        )
        return
    yield Finding(name="dvc", message=f"cache in {cache.folder}")


def _dvc_would_use(patient: Patient) -> bool:
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.project import read_settings

    top = patient.repo.worktree
    assert top is not None
    own = read_settings(top).cache or top / ".dvc" / "cache"
    return own.resolve() == cache_of(top, patient.repo.common_dir).folder.resolve()


def objects(patient: Patient) -> Iterator[Finding]:
    """Are the heavy files of the newest runs here?"""
    from gitrack.artifacts import cache_of, load_pointer
    from gitrack.artifacts.fetch import missing
    from gitrack.errors import ArtifactError, UnreadableFile

    cache = cache_of(patient.repo.worktree, patient.repo.common_dir)
    lacking: list[str] = []
    count = 0
    for path, data in _pointers(patient):
        if not isinstance(data, bytes):
            message = f"{path}: {data.message}"
            yield Finding(name="heavy files", state="fail", message=message, mend=data.hint)
            continue
        try:
            absent = missing(load_pointer(path, data), cache)
        except (UnreadableFile, ArtifactError) as error:
            yield Finding.of_error("heavy files", error)
            continue
        count += 1
        if absent:
            lacking.append(path)
    url = patient.config.artifacts.remote
    if lacking:
        yield Finding(
            name="heavy files",
            state="warn",
            message=f"{len(lacking)} of {count} are not in the cache, such as {lacking[0]}"
            + (f"; {url} may have them" if url else ""),
            mend=None if url else "ask whoever ran them to push their heavy files to a remote",
        )
    elif count and url is None:
        yield Finding(
            name="heavy files",
            state="warn",
            message=f"all {count} of the newest runs are in this DVC cache and nowhere else, and "
            "'dvc gc --workspace' would delete them",
            mend=f"write  artifacts: {{remote: URL}}  in {CONFIG_FILE}, then type  gitrack init",
        )
    else:
        message = f"all {count} of the newest runs are here" if count else "none yet"
        yield Finding(name="heavy files", message=message)


def _pointers(patient: Patient) -> Iterator[tuple[str, bytes | GitrackError]]:
    table = patient.store.table()
    newest = sorted(zip(table.column("id"), table.column("path"), strict=True), reverse=True)
    entries = [
        entry
        for _, path in newest[:_RUNS]
        for entry in patient.store.files(str(path))
        if entry.path.endswith(".dvc") and "/artifacts/" in entry.path
    ]
    contents = patient.store.branch.read_many([entry.id for entry in entries])
    for entry, (_, data) in zip(entries, contents, strict=True):
        yield entry.path, data


def remotes(patient: Patient) -> Iterator[Finding]:
    """Do the settings, the branch and the checkout mean the same remote, and is it our own?"""
    from gitrack.artifacts.branch_files import REMOTE
    from gitrack.artifacts.project import read_settings

    url = patient.config.artifacts.remote
    yield from _on_branch(patient, url)
    top = patient.repo.worktree
    if url is None or top is None:
        return
    for remote in read_settings(top).remotes.values():
        if remote.name == REMOTE and not _same(remote.url, url):
            yield Finding(
                name="artifact remote",
                state="warn",
                message=f"DVC's remote {REMOTE} is {remote.url} in this checkout, and would win "
                f"over {url}",
                mend=f"dvc remote rename {REMOTE} other",
            )
        elif remote.name != REMOTE and _same(remote.url, url):
            yield Finding(
                name="artifact remote",
                state="warn",
                message=f"{url} is DVC's remote {remote.name} too: 'dvc gc --cloud' may delete "
                "what only the tracking branch refers to",
                mend=f"give gitrack a place of its own in {CONFIG_FILE}, such as {url}-gitrack",
            )


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def _on_branch(patient: Patient, url: str | None) -> Iterator[Finding]:
    from gitrack.artifacts.branch_files import remote_in
    from gitrack.errors import NotFound

    branch = patient.store.branch
    if branch.tip() is None:
        return
    try:
        written = remote_in(branch.read(".dvc/config"))
    except NotFound:
        yield Finding(
            name="artifact remote",
            state="warn",
            message=f"the branch {branch.name} lacks .dvc/config, so plain DVC cannot read it",
            mend="gitrack init",
        )
        return
    if url is not None and written != url:
        yield Finding(
            name="artifact remote",
            state="warn",
            message=f"{CONFIG_FILE} says {url}, the branch {written or 'names none'}",
            mend="gitrack init",
        )
    elif written is not None:
        yield Finding(name="artifact remote", message=written)


def leftovers(patient: Patient) -> Iterator[Finding]:
    """Did a killed process leave half a file in the cache?"""
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.cache import TEMPORARY

    folder = cache_of(patient.repo.worktree, patient.repo.common_dir).folder / "files" / "md5"
    old = [
        path for path in folder.glob(f"{TEMPORARY}*") if time.time() - path.lstat().st_mtime > _DAY
    ]
    if old:
        yield Finding(
            name="leftovers",
            state="warn",
            message=f"{len(old)} unfinished files of killed processes are in {folder}",
            mend=f"rm {folder}/{TEMPORARY}*",
        )


CHECKS = {
    "dvc": project,
    "heavy files": objects,
    "artifact remote": remotes,
    "leftovers": leftovers,
}
