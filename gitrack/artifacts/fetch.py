"""Heavy bytes brought back: from the cache, else from the remote, always checked by md5."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gitrack.artifacts.cache import TEMPORARY, Cache, refuse_other_bytes
from gitrack.artifacts.listing import list_folder, read_list
from gitrack.artifacts.names import refuse_repository
from gitrack.artifacts.pointers import Pointer
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.transfer import download
from gitrack.errors import ArtifactError, NotFound
from gitrack.model.nearest import nearest


class Listed(msgspec.Struct, frozen=True):
    """A file of a folder: its path below it, with `/`, its md5, its size if it is in the cache."""

    relative: str
    md5: str
    size: int | None


def fetch(
    pointer: Pointer,
    target: Path,
    *,
    cache: Cache,
    remote: RemoteObjects | None = None,
) -> Path:
    """Bring what a pointer stands for to `target`, which must not exist yet; `target`.

    What the cache lacks comes from `remote`, through the cache. Raises ArtifactError if bytes
    are missing or are not those that were stored.
    """
    _refuse_existing(target)
    source = _Source(cache, remote, pointer)
    source.obtain(pointer.md5)
    with _aside(target) as aside:
        if not pointer.is_folder:
            source.copy(pointer.md5, aside)
            return target
        aside.mkdir()
        made = {aside}
        for listed in source.listing():
            refuse_repository(listed.relative, pointer.path)
            place = aside / listed.relative
            if place.parent not in made:
                place.parent.mkdir(parents=True, exist_ok=True)
                made.add(place.parent)
            source.copy(listed.md5, place)
    return target


def fetch_part(
    pointer: Pointer,
    inner: str,
    target: Path,
    *,
    cache: Cache,
    remote: Callable[[], RemoteObjects | None] = lambda: None,
) -> Path:
    """One file of a folder, or a folder in it, without the others; `target`.

    `remote` is asked for only when something is missing, and then of nothing but the folder's
    list and what is wanted. `target` must not exist yet; what is made of it when this fails is
    the caller's to remove. Raises NotFound if the folder has no such path, and ArtifactError.
    """
    legacy = pointer.hash != "md5"
    there = None if cache.has(pointer.md5, legacy=legacy) else remote()
    listed = {file.relative: file.md5 for file in listing(pointer, cache, there)}
    below = [inner] if inner in listed else [n for n in listed if n.startswith(f"{inner}/")]
    if not below:
        raise holds_no(pointer.path, inner, list(listed))
    if there is None and not all(cache.has(listed[name], legacy=legacy) for name in below):
        there = remote()
    for name in below:
        one = msgspec.structs.replace(pointer, md5=listed[name], size=None, nfiles=None)
        if name != inner:
            refuse_repository(name, pointer.path)
        fetch(one, target / name[len(inner) + 1 :], cache=cache, remote=there)
    return target


def holds_no(name: str, inner: str, known: Sequence[str]) -> NotFound:
    """An artifact lacks a path inside: what it holds instead, the nearest first."""
    near = nearest(inner, known)
    shown = [near] if near else sorted(known)[:3]
    hint = f"it holds {', '.join(shown)}" if shown else "it is a single file"
    return NotFound(f"{name!r} holds no {inner!r}", hint=hint)


def listing(pointer: Pointer, cache: Cache, remote: RemoteObjects | None = None) -> list[Listed]:
    """The files of a folder, sorted, from its list in the cache or in the remote."""
    if not pointer.is_folder:
        raise ArtifactError(f"{pointer.path} is one file, not a folder")
    source = _Source(cache, remote, pointer)
    source.obtain(pointer.md5, alone=True)
    return source.listing()


def missing(pointer: Pointer, cache: Cache) -> list[str]:
    """The md5s of a pointer that the cache lacks; a folder's files count if its list is there."""
    legacy = pointer.hash != "md5"
    if not cache.has(pointer.md5, legacy=legacy):
        return [pointer.md5]
    if not pointer.is_folder:
        return []
    files = {md5 for _, md5 in list_folder(cache.path(pointer.md5, legacy=legacy), pointer.md5)}
    return sorted(files - cache.sizes(files, legacy=legacy).keys())


class _Source:
    """What a pointer stands for, in a cache and behind it a remote for what that lacks."""

    def __init__(self, cache: Cache, remote: RemoteObjects | None, pointer: Pointer) -> None:
        self.pointer = pointer
        self.legacy = pointer.hash != "md5"
        self.cache = cache
        self.remote = remote.layout(legacy=self.legacy) if remote else None

    def obtain(self, md5: str, *, alone: bool = False) -> None:
        """Bring into the cache what it lacks of an object; of a folder `alone` the list."""
        pointer = msgspec.structs.replace(self.pointer, md5=md5)
        lacking = missing(pointer, self.cache)
        if not lacking or (alone and lacking != [md5]):
            return
        if self.remote is None:
            raise ArtifactError(
                f"{lacking[0]} is not in the DVC cache {self.cache.folder}, and there is no remote",
                hint="ask whoever has it to push it, or set artifacts.remote in config.yaml",
            )
        download([md5], self.cache, self.remote, alone=alone).must_be_whole()

    def listing(self) -> list[Listed]:
        """The files of the folder, whose list is in the cache."""
        place = self.cache.path(self.pointer.md5, legacy=self.legacy)
        refuse_other_bytes(place, self.pointer.md5, place)
        entries = read_list(place.read_bytes(), place)
        sizes = self.cache.sizes((md5 for _, md5 in entries), legacy=self.legacy)
        return sorted(
            (Listed(str(relative), md5, sizes.get(md5)) for relative, md5 in entries),
            key=lambda listed: listed.relative,
        )

    def copy(self, md5: str, target: Path) -> None:
        """Clone or copy an object, then check what has arrived. Never a link into the cache."""
        from dvc_objects.fs.utils import copyfile

        place = self.cache.path(md5, legacy=self.legacy)
        copyfile(str(place), str(target))
        refuse_other_bytes(target, md5, place, legacy=self.legacy)


def _refuse_existing(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise ArtifactError(f"{target} exists already", hint="name another place")


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A place beside the target that becomes the target only when all is there."""
    aside = target.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        aside.rename(target)
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        if aside.is_dir():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
