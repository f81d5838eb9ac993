"""The folder of a site: written aside, then put in its place, so that a failure leaves the old."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gitrack.errors import UsageError

#: What says that a folder is a site of ours, and of which commit.
MARKER = "build.json"


class Folder:
    """A site being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = 0
        self.bytes = 0
        self._made: set[Path] = {root}

    def write(self, path: str, data: bytes) -> None:
        """Write one file; its path is ours, never a user's."""
        assert ".." not in PurePosixPath(path).parts
        assert not path.startswith("/")
        target = self.root / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        target.write_bytes(data)
        self.files += 1
        self.bytes += len(data)


@contextmanager
def replacing(output: Path) -> Iterator[Folder]:
    """A new folder beside `output` that takes its place when all went well."""
    output = Path(os.path.abspath(output))  # noqa: PTH100  # keeps symbolic links as they are typed
    check_replaceable(output)
    target = output.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        fresh.chmod(0o777 & ~_umask())
        yield Folder(fresh)
        _swap(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def check_replaceable(output: Path) -> None:
    """Raise unless `output` is missing, empty, or a site that gitrack built."""
    if not output.exists():
        return
    if not output.is_dir():
        raise UsageError(f"{output} is a file, not a folder for a site", hint="name another folder")
    if not any(output.iterdir()) or is_site(output):
        return
    raise UsageError(
        f"{output} holds files that are not a gitrack site, so it will not be replaced",
        hint="name an empty or a new folder with --output",
    )


def is_site(folder: Path) -> bool:
    """True for what `build_site` wrote."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("generator") == "gitrack"


def _swap(fresh: Path, target: Path) -> None:
    """Two renames: the site is missing for an instant, never half there."""
    if not target.exists():
        fresh.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    try:
        target.rename(old / "site")
        try:
            fresh.rename(target)
        except OSError:
            (old / "site").rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
