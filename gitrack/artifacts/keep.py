"""Where an artifact goes: small text and pictures to git, everything else to DVC."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from gitrack.artifacts.cache import Cache, make_tree
from gitrack.artifacts.content import belongs_in_git
from gitrack.artifacts.copying import progress
from gitrack.artifacts.names import check_name, may_lie_on_branch
from gitrack.artifacts.pointers import SUFFIX, Pointer, dump_pointer
from gitrack.artifacts.sources import Found, find_files, open_regular
from gitrack.errors import ArtifactError

#: A folder goes to git file by file only while people would still look at each file.
_MOST_INLINE_FILES = 20


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact that is stored, and what the branch has to hold of it.

    `branch_files` maps paths below the run's `artifacts/` to bytes: the contents themselves, or
    one pointer. `files` is None for a single file.
    """

    store: Literal["git", "dvc"]
    md5: str
    size: int
    files: int | None
    branch_files: dict[str, bytes]


def keep(
    source: Path | bytes,
    name: str,
    *,
    cache: Path | Cache | None,
    inline_below: int = 100_000,
    ours: bool = False,
) -> Kept:
    """Store an artifact.

    The bytes of a heavy one are in the cache when this returns; its pointer never is torn.
    `ours` says that `source` is a temporary of gitrack's, whose files may be linked into the
    cache instead of copied. Raises InvalidName for the name, ArtifactError for the bytes.
    """
    name = check_name(name)
    if isinstance(source, bytes):
        if len(source) < inline_below and belongs_in_git(source):
            return _inline_file(name, source)
        return _pointed(name, *_cache(cache, name).put_bytes(source))
    if source.is_dir():
        return _keep_folder(source, name, cache, inline_below, ours)
    data = _read_small(source, inline_below)
    if data is not None and belongs_in_git(data):
        return _inline_file(name, data)
    return _pointed(name, *_cache(cache, name).put_file(source, ours=ours))


def _keep_folder(
    folder: Path, name: str, cache: Path | Cache | None, inline_below: int, ours: bool
) -> Kept:
    found = find_files(folder)
    contents = _inline_contents(found, inline_below)
    if contents is not None:
        return _inline_folder(name, contents)
    store = _cache(cache, name)
    entries = []
    size = 0
    total = sum(file.size for file in found)
    with progress(f"storing {name}", total, files=len(found)) as advance:
        for file in found:
            md5, length = store.put_file(file.path, ours=ours)
            entries.append((file.relative, md5))
            size += length
            advance(length)
    return _pointed(name, store.put_tree(entries), size, files=len(entries))


def _inline_contents(found: list[Found], inline_below: int) -> dict[str, bytes] | None:
    """The files of a folder that is small in every respect, else None."""
    if not 0 < len(found) <= _MOST_INLINE_FILES:
        return None
    left = inline_below
    contents = {}
    for file in found:
        if not may_lie_on_branch(file.relative):
            return None  # in DVC's list a name does no harm; on the branch git or DVC may obey it
        data = _read_small(file.path, left)
        if data is None or not belongs_in_git(data):
            return None
        left -= len(data)
        contents[file.relative] = data
    return contents


def _read_small(path: Path, below: int) -> bytes | None:
    """A file's bytes if they are fewer than `below`; never more is read, however it grows."""
    with open_regular(path) as file:
        data = file.read(max(below, 0))
    return data if len(data) < below else None


def _inline_file(name: str, data: bytes) -> Kept:
    return Kept(store="git", md5=_md5(data), size=len(data), files=None, branch_files={name: data})


def _inline_folder(name: str, contents: dict[str, bytes]) -> Kept:
    tree = make_tree((relative, _md5(data)) for relative, data in contents.items())
    return Kept(
        store="git",
        md5=tree.oid,
        size=sum(map(len, contents.values())),
        files=len(contents),
        branch_files={f"{name}/{relative}": data for relative, data in contents.items()},
    )


def _pointed(name: str, md5: str, size: int, *, files: int | None = None) -> Kept:
    last = name.rpartition("/")[2]
    pointer = Pointer(path=last, md5=md5, size=size, nfiles=files)
    return Kept(
        store="dvc",
        md5=md5,
        size=size,
        files=files,
        branch_files={name + SUFFIX: dump_pointer(pointer)},
    )


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _cache(cache: Path | Cache | None, name: str) -> Cache:
    if cache is None:
        raise ArtifactError(
            f"there is no DVC cache to keep {name} in", hint="run this inside a git repository"
        )
    return cache if isinstance(cache, Cache) else Cache(cache)
