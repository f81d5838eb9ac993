"""Git's objects as bytes: ids, folders (git calls them trees) and commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from gitrack.errors import StoreError
from gitrack.store.git.identity import Author, Stamp

FILE = b"100644"
TREE = b"40000"
TREES = frozenset({TREE, b"040000"})
SUBMODULE = b"160000"


class Hash(NamedTuple):
    """The hash that names a repository's objects."""

    name: str
    size: int

    def digest(self, data: bytes) -> bytes:
        import hashlib  # late: those who only read need no hashes

        if self.size == 20:
            return hashlib.sha1(data, usedforsecurity=False).digest()
        return hashlib.sha256(data).digest()

    def of(self, kind: bytes, data: bytes) -> bytes:
        """The id of an object."""
        return self.digest(b"%s %d\0%s" % (kind, len(data), data))

    @property
    def zero(self) -> str:
        """What git writes for "no object"."""
        return "00" * self.size


HASHES = {"sha1": Hash("sha1", 20), "sha256": Hash("sha256", 32)}


class Item(NamedTuple):
    """What a name in a folder stands for: `id` of a file or folder, or a folder not yet written."""

    mode: bytes
    id: bytes
    folder: Folder | None = None

    @property
    def is_folder(self) -> bool:
        return self.mode in TREES

    @property
    def is_file(self) -> bool:
        """Files and symbolic links (never followed); not submodules."""
        return self.mode not in TREES and self.mode != SUBMODULE


class Folder:
    """The items of a folder by name. Never changed after it is made; `id` is set when written."""

    __slots__ = ("id", "items")

    def __init__(self, items: dict[bytes, Item], id: bytes | None = None) -> None:
        self.items = items
        self.id = id

    @classmethod
    def parse(cls, data: bytes, id: bytes) -> Folder:
        items: dict[bytes, Item] = {}
        at, end, size = 0, len(data), len(id)
        while at < end:
            space = data.find(b" ", at)
            stop = data.find(b"\0", space)
            if space < 0 or stop < 0 or stop + 1 + size > end:
                raise StoreError(
                    f"the tree {id.hex()} is damaged", hint="type  git fsck  to see what else is"
                )
            following = stop + 1 + size
            items[data[space + 1 : stop]] = Item(data[at:space], data[stop + 1 : following])
            at = following
        return cls(items, id)

    def to_bytes(self) -> bytes:
        """As git wants it: sorted as if the names of folders ended in `/`."""
        if TREES.isdisjoint({item.mode for item in self.items.values()}):
            ordered = sorted(self.items.items())  # no name is there twice, so names decide
        else:
            ordered = sorted(
                self.items.items(),
                key=lambda pair: pair[0] + b"/" if pair[1].mode in TREES else pair[0],
            )
        return b"".join([b"%s %s\0%s" % (mode, name, id) for name, (mode, id, _) in ordered])


#: Gives the folder of an id.
Load = Callable[[bytes], Folder]
#: Keeps an object of a kind and gives its id.
Add = Callable[[bytes, bytes], bytes]


class Plan:
    """What becomes of a name: its own contents, and what is below it."""

    __slots__ = ("below", "blob", "deleted")

    def __init__(self) -> None:
        self.blob: bytes | None = None
        self.deleted = False
        self.below: dict[bytes, Plan] = {}

    @property
    def writes_below(self) -> bool:
        """True if this must become a folder."""
        below = self.below.values()
        return any(plan.blob is not None or plan.writes_below for plan in below)


def plan_of(changes: Mapping[str, bytes | None]) -> Plan:
    """Changes by path (ids of blobs, None deletes) as a tree of names."""
    root = Plan()
    for path, blob in changes.items():
        plan = root
        for name in path.encode().split(b"/"):
            plan = plan.below.setdefault(name, Plan())
        plan.blob = blob
        plan.deleted = blob is None
    return root


def edited(folder: Folder, plan: Plan, load: Load, *, place: bytes = b"") -> Folder:
    """The folder after the plan; only what the plan touches is read. Raises StoreError."""
    items = dict(folder.items)
    for name, step in plan.below.items():
        path = place + name
        old = items.get(name)
        if step.deleted and old is not None:
            if old.is_folder:
                raise StoreError(
                    f"{path.decode()!r} is a folder and cannot be deleted as a file",
                    hint="delete its files one by one",
                )
            del items[name]
            old = None
        if step.below and (old is None or old.is_folder or step.writes_below):
            if old is not None and not old.is_folder:
                raise _collision(path, b"a file", b"a folder")
            _edit_below(items, name, step, load, path)
        if step.blob is not None:
            old = items.get(name)
            if old is not None and old.is_folder:
                raise _collision(path, b"a folder", b"a file")
            mode = old.mode if old is not None and old.mode == b"100755" else FILE
            items[name] = Item(mode, step.blob)
    return folder if items == folder.items else Folder(items)


def _edit_below(items: dict[bytes, Item], name: bytes, step: Plan, load: Load, path: bytes) -> None:
    old = items.get(name)
    before = Folder({}) if old is None else old.folder or load(old.id)
    after = edited(before, step, load, place=path + b"/")
    if after is before:
        return
    if after.items:
        items[name] = Item(TREE, after.id or b"", after)
    else:
        items.pop(name, None)


def _collision(path: bytes, is_: bytes, becomes: bytes) -> StoreError:
    return StoreError(
        f"{path.decode()!r} is {is_.decode()} on the branch and cannot become {becomes.decode()}",
        hint="use another name, or delete what is there in the same commit",
    )


def written(folder: Folder, add: Add, keep: Callable[[Folder], None] | None = None) -> bytes:
    """Hand every new folder below and including this one to `add`; the id of this one."""
    if folder.id is not None:
        return folder.id
    for name, item in folder.items.items():
        if item.folder is not None:
            id = written(item.folder, add, keep)
            folder.items[name] = Item(item.mode, id)
    folder.id = add(b"tree", folder.to_bytes())
    if keep is not None:
        keep(folder)
    return folder.id


class Commit(NamedTuple):
    """What we need of a commit."""

    tree: bytes
    parents: tuple[bytes, ...]

    @classmethod
    def parse(cls, data: bytes, id: str) -> Commit:
        tree = b""
        parents: list[bytes] = []
        for line in data.split(b"\n\n", 1)[0].split(b"\n"):
            if line.startswith(b"tree "):
                tree = bytes.fromhex(line[5:].decode("ascii", "replace"))
            elif line.startswith(b"parent "):
                parents.append(bytes.fromhex(line[7:].decode("ascii", "replace")))
        if not tree:
            raise StoreError(f"the commit {id} is damaged", hint="type  git fsck")
        return cls(tree, tuple(parents))


def commit_bytes(
    *,
    tree: bytes,
    parents: tuple[bytes, ...],
    author: Author,
    authored: Stamp,
    committer: Author,
    committed: Stamp,
    message: str,
) -> bytes:
    """An unsigned commit. The message is UTF-8, without NUL, and ends in one newline."""
    lines = [b"tree " + tree.hex().encode()]
    lines += [b"parent " + parent.hex().encode() for parent in parents]
    lines.append(f"author {author} {authored}".encode("utf-8", "replace"))
    lines.append(f"committer {committer} {committed}".encode("utf-8", "replace"))
    return b"\n".join(lines) + b"\n\n" + message_bytes(message)


def message_bytes(message: str) -> bytes:
    """A commit message as git keeps it."""
    text = message.replace("\0", "\ufffd").replace("\r\n", "\n").strip("\n")
    return text.encode("utf-8", "replace").rstrip() + b"\n"
