"""The DVC cache: contents by md5, written by DVC's own libraries without a DVC repository."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitrack.artifacts.copying import copy_file, link_file, md5_of_file, room_or_error
from gitrack.artifacts.sources import read_small
from gitrack.errors import ArtifactError

if TYPE_CHECKING:
    from dvc_data.hashfile.tree import Tree

#: The mode by which DVC knows that nobody has written into an object.
_PROTECTED = 0o444
#: Up to this size a file is read at once.
_SMALL = 1024 * 1024
#: How our temporaries begin; DVC skips names that are not hashes.
TEMPORARY = ".gitrack-"


class Cache:
    """One DVC cache folder, as `dvc cache dir` prints it. `shared` is DVC's `cache.shared`."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.folder = folder
        self.shared = shared
        self._objects = folder / "files" / "md5"
        self._base = os.fspath(self._objects)
        self._made: set[str] = set()

    def path(self, md5: str, *, legacy: bool = False) -> Path:
        """Where an object lies: DVC 3 has a folder of its own for it, DVC 2 had not."""
        base = self.folder if legacy else self._objects
        return base / md5[:2] / md5[2:]

    def has(self, md5: str, *, legacy: bool = False) -> bool:
        return self.path(md5, legacy=legacy).is_file()

    def sizes(self, md5s: Iterable[str], *, legacy: bool = False) -> dict[str, int]:
        """The sizes of those objects that are here."""
        base = os.fspath(self.folder) if legacy else self._base
        found = {}
        for md5 in md5s:
            try:  # a Path for each costs more than the question
                found[md5] = os.stat(f"{base}/{md5[:2]}/{md5[2:]}").st_size  # noqa: PTH116
            except FileNotFoundError:
                continue
        return found

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep `data`; its md5 and size."""
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        self._put_data(data, md5)
        return md5, len(data)

    def put_file(self, source: Path, *, ours: bool = False) -> tuple[str, int]:
        """Keep a file; its md5 and size.

        A user's file is cloned where the file system can, else copied: writing into it later
        must not reach the cache. `ours` files may be linked, and then become read-only.
        """
        data = read_small(source, _SMALL)
        if data is not None:
            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            self._put_data(data, md5, source if ours else None)
            return md5, len(data)
        with self._temporary() as temporary:
            linked = ours and link_file(source, temporary)
            return self._adopt(temporary, None if linked else copy_file(source, temporary))

    def put_tree(self, entries: Iterable[tuple[str, str]]) -> str:
        """Keep the list of a folder's files, (relative path, md5) each; its md5 with `.dir`."""
        tree = make_tree(entries)
        md5: str = tree.oid
        self._put_data(tree.as_bytes(), md5)
        return md5

    def put_object(self, source: Path, md5: str) -> None:
        """Take over an object of another cache."""
        with self._temporary() as temporary:
            if not link_file(source, temporary):
                copy_file(source, temporary)
            self._place(temporary, self.path(md5), temporary.stat().st_size)

    def receive(
        self, md5: str, bring: Callable[[Path], str | None], origin: object, *, legacy: bool = False
    ) -> int:
        """Let `bring` write an object aside, and take it over if it is what its md5 says.

        `bring` gives the md5 if it knows it. The size; ArtifactError names `origin` otherwise.
        """
        with self._temporary() as temporary:
            found = bring(temporary)
            refuse_other_bytes(temporary, md5, origin, found=found, legacy=legacy)
            size = temporary.stat().st_size
            self._place(temporary, self.path(md5, legacy=legacy), size)
        return size

    def _put_data(self, data: bytes, md5: str, linkable: Path | None = None) -> None:
        """With few calls of the system: there may be 100,000 such files in a folder.

        `linkable` is a file of ours with these bytes.
        """
        folder = f"{self._base}/{md5[:2]}"
        place = f"{folder}/{md5[2:]}"
        with room_or_error(self.folder):
            if folder not in self._made:
                self._database().makedirs(folder)
                self._made.add(folder)
            if _is_whole(place, len(data)) or (linkable and _linked(linkable, place)):
                return
            temporary = f"{self._base}/{TEMPORARY}{secrets.token_hex(8)}"
            try:
                Path(temporary).write_bytes(data)
                os.chmod(temporary, _PROTECTED)  # noqa: PTH101
                os.replace(temporary, place)  # noqa: PTH105
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    def _adopt(self, temporary: Path, md5: str | None) -> tuple[str, int]:
        """Give a file of ours its place by its md5, which is taken from these very bytes."""
        size = temporary.stat().st_size
        md5 = md5 or md5_of_file(temporary)
        self._place(temporary, self.path(md5), size)
        return md5, size

    def _place(self, temporary: Path, place: Path, size: int) -> None:
        """Rename, so that an object is there whole or not at all."""
        if _is_whole(place, size):
            return
        database = self._database()
        database.makedirs(str(place.parent))
        database.protect(str(temporary))
        temporary.replace(place)

    def _database(self) -> Any:
        """DVC's own idea of this cache: it knows the modes of shared caches."""
        from dvc_data.hashfile.db.local import LocalHashFileDB
        from dvc_objects.fs.local import localfs

        shared = "group" if self.shared else None
        return LocalHashFileDB(  # type: ignore[no-untyped-call]  # DVC ships no types
            localfs, str(self._objects), shared=shared
        )

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A path on the cache's own file system, gone afterwards."""
        path = self._objects / f"{TEMPORARY}{secrets.token_hex(8)}"
        with room_or_error(self.folder):
            if not self._objects.is_dir():
                self._database().makedirs(str(self._objects))
            try:
                yield path
            finally:
                path.unlink(missing_ok=True)


def refuse_other_bytes(
    file: Path, md5: str, origin: object, *, found: str | None = None, legacy: bool = False
) -> None:
    """ArtifactError that names `origin` if a file is not what its md5 says.

    `found` is the md5 of the file, if somebody has taken it.
    """
    # DVC 2 treated text in a way of its own, but not the lists of folders
    as_text = legacy and not md5.endswith(".dir")
    if found is None or as_text:
        found = md5_of_file(file, legacy=as_text)
    if found != md5.removesuffix(".dir"):
        raise ArtifactError(
            f"{origin} holds other bytes than were stored: md5 {found}, expected {md5}",
            hint="remove that file; a clone or a remote may still have the right one",
        )


def _linked(file: Path, place: str) -> bool:
    """Make a file of ours the object; False where that cannot be, or a torn one is there."""
    try:
        file.chmod(_PROTECTED)
        os.link(file, place)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return False
    return True


def _is_whole(place: str | Path, size: int) -> bool:
    """An object that a crash has torn, or that somebody may have written into, is not trusted."""
    try:
        about = os.stat(place)  # noqa: PTH116 - a Path costs more than the question
    except FileNotFoundError:
        return False
    return about.st_size == size and stat.S_IMODE(about.st_mode) == _PROTECTED


def make_tree(entries: Iterable[tuple[str, str]]) -> Tree:
    """DVC's list of a folder, digested: `.oid` is its md5 with `.dir`."""
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree

    tree = Tree()  # type: ignore[no-untyped-call]  # DVC ships no types
    for relative, md5 in entries:
        tree.add(tuple(relative.split("/")), None, HashInfo("md5", md5))
    tree.digest()
    return tree
