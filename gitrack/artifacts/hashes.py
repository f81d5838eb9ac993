"""What md5 a large file had when it was last read, kept by DVC's own library."""

from __future__ import annotations

import time
from pathlib import Path

#: A file that was written a moment ago may be written again within one tick of its clock.
_SETTLED_AFTER = 2.0


class Hashes:
    """md5s by inode, size and time of change, in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, path: Path) -> str | None:
        """The md5, unless the file is another one or was written to since."""
        from dvc_data.hashfile.state import State
        from dvc_objects.fs.local import localfs

        if not self._folder.is_dir():
            return None
        state = State(root_dir=str(self._folder), tmp_dir=str(self._folder))
        try:
            _, found = state.get(str(path.resolve()), localfs)
        finally:
            state.close()  # type: ignore[no-untyped-call]  # DVC ships no types
        return found.value if found is not None and found.name == "md5" else None

    def put(self, path: Path, md5: str) -> None:
        """Remember what was read just now. Not of a file that is too young to be told apart."""
        from dvc_data.hashfile.hash_info import HashInfo
        from dvc_data.hashfile.state import State
        from dvc_objects.fs.local import localfs

        if time.time() - path.stat().st_mtime < _SETTLED_AFTER:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        state = State(root_dir=str(self._folder), tmp_dir=str(self._folder))
        try:
            state.save(str(path.resolve()), localfs, HashInfo("md5", md5))
        finally:
            state.close()  # type: ignore[no-untyped-call]  # DVC ships no types
