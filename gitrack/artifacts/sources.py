"""What the user points at: regular files, opened so that nothing else can slip in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from gitrack.config.regular import special
from gitrack.errors import ArtifactError

#: A folder of more files than this is a data set, not an artifact of one run.
MOST_FILES = 200_000

#: What DVC, too, leaves out of every folder: repositories, whose settings could run programs.
_LEFT_OUT = frozenset({".git", ".hg", ".dvc"})


class Found(msgspec.Struct, frozen=True):
    """A file of a folder: where it would lie below it, with `/`, and where it is."""

    relative: str
    path: Path
    size: int


@contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """The file, open for reading. A pipe, socket or device is refused instead of waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with said_plainly(path):
        descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        _refuse_special(path, os.fstat(file.fileno()).st_mode)
        yield file


def read_small(path: Path, most: int) -> bytes | None:
    """A file's bytes if they are at most `most`; no more is read, however it grows.

    One that changes meanwhile is refused: it would be kept half old, half new.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with said_plainly(path):
        descriptor = os.open(path, flags)
        try:
            before = os.fstat(descriptor)
            _refuse_special(path, before.st_mode)
            if before.st_size > most:
                return None
            data = os.read(descriptor, before.st_size + 1)
            while len(data) < before.st_size and (more := os.read(descriptor, most)):
                data += more  # some file systems give less than was asked for
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    refuse_changed(path, before, after)
    if len(data) != before.st_size:
        raise _changed(path)
    return data


def refuse_changed(path: Path, before: os.stat_result, after: os.stat_result) -> None:
    """A checkpoint that is still being written would be kept half old, half new."""
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changed(path)


def _changed(path: Path) -> ArtifactError:
    return ArtifactError(
        f"{path} changed while it was being stored", hint="log it when it is completely written"
    )


@contextmanager
def said_plainly(path: Path) -> Iterator[None]:
    """Turn what the system says about `path` into an ArtifactError."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} does not exist") from error
    except PermissionError as error:
        raise ArtifactError(f"{path} may not be read", hint=f"chmod u+r {path}") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror or error}") from error


def find_files(folder: Path) -> list[Found]:
    """Every file below a folder, sorted.

    Links inside the folder count as what they point at; links that leave it, loops and special
    files are refused, since nobody could tell later what had been meant.
    """
    with said_plainly(folder):
        root = folder.resolve(strict=True)
    found: list[Found] = []
    _walk(root, folder, "", (root,), found)
    return sorted(found, key=lambda file: file.relative)


def _walk(
    root: Path, folder: Path, prefix: str, above: tuple[Path, ...], found: list[Found]
) -> None:
    with said_plainly(folder), os.scandir(folder) as listing:
        entries = list(listing)
    for entry in entries:
        if entry.name in _LEFT_OUT:
            continue
        path = folder / entry.name
        relative = prefix + _utf8(path, entry.name)
        if entry.is_symlink():
            _refuse_leaving(root, path)
        with said_plainly(path):
            about = entry.stat()
        if stat.S_ISDIR(about.st_mode):
            inside = path.resolve()
            if inside in above:
                raise ArtifactError(f"{path} is a link to a folder around it", hint="remove it")
            _walk(root, path, relative + "/", (*above, inside), found)
            continue
        _refuse_special(path, about.st_mode)
        found.append(Found(relative, path, about.st_size))
        if len(found) > MOST_FILES:
            raise ArtifactError(
                f"{root} holds more than {MOST_FILES:,} files",
                hint="pack it into one archive, or track it with 'dvc add' as data",
            )


def _utf8(path: Path, name: str) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise ArtifactError(
            f"the name of {os.fsencode(path)!r} is not UTF-8", hint="rename the file"
        ) from None
    return name


def _refuse_leaving(root: Path, link: Path) -> None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise ArtifactError(
            f"{link} is a link to nowhere", hint="remove it, or restore what it points at"
        ) from error
    if not target.is_relative_to(root):
        raise ArtifactError(
            f"{link} is a link that leaves the folder",
            hint=f"copy what it points at into {root}",
        )


def _refuse_special(path: Path, mode: int) -> None:
    kind = special(mode)
    if kind is not None:
        raise ArtifactError(f"{path} is {kind}, not a regular file")
