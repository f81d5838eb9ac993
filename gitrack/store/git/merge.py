"""Three-way union of folders: two sides' work put together, equal ids never opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from gitrack.errors import MergeConflict
from gitrack.store.git.objects import FILE, TREE, Add, Folder, Item, Load
from gitrack.store.git.trees import decode


class Clash(msgspec.Struct, frozen=True):
    """A file that both sides changed in different ways. None: it is not there."""

    path: str
    base: bytes | None
    ours: bytes | None
    theirs: bytes | None


#: Gives the contents that unite both sides, None to delete; raises MergeConflict if it cannot.
Resolve = Callable[[Clash], bytes | None]


def refuse(clash: Clash) -> bytes | None:
    """Leave every clash to people."""
    raise MergeConflict([clash.path])


class Mediator(Protocol):
    """Decides one try of a merge: what becomes of clashes, what else changes, what is told."""

    def resolve(self, clash: Clash) -> bytes | None:
        """The contents that unite both sides, None to delete; MergeConflict if it cannot."""

    def more(self) -> Mapping[str, bytes | None]:
        """Changes of other files, on top of the united folders; asked for after every clash."""

    def message(self) -> str:
        """The message of the merge; asked for last."""


#: Gives the mediator for a try to unite two commits, ours and theirs.
Mediate = Callable[[str, str], Mediator]


class Plain:
    """A mediator with a message that is known beforehand, and one function for clashes."""

    def __init__(self, message: str, resolve: Resolve) -> None:
        self._message = message
        self._resolve = resolve

    def resolve(self, clash: Clash) -> bytes | None:
        """What the function says."""
        return self._resolve(clash)

    def more(self) -> Mapping[str, bytes | None]:
        """Nothing."""
        return {}

    def message(self) -> str:
        """What was given."""
        return self._message


class Union:
    """One merge. Every clash is put to `resolve`; what is left unresolved is told together."""

    def __init__(self, load: Load, read: Callable[[bytes], bytes], add: Add, resolve: Resolve):
        self._load = load
        self._read = read
        self._add = add
        self._resolve = resolve
        self._unresolved: list[str] = []

    def of(self, base: Folder, ours: Folder, theirs: Folder) -> Folder:
        """The united folder. Raises MergeConflict, which names every file in question."""
        united = self._folders(base, ours, theirs, b"")
        if self._unresolved:
            raise MergeConflict(sorted(self._unresolved))
        return united

    def _folders(self, base: Folder, ours: Folder, theirs: Folder, place: bytes) -> Folder:
        items: dict[bytes, Item] = {}
        for name in {**ours.items, **theirs.items}:
            before, mine, other = (side.items.get(name) for side in (base, ours, theirs))
            if mine == other or other == before:
                chosen = mine
            elif mine == before:
                chosen = other
            elif _folder_or_nothing(mine) and _folder_or_nothing(other):
                chosen = self._below(before, mine, other, place + name + b"/")
            else:
                chosen = self._clash(before, mine, other, place + name)
            if chosen is not None:
                items[name] = chosen
        return ours if items == ours.items else Folder(items)

    def _below(
        self, before: Item | None, mine: Item | None, other: Item | None, place: bytes
    ) -> Item | None:
        base, ours, theirs = (self._open(item) for item in (before, mine, other))
        united = self._folders(base, ours, theirs, place)
        return Item(TREE, united.id or b"", united) if united.items else None

    def _open(self, item: Item | None) -> Folder:
        return self._load(item.id) if item is not None and item.is_folder else Folder({})

    def _clash(
        self, before: Item | None, mine: Item | None, other: Item | None, path: bytes
    ) -> Item | None:
        try:
            if not (_file_or_nothing(mine) and _file_or_nothing(other)):
                raise MergeConflict([decode(path)])
            contents = self._resolve(
                Clash(decode(path), self._data(before), self._data(mine), self._data(other))
            )
        except MergeConflict as conflict:
            self._unresolved += conflict.paths
            return mine
        return None if contents is None else Item(FILE, self._add(b"blob", contents))

    def _data(self, item: Item | None) -> bytes | None:
        return self._read(item.id) if item is not None and item.is_file else None


def _folder_or_nothing(item: Item | None) -> bool:
    return item is None or item.is_folder


def _file_or_nothing(item: Item | None) -> bool:
    return item is None or item.is_file
