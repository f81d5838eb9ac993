"""DVC's list of a folder's files, read from somewhere else: nothing in it may lead out."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath

from gitrack.errors import ArtifactError

_MD5 = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_LIST_MOST = 256 * 1024 * 1024
#: What the safe majority of paths looks like; everything else is looked at part by part.
_PLAIN = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*\Z", re.ASCII)


def list_folder(listing: Path, md5: str) -> list[tuple[PurePosixPath, str]]:
    """(relative path, md5) of each file of a folder, from its list in the cache."""
    if listing.stat().st_size > _LIST_MOST:
        raise ArtifactError(f"the list {md5} of a folder's files is too large to be one")
    return read_list(listing.read_bytes(), listing)


def read_list(data: bytes, origin: object) -> list[tuple[PurePosixPath, str]]:
    """The same from bytes; `origin` is named in errors."""
    try:
        value = json.loads(data)
        if not isinstance(value, list):
            raise TypeError(value)
        entries = [(PurePosixPath(entry["relpath"]), entry["md5"]) for entry in value]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ArtifactError(f"{origin} is not DVC's list of a folder's files") from error
    for relative, md5 in entries:
        if not (_PLAIN.match(str(relative)) or _stays_inside(relative)):
            raise ArtifactError(f"{origin} holds the path {str(relative)!r}, which leads out")
        if not isinstance(md5, str) or not _MD5.match(md5):
            raise ArtifactError(f"{origin} holds {str(md5)[:60]!r}, which is not an md5")
    return entries


def _stays_inside(relative: PurePosixPath) -> bool:
    inside = bool(relative.parts) and not relative.is_absolute() and ".." not in relative.parts
    return inside and "\0" not in str(relative) and "\\" not in str(relative)
