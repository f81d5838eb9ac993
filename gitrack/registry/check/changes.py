"""What a pull request changes: the files in which its head differs from where it left its base.

Read from trees alone, without a checkout. The merge is made in the mind, file by file: where base
and pull request changed one file in different ways there is a conflict, even where git could mix
their lines, since a mixed stage file is one that nobody has judged.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import msgspec

from gitrack.errors import GitFailed, NotFound, StoreError
from gitrack.store.git.objects import TREE, Folder, Item
from gitrack.store.git.reader import ObjectReader
from gitrack.store.git.repository import Repository
from gitrack.store.git.trees import decode, encode

#: More files than this nobody reviews.
MOST_FILES = 200_000
#: So many files and folders are compared in all, commit by commit: a few small trees, each named in
#: the next many times, spread out to more than any machine can look at.
_MOST_COMPARED = 1_000_000
_DEEPEST = 40
_MODES = frozenset((b"100644", b"100755", b"120000", b"160000", TREE))


class Side(NamedTuple):
    """A file on one side: git's mode and the id of its contents."""

    mode: bytes
    id: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the pull request adds (`before` None), changes, or removes (`after` None)."""

    path: str
    before: Side | None
    after: Side | None

    @property
    def what(self) -> str:
        """`adds`, `changes` or `removes`."""
        return "adds" if self.before is None else "removes" if self.after is None else "changes"


class Malformed(StoreError):
    """A tree that git would not have written: readers disagree on what it holds."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path or 'the root folder'}: {why}")
        self.path = path
        self.why = why


