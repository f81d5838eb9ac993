"""What a collection is about: where to collect, what may go, what goes and what stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gitrack.artifacts import Cache
    from gitrack.artifacts.remote import RemoteObjects
    from gitrack.artifacts.removal import Shelf
    from gitrack.tracking.place import Place

#: Seconds for which an object is left alone, whoever refers to it: its pointer may be on its way.
GRACE = 86_400.0

#: The places that objects are removed from.
HERE, THERE = "cache", "remote"


class LetGo(msgspec.Struct, frozen=True, kw_only=True):
    """The folders of runs that may lose their heavy files; of `kinds` only, if any are named."""

    folders: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    rules: str = ""


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that goes. `run` is None for what belongs to no run's folder.

    `last` says that no copy is known to remain.
    """

    run: str | None
    path: str
    md5: str
    bytes: int = 0
    last: bool = False


class Staying(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules name and that stays; `path` is None for a whole run."""

    run: str | None
    path: str | None = None
    why: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a collection removes. `cache` and `remote` map md5s to sizes; lists of folders count."""

    leaving: list[Leaving] = []
    staying: list[Staying] = []
    cache: dict[str, int] = {}
    remote: dict[str, int] = {}

    @property
    def bytes(self) -> int:
        """What is freed in all places together."""
        return sum(self.cache.values()) + sum(self.remote.values())


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Where to collect: the cache, and the artifact remote if `both`.

    With the `url` of a remote that is not asked, what is known to have been sent is believed.
    """

    place: Place
    cache: Cache
    url: str | None = None
    remote: RemoteObjects | None = None
    both: bool = False
    grace: float = GRACE
    despite_lost: bool = False


def shelves(ground: Ground) -> Iterator[tuple[str, Shelf]]:
    """The remote first: until then the cache has the lists that say what else is to go."""
    from gitrack.artifacts.removal import CacheShelf, RemoteShelf

    if ground.remote is not None and ground.both:
        yield THERE, RemoteShelf(ground.remote)
    yield HERE, CacheShelf(ground.cache)
