"""Which folders are sites of ours: nothing else is ever replaced."""

from __future__ import annotations

import json
from pathlib import Path

from gitrack.errors import UsageError

#: What says that a folder is a site of ours, and of which commit.
MARKER = "build.json"


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
        data = (folder / MARKER).read_bytes()
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
