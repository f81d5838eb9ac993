"""The DVC cache: contents by md5, written by DVC's own libraries without a DVC repository."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gitrack.artifacts.sources import open_regular
from gitrack.errors import ArtifactError

if TYPE_CHECKING:
    from dvc_data.hashfile.tree import Tree

#: From here on a terminal sees a progress bar.
_LARGE = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
#: The mode by which DVC knows that nobody has written into an object.
_PROTECTED = 0o444
#: Pairs of disks between which this process has found that nothing can be cloned.
_no_clones: set[tuple[int, int]] = set()
#: How our temporaries begin; DVC skips names that are not hashes.
TEMPORARY = ".gitrack-"


class Cache:
    """One DVC cache folder, as `dvc cache dir` prints it. `shared` is DVC's `cache.shared`."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.folder = folder
        self.shared = shared

    def path(self, md5: str, *, legacy: bool = False) -> Path:
        """Where an object lies: DVC 3 has a folder of its own for it, DVC 2 had not."""
        base = self.folder if legacy else self._objects
        return base / md5[:2] / md5[2:]

    def has(self, md5: str, *, legacy: bool = False) -> bool:
        return self.path(md5, legacy=legacy).is_file()

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Keep `data`; its md5 and size."""
        with self._temporary() as temporary:
            temporary.write_bytes(data)
            return self._adopt(temporary, None)

    def put_file(self, source: Path, *, ours: bool = False) -> tuple[str, int]:
        """Keep a file; its md5 and size.

        A user's file is cloned where the file system can, else copied: writing into it later
        must not reach the cache. `ours` files may be linked, and then become read-only.
        """
        with self._temporary() as temporary:
            linked = ours and _link(source, temporary)
            return self._adopt(temporary, None if linked else _copy(source, temporary))

    def put_tree(self, entries: Iterable[tuple[str, str]]) -> str:
        """Keep the list of a folder's files, (relative path, md5) each; its md5 with `.dir`."""
        tree = make_tree(entries)
        data: bytes = tree.as_bytes()
        md5: str = tree.oid
        with self._temporary() as temporary:
            temporary.write_bytes(data)
            self._place(temporary, md5, len(data))
        return md5

    def put_object(self, source: Path, md5: str) -> None:
        """Take over an object of another cache."""
        with self._temporary() as temporary:
            if not _link(source, temporary):
                _copy(source, temporary)
            self._place(temporary, md5, temporary.stat().st_size)

    @property
    def _objects(self) -> Path:
        return self.folder / "files" / "md5"

    def _adopt(self, temporary: Path, md5: str | None) -> tuple[str, int]:
        """Give a file of ours its place by its md5, which is taken from these very bytes."""
        with open_regular(temporary) as file:
            size = os.fstat(file.fileno()).st_size
            md5 = md5 or md5_of(file, "", size)
        self._place(temporary, md5, size)
        return md5, size

    def _place(self, temporary: Path, md5: str, size: int) -> None:
        """Rename, so that an object is there whole or not at all."""
        place = self.path(md5)
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


def _is_whole(place: Path, size: int) -> bool:
    """An object that a crash has torn, or that somebody may have written into, is not trusted."""
    try:
        about = place.stat()
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


def md5_of(file: BinaryIO, name: str, size: int, *, kind: str = "md5") -> str:
    """The md5 as DVC takes it, streamed. `kind` is the `hash` of a pointer."""
    from dvc_data.hashfile.hash import get_hash_stream

    stream = get_hash_stream(file, name=kind)
    with _progress(f"hashing {name}".rstrip(), size) as advance:
        while chunk := stream.read(_CHUNK):
            advance(len(chunk))
    value: str = stream.hash_value
    return value


def _copy(source: Path, target: Path) -> str | None:
    """Clone or copy; the md5 when copying has told it."""
    with open_regular(source) as file:
        before = os.fstat(file.fileno())
        md5 = None if _clone(source, target) else _copy_hashing(file, source, target)
        _refuse_changed(source, before, os.fstat(file.fileno()))
    return md5


def _link(source: Path, target: Path) -> bool:
    """Share the very file; False where the file system cannot."""
    with open_regular(source):
        pass
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        return False
    return True


def _clone(source: Path, target: Path) -> bool:
    """Share the blocks until somebody writes (btrfs, XFS, APFS); False where that is unknown."""
    from dvc_objects.fs.system import reflink

    disks = (source.stat().st_dev, target.parent.stat().st_dev)
    if disks in _no_clones:
        return False
    try:
        reflink(str(source), str(target))  # type: ignore[no-untyped-call]  # DVC ships no types
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        target.unlink(missing_ok=True)
        _no_clones.add(disks)
        return False
    return True


def _copy_hashing(file: BinaryIO, source: Path, target: Path) -> str:
    from dvc_data.hashfile.hash import get_hash_stream

    size = os.fstat(file.fileno()).st_size
    stream = get_hash_stream(file)
    with target.open("xb") as copy, _progress(f"storing {source.name}", size) as advance:
        while chunk := stream.read(_CHUNK):
            copy.write(chunk)
            advance(len(chunk))
    value: str = stream.hash_value
    return value


def _refuse_changed(source: Path, before: os.stat_result, after: os.stat_result) -> None:
    """A checkpoint that is still being written would be kept half old, half new."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ArtifactError(
            f"{source} changed while it was being stored",
            hint="log it when it is completely written",
        )


@contextmanager
def room_or_error(folder: Path) -> Iterator[None]:
    """Turn what the disk says about the cache into an ArtifactError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ArtifactError(
                f"no space left for heavy files in {folder}", hint="free some disk space"
            ) from error
        raise ArtifactError(
            f"heavy files cannot be written to {folder}: {error.strerror or error}"
        ) from error


@contextmanager
def _progress(what: str, size: int) -> Iterator[Callable[[int], object]]:
    """A bar on a terminal for what takes seconds; nothing otherwise."""
    if size < _LARGE or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=size)
        yield lambda count: progress.advance(task, count)
