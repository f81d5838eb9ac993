"""Reads files that people keep in the working tree, and refuses what is no regular file at once."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

#: Opening a pipe would wait for somebody who writes to it; a terminal could become ours.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def special(mode: int) -> str | None:
    """What something that is no regular file is called; None for a regular file."""
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "special")


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading. Raises OSError, also for a pipe, a socket or a device.

    Those would be waited for, or read, for ever; a link to one is no better.
    """
    # asked before as well: some devices do something when they are opened, and sockets cannot be
    _refuse_special(path, path.stat().st_mode)
    descriptor = os.open(path, _FLAGS)
    try:
        _refuse_special(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int = -1) -> bytes:
    """The bytes of a file, or the first `most` of them. Raises OSError as `open_regular` does."""
    with open_regular(path) as file:
        return file.read(most)


def as_text(data: bytes, encoding: str = "utf-8", errors: str = "strict") -> str:
    """The bytes of a text file, whatever its lines end with: the same on every system."""
    return io.StringIO(data.decode(encoding, errors), newline=None).read()


def _refuse_special(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    kind = special(mode)
    if kind is not None:
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", str(path))
