"""The file that a site becomes: whole or not at all, and nobody else's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from gitrack.config.regular import open_regular
from gitrack.errors import UsageError
from gitrack.site.output import writing

#: Stands near the beginning of each such file: what has it may be replaced.
MARK = b'<meta name="generator" content="gitrack single file">'
_BEGINNING = 4096


def check_writable(target: Path, *, force: bool = False) -> None:
    """Raise unless `target` is a place for such a file: a new one, or one of ours."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            f"{target} is not the name of a page", hint=f"write  --single {target.name}.html"
        )
    if target.is_dir():
        raise UsageError(f"{target} is a folder, not a file", hint="name a file in it")
    with writing(target, "--single"):
        if force or not target.exists():
            return
        with open_regular(target) as file:
            begin = file.read(_BEGINNING)
    if MARK not in begin:
        raise UsageError(
            f"{target} was not written by gitrack as one file, so it is not overwritten",
            hint="name another file, or add --force",
        )


def write(target: Path, pieces: Iterable[bytes]) -> int:
    """Write the file beside its place, then put it there. Gives its size."""
    with writing(target, "--single"):
        return _write(target, pieces)


def _write(target: Path, pieces: Iterable[bytes]) -> int:
    place = target.resolve()  # where a link leads stays where it is
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            size = sum(file.write(piece) for piece in pieces)
        aside.chmod(0o666 & ~_umask())
        aside.replace(place)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return size


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
