"""A file or folder of the user's, copied as it is now."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from gitrack.artifacts.sources import MOST_FILES

#: How often a file is copied anew that somebody writes into meanwhile.
_ATTEMPTS = 3


def copy_file(path: str | Path, target: str | Path) -> None:
    """Copy a file. Raises OSError for one that changes all the time: half of it would be old."""
    for _ in range(_ATTEMPTS):
        before = os.stat(path)  # noqa: PTH116 - copytree passes texts
        shutil.copyfile(path, target)  # shares blocks where the file system can
        after = os.stat(path)  # noqa: PTH116
        if _state(before) == _state(after):
            break
    else:
        raise OSError(f"{path} changed while it was copied; log it when it is completely written")
    if after.st_mode & 0o111:
        os.chmod(target, 0o755)  # noqa: PTH101


def copy_folder(folder: Path, target: Path) -> list[str]:
    """Copy a folder, and what links lead to; what was left out, with the reason.

    Left out are what is neither file nor folder, links that lead back up, names that are no
    UTF-8, and `target` itself with what lies around it. Raises OSError.
    """
    found = _Walk(folder, target.parent.parent.resolve())
    shutil.copytree(folder, target, copy_function=copy_file, ignore=found.to_leave_out)
    return sorted(found.left)


def _state(about: os.stat_result) -> tuple[int, int, int]:
    return about.st_ino, about.st_size, about.st_mtime_ns


class _Walk:
    def __init__(self, top: Path, outbox: Path) -> None:
        self.left: list[str] = []
        self._top = top
        self._outbox = outbox
        self._files = 0

    def to_leave_out(self, folder: str, names: list[str]) -> set[str]:
        """Of one folder; called for each by `copytree`."""
        here = Path(folder)
        out = {name for name in names if self._leave(here, name)}
        self.left += [os.fsencode(here / name).decode("utf-8", "replace") for name in out]
        self._files += len(names) - len(out)
        if self._files > MOST_FILES:
            raise OSError(
                f"{self._top} holds more than {MOST_FILES:,} files; pack it into one archive, or "
                "track it with 'dvc add' as data"
            )
        return out

    def _leave(self, here: Path, name: str) -> bool:
        path = here / name
        if not _is_utf8(name):
            return True
        if not path.is_dir():
            return not path.is_file()
        if path.is_symlink():
            target = path.resolve()
            return any(place.resolve().is_relative_to(target) for place in self._above(here))
        return name == self._outbox.name and path.resolve() == self._outbox

    def _above(self, here: Path) -> list[Path]:
        """The folders through which we came, whatever they are links to."""
        steps = len(here.parts) - len(self._top.parts)
        return [here, *here.parents[:steps]]


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
