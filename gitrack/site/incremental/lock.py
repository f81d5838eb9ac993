"""One build of a folder at a time: a lock beside it, which a dead builder cannot keep."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from gitrack.errors import LockTimeout

#: Longer than the first build of the largest site takes.
PATIENCE = 600.0
_PAUSE = 0.05


@contextlib.contextmanager
def locked(target: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Wait until nobody else builds into `target`, and keep others waiting. Raises LockTimeout.

    The file is gone afterwards. The system frees the lock of whoever is killed, and takes the
    file that it left for the next one.
    """
    path = target.with_name(f".{target.name}.lock")
    until = time.monotonic() + patience
    while (held := _take(path)) is None:
        if time.monotonic() > until:
            raise LockTimeout(
                f"another build into {target} has been going on for {patience:g} s",
                hint="wait for it, or name another folder with --output",
            )
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        # removed while it is held: who opened it before finds another file, or none, at its place
        with contextlib.suppress(PermissionError):  # Windows removes no file that others have open
            path.unlink(missing_ok=True)
        os.close(held)


def _take(path: Path) -> int | None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    if _lock(fd) and _is_at(fd, path):
        return fd
    os.close(fd)
    return None


def _lock(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
