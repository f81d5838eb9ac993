"""Objects taken out of a cache or a remote, so that being interrupted leaves nothing torn."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, Protocol

from gitrack.artifacts.cache import Cache
from gitrack.artifacts.remote import RemoteObjects
from gitrack.errors import ArtifactError

#: What file systems call the time of the last change.
_CHANGED = ("mtime", "LastModified", "last_modified", "updated", "modified", "Last-Modified")


class About(NamedTuple):
    """An object that is there: its size, and the seconds since it came (None if nobody knows)."""

    size: int
    age: float | None


class Shelf(Protocol):
    """Objects by md5 that can be looked at and removed."""

    def look(self, md5s: Iterable[str]) -> dict[str, About]:
        """Those that are there."""

    def remove(self, md5s: Iterable[str]) -> None:
        """Take them out; what is gone already is no trouble."""


class CacheShelf:
    """A DVC cache: files go before the lists of folders, which say what else is to go."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def look(self, md5s: Iterable[str]) -> dict[str, About]:
        """Those that are there. A link of an older file counts as new, as it may be."""
        now = time.time()
        found = {}
        for md5 in md5s:
            try:
                about = os.lstat(self._cache.path(md5))
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(about.st_mode) or stat.S_ISLNK(about.st_mode):
                found[md5] = About(about.st_size, now - max(about.st_mtime, about.st_ctime))
        return found

    def remove(self, md5s: Iterable[str]) -> None:
        """What is there stays whole, or is gone. Raises ArtifactError if the disk refuses."""
        for md5 in sorted(md5s, key=_is_list):
            place = self._cache.path(md5)
            try:
                if os.name == "nt":
                    with contextlib.suppress(FileNotFoundError):
                        place.chmod(stat.S_IWRITE)  # Windows keeps what is read-only
                place.unlink(missing_ok=True)
            except OSError as error:
                raise ArtifactError(
                    f"{place} cannot be removed: {error.strerror or error}",
                    hint="what has gone is gone whole; once that is mended, type it again",
                ) from error


class RemoteShelf:
    """A remote: lists of folders go first, since whoever sees one relies on all that it names."""

    def __init__(self, remote: RemoteObjects) -> None:
        self._remote = remote

    def look(self, md5s: Iterable[str]) -> dict[str, About]:
        """Those that are there. Raises ArtifactError if the remote cannot be asked."""
        now = time.time()
        found = self._remote.about(sorted(md5s))
        return {md5: About(int(i.get("size") or 0), _age(i, now)) for md5, i in found.items()}

    def remove(self, md5s: Iterable[str]) -> None:
        """Raises ArtifactError if the remote refuses."""
        wanted = set(md5s)
        lists = {md5 for md5 in wanted if _is_list(md5)}
        for some in (lists, wanted - lists):
            if some:
                with ThreadPoolExecutor(self._remote.jobs) as threads:
                    for _ in threads.map(lambda md5: self._remote.remove([md5]), sorted(some)):
                        pass  # what failed raises here


def _is_list(md5: str) -> bool:
    return md5.endswith(".dir")


def _age(about: Mapping[str, object], now: float) -> float | None:
    for name in _CHANGED:
        value = about.get(name)
        if isinstance(value, datetime):
            return now - value.timestamp()
        if isinstance(value, int | float):
            return now - value
    return None
