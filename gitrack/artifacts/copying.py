"""One file to another place, and its md5 on the way, as DVC takes it."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gitrack.artifacts.sources import open_regular, refuse_changed
from gitrack.errors import ArtifactError
from gitrack.model.display import safe

#: From here on a terminal sees a progress bar.
_LARGE = 64 * 1024 * 1024
_MANY = 5_000
_CHUNK = 1024 * 1024
#: Pairs of disks between which this process has found that nothing can be cloned.
_no_clones: set[tuple[int, int]] = set()
#: Held by whoever shows progress.
_one_bar = threading.Lock()


def md5_of(file: BinaryIO, name: str, size: int, *, kind: str = "md5") -> str:
    """The md5 as DVC takes it, streamed. `kind` is the `hash` of a pointer."""
    from dvc_data.hashfile.hash import get_hash_stream

    stream = get_hash_stream(file, name=kind)
    with progress(f"hashing {name}".rstrip(), size) as advance:
        while chunk := stream.read(_CHUNK):
            advance(len(chunk))
    value: str = stream.hash_value
    return value


def md5_of_file(path: Path, *, legacy: bool = False) -> str:
    """The md5 of a file. DVC 2 took that of text as if its lines ended in LF."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return md5_of(file, path.name, size, kind="md5-dos2unix" if legacy else "md5")


def copy_file(source: Path, target: Path) -> str | None:
    """Clone or copy to a place where nothing is; the md5 when copying has told it."""
    with open_regular(source) as file:
        before = os.fstat(file.fileno())
        md5 = None if _clone(source, target) else _copy_hashing(file, source, target)
        refuse_changed(source, before, os.fstat(file.fileno()))
    return md5


def link_file(source: Path, target: Path) -> bool:
    """Share the very file; False where the file system cannot."""
    with open_regular(source):
        pass
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
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
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        target.unlink(missing_ok=True)
        _no_clones.add(disks)
        return False
    return True


def _copy_hashing(file: BinaryIO, source: Path, target: Path) -> str:
    from dvc_data.hashfile.hash import get_hash_stream

    size = os.fstat(file.fileno()).st_size
    stream = get_hash_stream(file)
    with target.open("xb") as copy, progress(f"storing {source.name}", size) as advance:
        while chunk := stream.read(_CHUNK):
            copy.write(chunk)
            advance(len(chunk))
    value: str = stream.hash_value
    return value


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
def progress(what: str, size: int, *, files: int = 1) -> Iterator[Callable[[int], object]]:
    """A bar of bytes on a terminal for what takes seconds; nothing otherwise.

    There is one at a time: what is a part of something larger has none of its own.
    """
    wanted = size >= _LARGE or files >= _MANY
    if not (wanted and sys.stderr.isatty() and _one_bar.acquire(blocking=False)):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(safe(what), total=size)
            yield lambda count: bar.advance(task, count)
    finally:
        _one_bar.release()


@contextmanager
def no_bars() -> Iterator[None]:
    """For those who work on many files at once, and count them in a way of their own."""
    mine = _one_bar.acquire(blocking=False)
    try:
        yield
    finally:
        if mine:
            _one_bar.release()
