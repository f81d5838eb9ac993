"""Which folders are sites of ours, and may be written: nothing else is ever replaced."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitrack.config.regular import read_regular
from gitrack.errors import GitrackError, UsageError

#: What says that a folder is a site of ours, and of which commit.
MARKER = "build.json"
#: All that lies at the top of a site: what else is there, somebody has put there.
_OURS = re.compile(
    r"[a-z]+\.html|build\.json|feed\.xml|sitemap\.xml|api|assets|badges|data|datasets|documents"
    r"|experiments|files|models|reports|runs|sweeps"
)
#: What file managers leave wherever somebody looks, and what hosts of pages need: nobody's work.
_NOBODYS = re.compile(r"\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|\.nojekyll")
_HINTS = {
    errno.ENOSPC: "make room, or name a place on another disk with",
    errno.EDQUOT: "make room, or name a place on another disk with",
    errno.EACCES: "name a place that you may write to with",
    errno.EPERM: "name a place that you may write to with",
    errno.EROFS: "name a place that you may write to with",
}


class NotWritten(GitrackError):
    """The disk does not take a site. An older one that was there can still be read."""

    def __init__(self, place: Path, error: OSError, option: str = "--output") -> None:
        at = f" ({error.filename})" if error.filename else ""
        super().__init__(
            f"the site cannot be written to {place}: {error.strerror or error}{at}",
            hint=f"{_HINTS.get(error.errno or 0, 'name another place with')} {option}",
        )


@contextmanager
def writing(place: Path, option: str = "--output") -> Iterator[None]:
    """Whatever the disk refuses meanwhile is raised as NotWritten; `option` names the place."""
    try:
        yield
    except BrokenPipeError:  # whoever reads what we say has gone: no trouble with the disk
        raise
    except OSError as error:
        raise NotWritten(place, error, option) from error


def check_replaceable(output: Path) -> None:
    """Raise unless `output` is missing, empty, or a site that gitrack built and nobody added to."""
    with writing(output):
        if not output.exists():
            return
        if not output.is_dir():
            raise UsageError(
                f"{output} is a file, not a folder for a site", hint="name another folder"
            )
        there = sorted(place.name for place in output.iterdir())
    if there and not is_site(output):
        raise UsageError(
            f"{output} holds files that are not a gitrack site, so it will not be replaced",
            hint="name an empty or a new folder with --output",
        )
    if added := [n for n in there if not (_OURS.fullmatch(n) or _NOBODYS.fullmatch(n))]:
        raise UsageError(
            f"{output} is a gitrack site that also holds {added[0]}, so it will not be replaced",
            hint="move that away, or name another folder with --output",
        )


def is_site(folder: Path) -> bool:
    """True for what `build_site` wrote."""
    try:
        data = read_regular(folder / MARKER)
    except OSError:
        return False
    return marker_in(data)


def marker_in(data: bytes | None) -> bool:
    """True for what stands in that file on a site of ours."""
    try:
        marker = json.loads(data or b"")
    except (ValueError, RecursionError):
        return False
    return isinstance(marker, dict) and marker.get("generator") == "gitrack"
