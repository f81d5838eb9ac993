"""What differs between the folders of several commits; what all of them share is never opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

import msgspec

from gitrack.store.git.code_history import InFolder

_MOST_IN_FOLDER = 2_000
_DEEPEST = 40
#: Names of files that people do not mean to show.
_PRIVATE = (
    *(".env", ".env.*", "*.env", ".netrc", "_netrc", ".pypirc", ".npmrc", ".pgpass", ".htpasswd"),
    *("*.pem", "*.key", "*.pfx", "*.p12", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "id_*sa*"),
    *("id_ed25519*", "credentials", "credentials.*", "secret.*", "secrets.*"),
    *("*.tfstate", "*.tfvars"),
)

Open = Callable[[str], Sequence[InFolder]]


class Differing(msgspec.Struct, kw_only=True):
    """Ids of folders and files that are not in all commits at the same place.

    `full` are folders of too many files to look into, `private` files that are not to be shown.
    """

    folders: set[str] = msgspec.field(default_factory=set)
    full: set[str] = msgspec.field(default_factory=set)
    files: set[str] = msgspec.field(default_factory=set)
    private: set[str] = msgspec.field(default_factory=set)


def differing(roots: Iterable[str], open_folder: Open) -> Differing:
    """Walk all these folders side by side."""
    found = Differing()
    opened: dict[str, Sequence[InFolder]] = {}
    seen: set[tuple[frozenset[str], bool]] = set()
    waiting = [(frozenset(roots), False, 0)]
    while waiting:
        ids, missing, depth = waiting.pop()
        if not ids or (len(ids) == 1 and not missing) or (ids, missing) in seen:
            continue
        seen.add((ids, missing))
        for id in ids - opened.keys():
            opened[id] = open_folder(id)
        found.folders |= ids
        full = {id for id in ids if len(opened[id]) > _MOST_IN_FOLDER}
        found.full |= full
        if depth < _DEEPEST:
            read = [opened[id] for id in sorted(ids - full)]
            waiting.extend(_below(read, missing or bool(full), depth, found))
    return found


def _below(
    folders: Sequence[Sequence[InFolder]], missing: bool, depth: int, found: Differing
) -> list[tuple[frozenset[str], bool, int]]:
    """The folders of each name to walk next; files are noted at once."""
    by_name: dict[bytes, list[InFolder]] = {}
    for folder in folders:
        for item in folder:
            by_name.setdefault(item.name, []).append(item)
    following = []
    for name, items in by_name.items():
        absent = missing or len(items) < len(folders)
        if not absent and len({item.id for item in items}) == 1:
            continue
        trees = frozenset(item.id for item in items if item.kind == "tree")
        mixed = len(trees) > 0 and any(item.kind != "tree" for item in items)
        following.append((trees, absent or mixed, depth + 1))
        files = {item.id for item in items if item.kind in ("file", "link")}
        found.files |= files
        if is_private(name):
            found.private |= files
    return following


def is_private(name: bytes) -> bool:
    """Whether a file of this name is likely to hold a secret."""
    text = name.decode("utf-8", "replace").lower()
    return any(fnmatchcase(text, pattern) for pattern in _PRIVATE)
