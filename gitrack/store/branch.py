"""The keeper's contract: read and commit files of one branch without touching a checkout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """A file on the branch: its path and the id of its contents."""

    path: str
    id: str
    size: int | None = None


class Branch(Protocol):
    """One branch at a time, by paths with `/`; contents are bytes.

    `at` is a commit id as `tip()` gives it; None means the present tip. Reading a branch that
    does not exist yet finds nothing.
    """

    name: str

    def tip(self) -> str | None:
        """The id of the newest commit, or None while there is none."""

    def tree(self, path: str = "", *, at: str | None = None) -> str | None:
        """The id of a folder's contents: equal ids, equal contents. None if there is none."""

    def read(self, path: str, *, at: str | None = None) -> bytes:
        """One file. Raises NotFound."""

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(id, contents) of many entries, in the order asked, streamed."""

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        """Every file below a folder, sorted by path."""

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        """Names directly in a folder; those of folders end in `/`."""

    def changed(self, old: str, new: str, *, under: str = "") -> list[tuple[str, Entry | None]]:
        """What differs between two trees (ids as `tree()` gives them): (path, new entry or None).

        Paths are `under` joined with those inside the trees.
        """

    def commit(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str | None = None,
    ) -> str:
        """Write all of `changes` (None deletes) as one commit, or none of them; its id.

        With `base`, raises BranchMoved unless the branch still stands there. Without, the
        changes go on top of whatever is there; writers that meet are joined into one commit.
        """
