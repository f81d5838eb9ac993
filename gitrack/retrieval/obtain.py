"""The bytes of an artifact that was located: from the branch, the DVC cache, or a remote."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.errors import ArtifactError, NotFound, UnreadableFile
from gitrack.model.run import Artifact
from gitrack.retrieval.resolve import Located
from gitrack.retrieval.shelf import Shelf
from gitrack.store.layout import ARTIFACTS

if TYPE_CHECKING:
    from gitrack.artifacts import Pointer
    from gitrack.artifacts.remote import RemoteObjects
    from gitrack.artifacts.transfer import Progress
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore

Bring = Callable[[Path], object]


def obtain(
    store: RunStore,
    repository: Repository,
    located: Located,
    target: Path | None = None,
    *,
    progress: Progress | None = None,
) -> Path:
    """Where the bytes are now.

    With a target they are written there, whole or not at all; into it if it is a folder. Nothing
    is ever written over. Without, they lie in a place that all share, read-only, and the next
    call finds them there. `progress` is told how many objects of a remote have arrived. Raises
    ArtifactError for bytes that are missing or not what was logged, UnreadableFile where the
    record of a run and its files disagree, NotFound for a path that the artifact does not hold.
    """
    shelf = Shelf(repository.home)
    artifact = located.artifact
    name = located.path.rpartition("/")[2]
    if artifact.store == "uri":
        key, bring = _elsewhere(repository, located)
    else:
        key, bring = _key(located), _from_project(store, repository, located, progress)
    if target is None:
        found = None if key is None else shelf.find(key, name)
        once = f"once/{_digest(f'{artifact.uri} {located.path}')}"  # nobody can tell if it changed
        return found or shelf.put(key or once, name, bring, again=key is None)
    target = target / name if target.is_dir() else target
    if target.exists() or target.is_symlink():
        raise ArtifactError(f"{target} exists already", hint="name another place, or move it away")
    _write_whole(target, bring)
    return target


def files_of(
    store: RunStore, repository: Repository, located: Located
) -> list[tuple[str, str | None, int | None]]:
    """(path, md5, size) of every file of an artifact that is a folder, as far as they are known.

    Of a heavy one only the list is fetched. Raises ArtifactError, UnreadableFile.
    """
    artifact = located.artifact
    if artifact.store == "uri":
        from gitrack.artifacts.elsewhere import Elsewhere

        found = Elsewhere(artifact.uri or "", repository.worktree).files()
        return [(name, None, size) for name, size in found]
    if artifact.store == "git":
        files = _on_branch(store, located)
        return [(name, _md5(data), len(data)) for name, data in sorted(files.items())]
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.fetch import listing

    pointer = pointer_of(store, located)
    cache = cache_of(repository.worktree, repository.common_dir)
    legacy = pointer.hash != "md5"
    remote = None if cache.has(pointer.md5, legacy=legacy) else open_remote(store, repository)
    listed = listing(pointer, cache, remote)
    sizes = cache.sizes({file.md5 for file in listed}, legacy=legacy)
    return [(file.relative, file.md5, sizes.get(file.md5)) for file in listed]


def pointer_of(store: RunStore, located: Located) -> Pointer:
    """The DVC pointer of a heavy artifact, which says what the record says.

    Raises UnreadableFile where they disagree, or where there is none.
    """
    from gitrack.artifacts import load_pointer

    path = f"{located.run_path}/{ARTIFACTS}/{located.artifact.path}.dvc"
    try:
        pointer = load_pointer(path, store.read(path))
    except NotFound:
        raise UnreadableFile(path, "is not there, but the record of its run names it") from None
    said = located.artifact.md5
    if said is not None and said != pointer.md5:
        raise UnreadableFile(
            path,
            f"points to {pointer.md5}, but the record of its run says {said}",
            hint="somebody has changed one of them; 'git log' of the branch says who",
        )
    return pointer


def remote_of(store: RunStore, repository: Repository) -> str | None:
    """Where this project's heavy files are shared: by the checkout's settings, else the branch's.

    Raises ConfigError.
    """
    from gitrack.artifacts.branch_files import check_remote, remote_in

    configured = _configured(repository)
    if configured is not None:
        return configured
    try:
        found = remote_in(store.read(".dvc/config"))
    except NotFound:
        return None
    return None if found is None else check_remote(found)


def _configured(repository: Repository) -> str | None:
    from gitrack.config.project import project_root
    from gitrack.config.settings import load_config

    if repository.worktree is None:
        return None
    root = project_root(repository.worktree / repository.subfolder)
    inside = root is not None and root.is_relative_to(repository.worktree)
    return load_config(root if inside else repository.worktree).artifacts.remote


def _key(located: Located) -> str | None:
    """The folder on the shelf: one for each name under which the whole or a part is known."""
    md5 = located.artifact.md5
    if md5 is None:
        return None
    return f"{md5}/{_digest(located.path if located.inner else located.path.rpartition('/')[2])}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _from_project(
    store: RunStore, repository: Repository, located: Located, progress: Progress | None
) -> Bring:
    if located.artifact.store == "git":
        return lambda target: _from_branch(store, located, target)
    pointer = pointer_of(store, located)
    inner = located.inner

    def bring(target: Path) -> None:
        with _told_if_collected(store, located):
            _from_dvc(store, repository, pointer, inner, target, progress)

    return bring


@contextlib.contextmanager
def _told_if_collected(store: RunStore, located: Located) -> Iterator[None]:
    """Bytes that are missing may have been let go, and then nobody needs to look for them."""
    try:
        yield
    except ArtifactError as error:
        from gitrack.store.collected import why_gone

        why = why_gone(store.branch, located.run_id or "", located.artifact.md5 or "")
        if why is None:
            raise
        message = f"{located.artifact.path} of run {located.run_id} is gone: {why}"
        raise ArtifactError(message, hint="its record stays on the branch") from error


def _from_branch(store: RunStore, located: Located, target: Path) -> None:
    _write_files(_within(_on_branch(store, located), located), target)


def _on_branch(store: RunStore, located: Located) -> dict[str, bytes]:
    """A small artifact: one file on the branch, named by nothing, or a folder of some."""
    top = f"{located.run_path}/{ARTIFACTS}/{located.artifact.path}"
    entries = store.branch.entries(top)
    files: dict[str, bytes] = {}
    for entry, (_, data) in zip(
        entries, store.branch.read_many([entry.id for entry in entries]), strict=True
    ):
        if not isinstance(data, bytes):
            raise data
        files[entry.path.removeprefix(f"{top}/")] = data
    if not entries:
        try:
            files = {"": store.read(top)}
        except NotFound:
            why = "is not there, but the record of its run names it"
            raise UnreadableFile(top, why) from None
    _check_md5(top, files, located.artifact)
    return files


def _check_md5(top: str, files: Mapping[str, bytes], artifact: Artifact) -> None:
    from gitrack.artifacts.cache import make_tree

    md5s = {name: _md5(data) for name, data in files.items()}
    found = md5s[""] if "" in md5s else make_tree(md5s.items()).oid
    if artifact.md5 is not None and found != artifact.md5:
        raise UnreadableFile(
            top,
            f"its md5 is {found}, but the record of its run says {artifact.md5}",
            hint="somebody has changed one of them; 'git log' of the branch says who",
        )


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _within(files: Mapping[str, bytes], located: Located) -> dict[str, bytes]:
    inner = located.inner
    if inner is None:
        return dict(files)
    if inner in files:
        return {"": files[inner]}
    below = {
        name.removeprefix(f"{inner}/"): data
        for name, data in files.items()
        if name.startswith(f"{inner}/")
    }
    if not below:
        from gitrack.artifacts.fetch import holds_no

        raise holds_no(located.artifact.path, inner, [name for name in files if name])
    return below


def _write_files(files: Mapping[str, bytes], target: Path) -> None:
    from gitrack.artifacts.names import refuse_repository

    if "" in files:
        target.write_bytes(files[""])
        return
    for name, data in files.items():
        parts = name.split("/")
        if ".." in parts or "." in parts or "" in parts or "\\" in name:
            raise UnreadableFile(name, "leads out of the artifact's folder")
        refuse_repository(name, target.name)
        place = target.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def _from_dvc(
    store: RunStore,
    repository: Repository,
    pointer: Pointer,
    inner: str | None,
    target: Path,
    progress: Progress | None,
) -> None:
    from gitrack.artifacts import cache_of
    from gitrack.artifacts.fetch import fetch, fetch_part, holds_no, missing
    from gitrack.artifacts.transfer import download

    cache = cache_of(repository.worktree, repository.common_dir)
    if inner is None:
        remote = open_remote(store, repository) if missing(pointer, cache) else None
        if remote is not None:
            layout = remote.layout(legacy=pointer.hash != "md5")
            download([pointer.md5], cache, layout, progress=progress).must_be_whole()
        fetch(pointer, target, cache=cache, remote=remote)
        return
    if not pointer.is_folder:
        raise holds_no(pointer.path, inner, [])
    fetch_part(pointer, inner, target, cache=cache, remote=lambda: open_remote(store, repository))


def open_remote(store: RunStore, repository: Repository) -> RemoteObjects | None:
    """The remote that `remote_of` names, with what the checkout knows of it; None without one."""
    from gitrack.artifacts.remote import RemoteObjects
    from gitrack.artifacts.transfer import settings_for

    url = remote_of(store, repository)
    if url is None:
        return None
    settings = settings_for(
        repository.worktree, url, only_on_branch=_configured(repository) is None
    )
    return RemoteObjects(url, settings)


def _elsewhere(repository: Repository, located: Located) -> tuple[str | None, Bring]:
    """What lies at a URI: by its md5 if the record has one, else as it is now."""
    from gitrack.artifacts.elsewhere import Elsewhere

    artifact = located.artifact
    uri = artifact.uri or ""
    place = Elsewhere(uri, repository.worktree)
    if located.inner:
        place = place.inside(located.inner)
    if artifact.md5 is not None and not located.inner:
        return _key(located), lambda target: place.fetch(target, md5=artifact.md5)
    state = place.state()
    key = None if state is None else f"uri/{_digest(f'{place.uri} {state}')}"
    return key, place.fetch


def _write_whole(target: Path, bring: Bring) -> None:
    """Beside the target first, so that it is there whole or not at all."""
    aside = target.with_name(f".gitrack-{os.getpid()}-{secrets.token_hex(6)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        bring(aside)
        if target.exists():  # os.rename would replace a file that has come meanwhile
            raise ArtifactError(f"{target} exists already", hint="name another place")
        aside.rename(target)
    except ArtifactError as error:  # names the place beside it, which nobody knows
        message = error.message.replace(str(aside), str(target))
        raise ArtifactError(message, hint=error.hint) from error
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)
