"""Writing files into a git folder as git would: whole or not at all, shared as it is shared."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from gitrack.store.git.repository import Repository

#: Git brings packs to the disk by itself; who switched that off for git means us too.
_FSYNC_OFF = {"none", "-pack", "-objects", "-committed"}
#: Python's descriptors are not inherited by children; on Windows, text mode would change bytes.
_CREATE = os.O_CREAT | getattr(os, "O_BINARY", 0)
_WORDS = {
    "": 0o660,
    "umask": 0,
    "false": 0,
    "no": 0,
    "off": 0,
    "0": 0,
    "group": 0o660,
    "true": 0o660,
    "yes": 0o660,
    "on": 0o660,
    "1": 0o660,
    "all": 0o664,
    "world": 0o664,
    "everybody": 0o664,
    "2": 0o664,
}


class Files:
    """Files of one repository, with the rights that `core.sharedRepository` asks for."""

    def __init__(self, repository: Repository) -> None:
        self._sync = not _FSYNC_OFF & set((repository.setting("core.fsync") or "").split(","))
        self._shared, self._exact = _shared_mode(repository.setting("core.sharedrepository"))
        self.temporaries = repository.home / "tmp"

    def folder(self, path: Path) -> Path:
        """Make a folder, and those above it."""
        if not path.is_dir():
            self.folder(path.parent)
            with contextlib.suppress(FileExistsError):
                path.mkdir()
                if self._shared:
                    rights = self._rights(path.stat().st_mode & 0o777)
                    # whoever may read a folder may enter it; new files get its group
                    path.chmod(rights | (rights & 0o444) >> 2 | 0o2000)
        return path

    def publish(
        self, path: Path, data: bytes, *, read_only: bool = False, sync: bool = False
    ) -> None:
        """Write a file aside and rename it into place; under the writers' lock."""
        aside = self.temporaries / os.urandom(8).hex()
        self._write(aside, data, os.O_EXCL, sync=sync, read_only=read_only)
        try:
            aside.rename(path)
        except FileNotFoundError:
            self.folder(path.parent)
            aside.rename(path)

    def append(self, path: Path, data: bytes) -> None:
        """Add to the end of a file by one write."""
        self._write(path, data, os.O_APPEND)

    def create(self, path: Path, data: bytes) -> None:
        """Write a file that must not exist."""
        self._write(path, data, os.O_EXCL)

    def open(self, path: Path, flags: int) -> int:
        """A descriptor that no child inherits, of a file with the right rights."""
        try:
            descriptor = os.open(path, flags | _CREATE, 0o666)
        except FileNotFoundError:
            self.folder(path.parent)
            descriptor = os.open(path, flags | _CREATE, 0o666)
        if self._shared:
            self._share(descriptor)
        return descriptor

    def _write(
        self, path: Path, data: bytes, flags: int, *, sync: bool = False, read_only: bool = False
    ) -> None:
        descriptor = self.open(path, os.O_WRONLY | flags)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if read_only and hasattr(os, "fchmod"):  # Windows lacks it, and such rights
                os.fchmod(descriptor, os.fstat(descriptor).st_mode & 0o444)
            if sync and self._sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _share(self, descriptor: int) -> None:
        rights = os.fstat(descriptor).st_mode & 0o777
        if rights != self._rights(rights):
            # a file of somebody else is theirs to open
            with contextlib.suppress(PermissionError):
                os.fchmod(descriptor, self._rights(rights))

    def _rights(self, present: int) -> int:
        return self._shared if self._exact else present | self._shared


def _shared_mode(setting: str | None) -> tuple[int, bool]:
    """The rights that every file gets, and whether these are all that it gets.

    Words add to what the umask leaves; an octal number takes its place.
    """
    if setting is None:
        return 0, False
    word = setting.lower()
    if word in _WORDS:
        return _WORDS[word], False
    try:
        number = int(word, 8) & 0o666
    except ValueError:
        return 0, False
    return number, bool(number)
