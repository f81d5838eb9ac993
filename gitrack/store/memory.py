"""A branch that lives in memory, for tests and for trying things out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping

from gitrack.errors import BranchMoved, GitrackError, NotFound
from gitrack.store.branch import Entry, MakePlan, check_commit
from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.objects import (
    HASHES,
    Commit,
    Folder,
    commit_bytes,
    edited,
    plan_of,
    written,
)
from gitrack.store.git.trees import differences, encode, files_below, find, folders_below, names_in

_SHA1 = HASHES["sha1"]
_HEX = re.compile(r"[0-9a-f]{40}\Z")
_NOBODY = Author("gitrack", "gitrack@localhost")


class MemoryBranch:
    """The same promises as GitBranch, the same ids for the same contents, and no git."""

    def __init__(self, name: str = "gitrack") -> None:
        self.name = name
        self._objects: dict[bytes, bytes] = {}
        self._tip: str | None = None
        self._lock = threading.RLock()

    def tip(self) -> str | None:
        return self._tip

    def tree(self, path: str = "", *, at: str | None = None) -> str | None:
        root = self._root(at)
        if root is None or root.id is None or not encode(path):
            return root.id.hex() if root is not None and root.id is not None else None
        item = find(self._load, root, path)
        return item.id.hex() if item is not None and item.is_folder else None

    def read(self, path: str, *, at: str | None = None) -> bytes:
        root = self._root(at)
        item = find(self._load, root, path) if root is not None and encode(path) else None
        if item is None or not item.is_file:
            raise NotFound(f"{path!r} is not a file on {self.name}")
        return self._objects[item.id]

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        for id in ids:
            if not _HEX.match(id):
                raise NotFound(f"{id!r} is not the id of an object")
            data = self._objects.get(bytes.fromhex(id))
            yield id, NotFound(f"the object {id} is missing") if data is None else data

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        folder, prefix = self._folder(under, at), encode(under)
        if folder is None:
            return []
        found = files_below(self._load, folder, prefix + b"/" if prefix else b"")
        return sorted(found, key=lambda entry: entry.path)

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        found = self._folder(folder, at)
        return names_in(found) if found is not None else []

    def folders(self, folder: str = "", *, depth: int = 1, at: str | None = None) -> dict[str, str]:
        found = self._folder(folder, at)
        return folders_below(self._load, found, depth) if found is not None else {}

    def changed(self, old: str, new: str, *, under: str = "") -> list[tuple[str, Entry | None]]:
        before, after = self._load(bytes.fromhex(old)), self._load(bytes.fromhex(new))
        prefix = encode(under)
        found = differences(self._load, before, after, prefix + b"/" if prefix else b"")
        return sorted(found, key=lambda pair: pair[0])

    def commit(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str | None = None,
    ) -> str:
        check_commit(changes, message)
        with self._lock:
            if base is not None and base != self._tip:
                raise BranchMoved(self.name)
            root = self._root(None) or Folder({})
            blobs = {
                path: None if data is None else self._add(b"blob", data)
                for path, data in changes.items()
            }
            after = edited(root, plan_of(blobs), self._load)
            if after is root and self._tip is not None:
                return self._tip
            return self._move(written(after, self._add), message)

    def commit_on_tip(self, make: MakePlan) -> str:
        with self._lock:
            return self.commit(*make(self._tip))

    def _move(self, tree: bytes, message: str) -> str:
        now = Stamp.now()
        data = commit_bytes(
            tree=tree,
            parents=() if self._tip is None else (bytes.fromhex(self._tip),),
            author=_NOBODY,
            authored=now,
            committer=_NOBODY,
            committed=now,
            message=message,
        )
        self._tip = self._add(b"commit", data).hex()
        return self._tip

    def _add(self, kind: bytes, data: bytes) -> bytes:
        id = _SHA1.of(kind, data)
        self._objects[id] = data
        return id

    def _load(self, id: bytes) -> Folder:
        data = self._objects.get(id)
        if data is None:
            raise NotFound(f"there is no object {id.hex()}")
        return Folder.parse(data, id)

    def _root(self, at: str | None) -> Folder | None:
        commit = at or self._tip
        if commit is None:
            return None
        data = self._objects.get(bytes.fromhex(commit)) if _HEX.match(commit) else None
        if data is None:
            raise NotFound(f"{commit!r} is not the id of a commit")
        return self._load(Commit.parse(data, commit).tree)

    def _folder(self, path: str, at: str | None) -> Folder | None:
        root = self._root(at)
        if root is None or not encode(path):
            return root
        item = find(self._load, root, path)
        return self._load(item.id) if item is not None and item.is_folder else None
