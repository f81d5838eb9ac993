"""What md5 a large file had when it was last read, kept by DVC's own library."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitrack.errors import ArtifactError

#: A file that was written a moment ago may be written again within one tick of its clock.
_SETTLED_AFTER = 2.0


class Hashes:
    """md5s by inode, size and time of change, in a folder that may be deleted at any time.

    Its methods raise ArtifactError where that folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: Path) -> str | None:
        """The md5, unless the file is another one or was written to since."""
        from dvc_objects.fs.local import localfs

        if not self._folder.is_dir():
            return None
        with self._state() as state:
            _, found = state.get(str(path.resolve()), localfs)
        return str(found.value) if found is not None and found.name == "md5" else None

    def put(self, path: Path, md5: str) -> None:
        """Remember what was read just now. Not of a file that is too young to be told apart."""
        from dvc_data.hashfile.hash_info import HashInfo
        from dvc_objects.fs.local import localfs

        if time.time() - path.stat().st_mtime < _SETTLED_AFTER:
            return
        with self._state() as state:
            state.save(str(path.resolve()), localfs, HashInfo("md5", md5))

    @contextmanager
    def _state(self) -> Iterator[Any]:
        from diskcache import Timeout  # type: ignore[import-untyped]  # it ships no types
        from dvc_data.hashfile.cache import DiskError
        from dvc_data.hashfile.state import State

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            state = State(root_dir=str(self._folder), tmp_dir=str(self._folder))
            try:
                yield state
            finally:
                state.close()  # type: ignore[no-untyped-call]  # DVC ships no types
        except (OSError, sqlite3.Error, DiskError, Timeout) as error:
            raise ArtifactError(
                f"md5s of large files cannot be remembered in {self._folder}: {error}",
                hint=f"remove {self._folder}",
            ) from error