class Trees:
    """The files of commits, looked up by path."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.reader = ObjectReader(repository)
        self._roots: dict[str, Folder] = {}

    def root(self, commit: str) -> Folder:
        """The root folder of a commit. Raises NotFound, StoreError."""
        known = self._roots.get(commit)
        if known is None:
            tree = self.reader.commit(commit).tree
            known = self._roots[commit] = self.reader.folder(tree)
        return known

    def item(self, commit: str, path: str) -> Item | None:
        """What lies at a path, a file, a folder or else."""
        folder = self.root(commit)
        *parents, last = encode(path).split(b"/")
        for name in parents:
            found = folder.items.get(name)
            if found is None or not found.is_folder:
                return None
            folder = self.reader.folder(found.id)
        return folder.items.get(last)

    def side(self, commit: str, path: str) -> Side | None:
        """The file, link or submodule at a path; None for nothing and for a folder."""
        item = self.item(commit, path)
        return None if item is None or item.is_folder else Side(item.mode, item.id.hex())

    def folder(self, commit: str, path: str) -> Folder | None:
        """The folder at a path."""
        if not path:
            return self.root(commit)
        item = self.item(commit, path)
        return self.reader.folder(item.id) if item is not None and item.is_folder else None

    def sizes(self, ids: list[str]) -> dict[str, int]:
        """How many bytes the contents have, by one process, without reading them."""
        if not ids:
            return {}
        asked = "".join(f"{id}\n" for id in dict.fromkeys(ids))
        listed = self.repository.git(
            "cat-file", "--batch-check=%(objectname) %(objectsize)", input=asked
        )
        found = {}
        for line in listed.splitlines():
            id, _, size = line.partition(" ")
            if size.isdigit():
                found[id] = int(size)
        return found


class Changes:
    """A pull request from `head`, to be merged onto `base`."""

    def __init__(self, trees: Trees, base: str, head: str) -> None:
        self.trees = trees
        self.base = base
        self.head = head
        self._compared = 0

    @cached_property
    def merge_bases(self) -> list[str]:
        """Where the two lines parted; several after they were merged crosswise."""
        done = self.trees.repository.run("merge-base", "--all", self.base, self.head)
        if done.code not in (0, 1):
            raise GitFailed(["merge-base"], done.err.strip() or "git knows no such commit here")
        return done.out.decode("ascii").split()

    @cached_property
    def merge_base(self) -> str | None:
        """The commit from which the pull request is counted."""
        return self.merge_bases[0] if len(self.merge_bases) == 1 else None

    @cached_property
    def all(self) -> list[Change]:
        """Every file that differs on the head from the merge base, by path, as it would be merged:
        what is on the base already is left out. Raises Malformed, StoreError."""
        found = []
        for path, side in self._own:
            there = self.trees.side(self.base, path)
            if there != side or (side is not None and self._under_file(path)):
                found.append(Change(path=path, before=there, after=side))
        return found

    @cached_property
    def conflicts(self) -> list[Change]:
        """Those that the base has changed as well, in another way, since the lines parted."""
        return [change for change in self.all if self._clashes(change)]

    @cached_property
    def collisions(self) -> list[tuple[str, str]]:
        """(added path, the other one): they differ in case or accents only, so that some systems
        take both for one."""
        found: list[tuple[str, str]] = []
        mine: dict[str, str] = {}
        for change in self.all:
            if change.after is None:
                continue
            parts = change.path.split("/")
            for depth in range(1, len(parts) + 1):
                here = "/".join(parts[:depth])
                other = mine.setdefault(_folded(here), here)
                if other == here and self.trees.item(self.base, here) is None:
                    other = self._twin("/".join(parts[: depth - 1]), parts[depth - 1]) or here
                if other != here:
                    found.append((here, other))
                    break
        return found

    def between(self, old: str, new: str) -> list[tuple[str, Side | None]]:
        """Every file that differs between two commits, the second of the pull request; None: it
        is gone. Raises Malformed, StoreError."""
        before = self.trees.root(old)
        after = self._strict(self.trees.reader.commit(new).tree, "")
        found: list[tuple[str, Side | None]] = []
        for pair in self._differences(before, after, b"", 0):
            if len(found) >= MOST_FILES:
                raise Malformed("", f"more than {MOST_FILES:,} files are changed")
            found.append(pair)
        return sorted(found, key=lambda pair: pair[0])

    @cached_property
    def _own(self) -> list[tuple[str, Side | None]]:
        assert self.merge_base is not None
        return self.between(self.merge_base, self.head)

    def _differences(
        self, old: Folder, new: Folder, prefix: bytes, depth: int
    ) -> Iterator[tuple[str, Side | None]]:
        if depth > _DEEPEST:
            raise Malformed(decode(prefix[:80]), f"folders are nested more than {_DEEPEST} deep")
        for name in {**old.items, **new.items}:
            before, after = old.items.get(name), new.items.get(name)
            if before == after:
                continue
            self._compared += 1
            if self._compared > _MOST_COMPARED:
                raise Malformed(
                    "", f"its commits change more than {_MOST_COMPARED:,} files and folders in all"
                )
            path = prefix + name
            if before is not None and not before.is_folder and (after is None or after.is_folder):
                yield decode(path), None
            if after is not None and not after.is_folder:
                yield decode(path), Side(after.mode, after.id.hex())
            left = self._plain(before)
            right = (
                self._strict(after.id, decode(path))
                if after is not None and after.is_folder
                else Folder({})
            )
            if left.items or right.items:
                yield from self._differences(left, right, path + b"/", depth + 1)

    def _plain(self, item: Item | None) -> Folder:
        if item is None or not item.is_folder:
            return Folder({})
        return self.trees.reader.folder(item.id)

    def _strict(self, id: bytes, path: str) -> Folder:
        """A folder of the pull request, read so that no two readers can differ on it."""
        folder = self.trees.reader.folder(id)
        if folder.to_bytes() != self.trees.reader.object(id, b"tree"):
            raise Malformed(path, "a name stands twice in this folder, or out of order")
        if not folder.items and path:
            raise Malformed(path, "this folder is empty, and git keeps no such folder")
        for name, item in folder.items.items():
            if not name or b"/" in name:
                raise Malformed(path, f"{decode(name)!r} is no name of a file")
            if item.mode not in _MODES:
                shown = decode(item.mode)
                raise Malformed(
                    f"{path}/{decode(name)}".lstrip("/"), f"its mode {shown} is one git has not"
                )
        return folder

    def _clashes(self, change: Change) -> bool:
        assert self.merge_base is not None
        if change.after is not None:
            item = self.trees.item(self.base, change.path)
            if (item is not None and item.is_folder) or self._under_file(change.path):
                return self.base != self.merge_base
        return change.before != self.trees.side(self.merge_base, change.path)

    def _under_file(self, path: str) -> bool:
        """True if the base has a file where this path needs a folder."""
        parts = path.split("/")
        for depth in range(1, len(parts)):
            item = self.trees.item(self.base, "/".join(parts[:depth]))
            if item is None:
                return False
            if not item.is_folder:
                return True
        return False

    def _twin(self, folder: str, name: str) -> str | None:
        """A name of the base's folder that some systems take for this one."""
        there = self.trees.folder(self.base, folder)
        if there is None:
            return None
        known = self._folded_names.get(folder)
        if known is None:
            known = self._folded_names[folder] = {
                _folded(decode(other)): decode(other) for other in there.items
            }
        other = known.get(_folded(name))
        return None if other is None else f"{folder}/{other}".lstrip("/")

    @cached_property
    def _folded_names(self) -> dict[str, dict[str, str]]:
        return {}


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def of_pull_request(trees: Trees, base: str, head: str) -> Changes:
    """The changes of a pull request. Raises NotFound for commits that are not here."""
    for commit in (base, head):
        try:
            trees.root(commit)
        except NotFound as error:
            raise NotFound(
                f"the commit {commit} is not in this clone", hint="fetch it: git fetch --all"
            ) from error
    return Changes(trees, base, head)
