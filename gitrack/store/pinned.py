"""A branch as it stood at one commit, for a reader that takes its time while others write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gitrack.errors import GitrackError, UsageError
from gitrack.store.branch import Branch, Entry, MakePlan


class PinnedBranch:
    """Reads of `branch` at `commit`, whatever is committed meanwhile; writing is refused."""

    def __init__(self, branch: Branch, commit: str | None) -> None:
        self.name = branch.name
        self._branch = branch
        self._commit = commit

    def tip(self) -> str | None:
        """The commit that was pinned."""
        return self._commit

    def tree(self, path: str = "", *, at: str | None = None) -> str | None:
        """The id of a folder's contents; None if there is none."""
        at = at or self._commit
        return None if at is None else self._branch.tree(path, at=at)

    def read(self, path: str, *, at: str | None = None) -> bytes:
        """One file. Raises NotFound."""
        return self._branch.read(path, at=at or self._commit)

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        """(id, contents) of many entries, in the order asked."""
        return self._branch.read_many(ids)

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        """Every file below a folder, sorted by path."""
        at = at or self._commit
        return [] if at is None else self._branch.entries(under, at=at)

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        """Names directly in a folder; those of folders end in `/`."""
        at = at or self._commit
        return [] if at is None else self._branch.children(folder, at=at)

    def folders(self, folder: str = "", *, depth: int = 1, at: str | None = None) -> dict[str, str]:
        """The folders at a depth below a folder, with the ids of their contents."""
        at = at or self._commit
        return {} if at is None else self._branch.folders(folder, depth=depth, at=at)

    def changed(self, old: str, new: str, *, under: str = "") -> list[tuple[str, Entry | None]]:
        """What differs between two trees."""
        return self._branch.changed(old, new, under=under)

    def commit(
        self, changes: Mapping[str, bytes | None], message: str, *, base: str | None = None
    ) -> str:
        """Refused: what is pinned does not move."""
        raise UsageError(f"{self.name} was opened to be read at one commit")

    def commit_on_tip(self, make: MakePlan) -> str:
        """Refused likewise."""
        raise UsageError(f"{self.name} was opened to be read at one commit")
