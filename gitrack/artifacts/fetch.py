"""Heavy bytes brought back: from the cache, else from the remote, always checked by md5."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gitrack.artifacts.cache import TEMPORARY, Cache, md5_of, room_or_error
from gitrack.artifacts.pointers import Pointer
from gitrack.artifacts.remote import RemoteObjects
from gitrack.artifacts.sources import open_regular
from gitrack.errors import ArtifactError

_MD5 = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_LIST_MOST = 256 * 1024 * 1024


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
    if target.exists() or target.is_symlink():
        raise ArtifactError(f"{target} exists already", hint="name another place")
    source = _Source(cache, remote, pointer.hash)
    with _aside(target) as aside:
        if pointer.is_folder:
            aside.mkdir()
            listing = source.obtain(pointer.md5)
            _verify(listing, pointer.md5, listing, pointer.hash)
            for relative, md5 in list_folder(listing, pointer.md5):
                place = aside / relative
                place.parent.mkdir(parents=True, exist_ok=True)
                source.copy(md5, place)
        else:
            source.copy(pointer.md5, aside)
    return target


def missing(pointer: Pointer, cache: Cache) -> list[str]:
    """The md5s of a pointer that the cache lacks; a folder's files count if its list is there."""
    legacy = pointer.hash != "md5"
    if not cache.has(pointer.md5, legacy=legacy):
        return [pointer.md5]
    if not pointer.is_folder:
        return []
    files = list_folder(cache.path(pointer.md5, legacy=legacy), pointer.md5)
    return sorted({md5 for _, md5 in files if not cache.has(md5, legacy=legacy)})


def list_folder(listing: Path, md5: str) -> list[tuple[PurePosixPath, str]]:
    """(relative path, md5) of each file of a folder, from its list in the cache.

    The list came from somewhere else: nothing in it may lead out of the folder.
    """
    if listing.stat().st_size > _LIST_MOST:
        raise ArtifactError(f"the list {md5} of a folder's files is too large to be one")
    try:
        value = json.loads(listing.read_bytes())
        if not isinstance(value, list):
            raise TypeError(value)
        entries = [(PurePosixPath(entry["relpath"]), entry["md5"]) for entry in value]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"{listing} is not DVC's list of a folder's files") from error
    for relative, file_md5 in entries:
        inside = relative.parts and not relative.is_absolute() and ".." not in relative.parts
        if not inside or "\0" in str(relative) or "\\" in str(relative):
            raise ArtifactError(f"{listing} holds the path {str(relative)!r}, which leads out")
        if not isinstance(file_md5, str) or not _MD5.match(file_md5):
            raise ArtifactError(f"{listing} holds {str(file_md5)[:60]!r}, which is not an md5")
    return entries


class _Source:
    """A cache, and behind it a remote for what the cache lacks."""

    def __init__(self, cache: Cache, remote: RemoteObjects | None, kind: str) -> None:
        self.cache = cache
        self.remote = remote
        self.kind = kind

    def obtain(self, md5: str) -> Path:
        """Where an object lies in the cache, after it was brought there if need be."""
        place = self.cache.path(md5, legacy=self.kind != "md5")
        if not place.is_file():
            self._download(md5, place)
        return place

    def copy(self, md5: str, target: Path) -> None:
        """Clone or copy an object, then check what has arrived. Never a link into the cache."""
        from dvc_objects.fs.utils import copyfile

        place = self.obtain(md5)
        copyfile(str(place), str(target))
        _verify(target, md5, place, self.kind)

    def _download(self, md5: str, place: Path) -> None:
        if self.remote is None:
            raise ArtifactError(
                f"{md5} is not in the DVC cache {self.cache.folder}, and there is no remote",
                hint="ask whoever has it to push it, or set artifacts.remote in config.yaml",
            )
        aside = place.with_name(f"{TEMPORARY}{secrets.token_hex(8)}")
        with room_or_error(self.cache.folder):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.remote.download(md5, aside)
                _verify(aside, md5, self.remote.url, self.kind)
                aside.chmod(0o444)
                aside.replace(place)
            finally:
                aside.unlink(missing_ok=True)


def _verify(file: Path, md5: str, origin: object, kind: str) -> None:
    if md5.endswith(".dir"):
        kind = "md5"  # DVC 2 knew no other way for lists
    with open_regular(file) as content:
        found = md5_of(content, file.name, os.fstat(content.fileno()).st_size, kind=kind)
    if found != md5.removesuffix(".dir"):
        raise ArtifactError(
            f"{origin} holds other bytes than were stored: md5 {found}, expected {md5}",
            hint="remove that file; a clone or a remote may still have the right one",
        )


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
