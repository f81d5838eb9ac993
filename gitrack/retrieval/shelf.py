"""Artifacts that were fetched, read-only and shared by all worktrees: `<git dir>/gitrack/fetched`.

    <md5>/<digest of its name>/contents/<name>
    <md5>/<digest of its name>/stamp.json      how the contents were left

The inner folder appears whole or not at all. What somebody has written into since is fetched again.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from gitrack.errors import ArtifactError

FOLDER = "fetched"
_CONTENTS = "contents"
_STAMP = "stamp.json"
_ASIDE = ".part-"


class Stamp(msgspec.Struct, frozen=True):
    """Size and time of change of every file; the one of a single file is named by nothing."""

    files: dict[str, tuple[int, int]]


class Shelf:
    """The fetched artifacts of one repository. `home` is `<common git dir>/gitrack`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    def find(self, key: str, name: str) -> Path | None:
        """What was fetched under this key, if nobody has changed it since."""
        place = self.folder / key / _CONTENTS / name
        try:
            stamp = msgspec.json.decode((self.folder / key / _STAMP).read_bytes(), type=Stamp)
            return place if _look(place) == stamp.files else None
        except (OSError, msgspec.MsgspecError):
            return None

    def put(
        self, key: str, name: str, bring: Callable[[Path], object], *, again: bool = False
    ) -> Path:
        """Let `bring` write to a path that it is given, and keep what it wrote.

        `again` if the contents may be others than those that are there under this key.
        """
        aside = self.folder / f"{_ASIDE}{os.getpid()}-{secrets.token_hex(6)}"
        target = self.folder / key
        try:
            (aside / _CONTENTS).mkdir(parents=True)
            target.parent.mkdir(exist_ok=True)
            place = aside / _CONTENTS / name
            bring(place)
            _protect(place)
            stamp = Stamp(_look(place))
            (aside / _STAMP).write_bytes(msgspec.json.encode(stamp))
            self._swap(aside, target, key, "" if again else name)
        except OSError as error:
            raise ArtifactError(
                f"{target} cannot be written: {error.strerror or error}",
                hint="free some disk space, or name a place to fetch to",
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return target / _CONTENTS / name

    def _swap(self, aside: Path, target: Path, key: str, name: str) -> None:
        """Into place; what another process has put there under this name is as good as ours."""
        while True:
            try:
                aside.rename(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EACCES):
                    raise
                if name and self.find(key, name) is not None:
                    return
                spoilt = aside.with_name(f"{aside.name}-old")
                with contextlib.suppress(FileNotFoundError):
                    target.rename(spoilt)
                shutil.rmtree(spoilt, ignore_errors=True)
            else:
                return


def _look(place: Path) -> dict[str, tuple[int, int]]:
    """Every file below a place with its size and time of change."""
    if not place.is_dir():
        about = place.lstat()
        return {"": (about.st_size, about.st_mtime_ns)}
    found = {}
    for folder, _, files in os.walk(place):
        for name in files:
            path = Path(folder, name)
            about = path.lstat()
            found[path.relative_to(place).as_posix()] = (about.st_size, about.st_mtime_ns)
    return found


def _protect(place: Path) -> None:
    """Read-only: whoever wants to change it copies it first, or fetches it elsewhere."""
    if place.is_file():
        place.chmod(0o444)
    for folder, _, files in os.walk(place):
        for name in files:
            Path(folder, name).chmod(0o444)
