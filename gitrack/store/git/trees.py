"""Walking folders by their ids: find, list, compare. Equal ids are never opened."""

from __future__ import annotations

from collections.abc import Iterator

from gitrack.store.branch import Entry
from gitrack.store.git.objects import SUBMODULE, TREES, Folder, Item, Load

_EMPTY = Folder({})


class TooManyFolders(Exception):
    """More folders to open than was agreed; git does that faster by itself."""


def limited(load: Load, folders: int) -> Load:
    """`load` that raises TooManyFolders after so many calls."""
    left = folders

    def counting(id: bytes) -> Folder:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooManyFolders
        return load(id)

    return counting


def encode(path: str) -> bytes:
    """A path as git keeps it, names that are no UTF-8 included."""
    return path.strip("/").encode("utf-8", "surrogateescape")


def decode(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def find(load: Load, root: Folder, path: str) -> Item | None:
    """What lies at a path that is not empty."""
    folder = root
    *parents, last = encode(path).split(b"/")
    for name in parents:
        item = folder.items.get(name)
        if item is None or not item.is_folder:
            return None
        folder = item.folder or load(item.id)
    return folder.items.get(last)


def files_below(load: Load, folder: Folder, prefix: bytes) -> Iterator[Entry]:
    """Every file below a folder, in git's order; `prefix` ends in `/` or is empty."""
    for name, item in folder.items.items():
        if item.is_folder:
            yield from files_below(load, item.folder or load(item.id), prefix + name + b"/")
        elif item.is_file:
            yield Entry(decode(prefix + name), item.id.hex())


def names_in(folder: Folder) -> list[str]:
    """The names of a folder; those of folders end in `/`, submodules are left out."""
    modes = {item.mode for item in folder.items.values()}
    if modes and SUBMODULE not in modes and TREES.isdisjoint(modes):
        return sorted(decode(b"\0".join(folder.items)).split("\0"))  # thousands of files at once
    named = ((decode(name), item.mode) for name, item in folder.items.items())
    return sorted(
        f"{name}/" if mode in TREES else name for name, mode in named if mode != SUBMODULE
    )


def folders_below(load: Load, folder: Folder, depth: int) -> dict[str, str]:
    """The folders so many levels below a folder, with the ids of their trees, by path."""
    found = _at_depth(load, folder, depth, b"")
    return {path: id.hex() for path, id in sorted((decode(path), id) for path, id in found)}


def _at_depth(
    load: Load, folder: Folder, depth: int, prefix: bytes
) -> Iterator[tuple[bytes, bytes]]:
    for name, item in folder.items.items():
        if item.mode not in TREES:
            continue
        if depth == 1:
            yield prefix + name, item.id
        else:
            below = item.folder or load(item.id)
            yield from _at_depth(load, below, depth - 1, prefix + name + b"/")


def differences(
    load: Load, old: Folder, new: Folder, prefix: bytes
) -> Iterator[tuple[str, Entry | None]]:
    """(path, its new entry or None if it is gone) of every file that differs."""
    for name in {**old.items, **new.items}:
        before, after = old.items.get(name), new.items.get(name)
        if before == after:
            continue
        path = prefix + name
        if before is not None and before.is_file and (after is None or not after.is_file):
            yield decode(path), None
        if after is not None and after.is_file and not _same_file(before, after):
            yield decode(path), Entry(decode(path), after.id.hex())
        left, right = _opened(load, before), _opened(load, after)
        if left is not right:
            yield from differences(load, left, right, path + b"/")


def _same_file(before: Item | None, after: Item) -> bool:
    return before is not None and before.is_file and before.id == after.id


def _opened(load: Load, item: Item | None) -> Folder:
    if item is None or not item.is_folder:
        return _EMPTY
    return item.folder or load(item.id)
