"""Checks of heavy files: the DVC project, its cache, its remotes."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from pathlib import Path

from gitrack.cli.checks.finding import Finding, Patient
from gitrack.config.project import CONFIG_FILE
from gitrack.errors import GitrackError
from gitrack.model.display import size

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
    """Are the heavy files of the newest runs here, or at least somewhere?"""
    from gitrack.artifacts import cache_of, load_pointer
    from gitrack.artifacts.fetch import missing
    from gitrack.errors import ArtifactError, UnreadableFile
    from gitrack.store.collected import collected

    cache = cache_of(patient.repo.worktree, patient.repo.common_dir)
    gone = collected(patient.store.branch)
    lacking: list[str] = []
    count = 0
    for path, data in _pointers(patient):
        if not isinstance(data, bytes):
            message = f"{path}: {data.message}"
            yield Finding(name="heavy files", state="fail", message=message, mend=data.hint)
            continue
        try:
            pointer = load_pointer(path, data)
            if (_run_of(path), pointer.md5) in gone:
                continue
            absent = missing(pointer, cache)
        except (UnreadableFile, ArtifactError) as error:
            yield Finding.of_error("heavy files", error)
            continue
        count += 1
        if absent:
            lacking.append(path)
    url = patient.config.artifacts.remote or _named_by_branch(patient)
    if lacking:
        yield Finding(
            name="heavy files",
            state="warn",
            message=f"{len(lacking)} of {count} are not in the cache, such as {lacking[0]}"
            + (f"; {url} may have them" if url else ""),
            mend="gitrack pull" if url else "ask whoever ran them to push them to a remote",
        )
        yield from _out_of_sight(patient, lacking)
    elif count and url is None:
        yield Finding(
            name="heavy files",
            state="warn",
            message=f"those of the newest runs ({count}) are in this DVC cache and nowhere else, "
            "and 'dvc gc --workspace' would delete them",
            mend=f"write  artifacts: {{remote: URL}}  in {CONFIG_FILE}, then type  gitrack init",
        )
    else:
        message = f"those of the newest runs ({count}) are here" if count else "none yet"
        yield Finding(name="heavy files", message=message)


def _named_by_branch(patient: Patient) -> str | None:
    """The remote that the branch names: a clone without settings has its bytes from there."""
    from gitrack.artifacts.branch_files import remote_in
    from gitrack.errors import NotFound

    try:
        return remote_in(patient.store.read(".dvc/config"))
    except NotFound:
        return None


def _run_of(path: str) -> str | None:
    from gitrack.store.layout import place_of

    place = place_of(path)
    return place.id if place else None


def _out_of_sight(patient: Patient, lacking: list[str]) -> Iterator[Finding]:
    """A DVC project that is read by its path never looks at the remote that its branch names.

    A day with a `.dvc/config` of its own is another project to DVC, and is looked after.
    """
    from gitrack.artifacts.project import read_settings

    top = patient.repo.worktree
    if top is None or not (top / ".dvc").is_dir() or read_settings(top).core.get("remote"):
        return
    branch = patient.store.branch
    days = {path.rpartition("/artifacts/")[0].rpartition("/")[0] for path in lacking}
    dark = sorted(day for day in days if ".dvc/" not in branch.children(day))
    if dark:
        yield Finding(
            name="plain DVC",
            state="warn",
            message=f"'dvc get .' does not find what the cache lacks of {dark[0]}"
            + (f" and {len(dark) - 1} more days" if len(dark) > 1 else "")
            + ": by its path DVC looks at this checkout's remotes, and it has no default one",
            mend="gitrack pull , or name the git remote instead of '.'",
        )


def unsent(patient: Patient) -> Iterator[Finding]:
    """Is anything in this cache alone although there is a remote?"""
    from gitrack.artifacts import cache_of
    from gitrack.sharing.heavy import heavy_files
    from gitrack.sharing.known import Known
    from gitrack.store.collected import collected

    url = patient.config.artifacts.remote
    if url is None:
        return
    table = patient.store.table()
    known = Known(patient.repo.home / "cache", url)
    branch = patient.store.branch
    if known.tree is not None and known.tree == branch.tree("runs"):
        yield Finding(name="sent", message=f"all heavy files are known to be in {url}")
        return
    files = heavy_files(table, range(table.rows), collected(branch))
    sizes = {file.md5: file.size or 0 for file in files if file.md5 not in known.md5s}
    here = cache_of(patient.repo.worktree, patient.repo.common_dir).sizes(sizes)
    waiting = [md5 for md5 in here if not _delivered(url, md5)]
    if waiting:
        yield Finding(
            name="sent",
            state="warn",
            message=f"{len(waiting)} heavy files ({size(sum(sizes[md5] for md5 in waiting))}) are "
            f"not known to be in {url}",
            mend="gitrack push",
        )


def _delivered(url: str, md5: str) -> bool:
    """A folder gets what a run leaves at once; a server is not asked here."""
    from gitrack.artifacts.remote import is_folder

    return is_folder(url) and (Path(url) / "files" / "md5" / md5[:2] / md5[2:]).exists()


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
    from gitrack.artifacts.neighbours import neighbours
    from gitrack.artifacts.project import read_settings

    url = patient.config.artifacts.remote
    yield from _on_branch(patient, url)
    top = patient.repo.worktree
    if url is None or top is None:
        return
    settings = read_settings(top)
    own = settings.remotes.get(REMOTE)
    if own is not None and not _same(own.url, url):
        yield Finding(
            name="artifact remote",
            state="warn",
            message=f"DVC's remote {REMOTE} is {own.url} in this checkout, and would win over "
            f"{url}",
            mend=f"dvc remote rename {REMOTE} other",
        )
    for other in neighbours(settings, url):
        default = "default remote" if other.name == settings.core.get("remote") else "remote"
        where = "is" if _same(other.url, url) else "shares its place with"
        yield Finding(
            name="artifact remote",
            state="warn",
            message=f"{url} {where} DVC's {default} {other.name} ({other.url}): 'dvc gc --cloud' "
            "may delete what only the tracking branch refers to",
            mend=f"give gitrack a place of its own in {CONFIG_FILE}, such as "
            f"{_beside(other.url, url)}",
        )
    yield from _reachable(url)


def _beside(theirs: str, ours: str) -> str:
    """A place that is neither in nor around theirs."""
    outer = min(theirs.rstrip("/"), ours.rstrip("/"), key=len)
    return f"{outer}-gitrack"


def _reachable(url: str) -> Iterator[Finding]:
    """Is the folder there, or the library that speaks to the server? The server is not asked."""
    from gitrack.artifacts.remote import RemoteObjects, is_folder
    from gitrack.errors import ArtifactError, MissingExtra

    if is_folder(url):
        if not (Path(url).is_dir() or Path(url).parent.is_dir()):
            yield Finding(
                name="artifact remote",
                state="warn",
                message=f"{url} is not there: is the disk mounted?",
            )
        return
    try:
        RemoteObjects(url)
    except (ArtifactError, MissingExtra) as error:
        yield Finding.of_error("artifact remote", error)


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
    """Did a killed process leave half a file in the cache, on the remote, or among the fetched?"""
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.cache import TEMPORARY
    from gitrack.artifacts.remote import is_folder
    from gitrack.retrieval.shelf import FOLDER

    cache = cache_of(patient.repo.worktree, patient.repo.common_dir).folder / "files" / "md5"
    url = patient.config.artifacts.remote
    patterns = [(cache, f"{TEMPORARY}*"), (patient.repo.home / FOLDER, ".part-*")]
    if url is not None and is_folder(url):
        patterns.append((Path(url) / "files" / "md5", f"*/{TEMPORARY}*"))
    for folder, pattern in patterns:
        old = [path for path in folder.glob(pattern) if time.time() - path.lstat().st_mtime > _DAY]
        if old:
            yield Finding(
                name="leftovers",
                state="warn",
                message=f"{len(old)} unfinished files of killed processes are in {folder}",
                mend=f"rm -rf {shlex.quote(str(folder))}/{pattern}",
            )


CHECKS = {
    "dvc": project,
    "heavy files": objects,
    "sent": unsent,
    "artifact remote": remotes,
    "leftovers": leftovers,
}
