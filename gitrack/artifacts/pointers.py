"""DVC pointers: the few lines on the branch that stand for heavy bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from gitrack.errors import UnreadableFile
from gitrack.model.md5 import is_md5

#: What a pointer's file name ends in.
SUFFIX = ".dvc"

_MOST_BYTES = 64 * 1024


class Pointer(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a `.dvc` file.

    `md5` of a folder ends in `.dir`. `hash` says how the md5 was taken and where the cache has
    the bytes: `md5` is DVC 3's layout, `md5-dos2unix` DVC 2's.
    """

    path: str
    md5: str
    size: int | None = None
    nfiles: int | None = None
    hash: Literal["md5", "md5-dos2unix"] = "md5"

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(".dir")


def dump_pointer(pointer: Pointer) -> bytes:
    """The file that `dvc add` would write, with texts quoted: an md5 may look like a number."""
    lines = ["outs:", f'- md5: "{pointer.md5}"']
    if pointer.size is not None:
        lines.append(f"  size: {pointer.size}")
    if pointer.nfiles is not None:
        lines.append(f"  nfiles: {pointer.nfiles}")
    if pointer.hash == "md5":
        lines.append("  hash: md5")
    lines.append(f"  path: {json.dumps(pointer.path, ensure_ascii=False)}")
    return ("\n".join(lines) + "\n").encode("utf-8")


def load_pointer(path: str, data: bytes) -> Pointer:
    """The output that a pointer stands for. Raises UnreadableFile that names `path`."""
    outs = list(_outs(path, data))
    if len(outs) != 1:
        raise UnreadableFile(path, f"a pointer to {len(outs)} outputs, expected one")
    return outs[0]


def _outs(path: str, data: bytes) -> Iterator[Pointer]:
    from gitrack.config import safe_yaml

    value, _ = safe_yaml.load(data, name=path, max_bytes=_MOST_BYTES)
    outs = value.get("outs") if isinstance(value, dict) else None
    if not isinstance(outs, list):
        raise UnreadableFile(path, "not a DVC pointer: it has no list of outs")
    for out in outs:
        yield _out(path, out)


def _out(path: str, out: object) -> Pointer:
    if not isinstance(out, dict):
        raise UnreadableFile(path, "not a DVC pointer: an output is not a map")
    md5 = out.get("md5")
    if not is_md5(md5):
        # Such a value would become a path in the cache: only real hashes may.
        raise UnreadableFile(path, f"md5 is {str(md5)[:60]!r}, expected 32 hexadecimal digits")
    name = out.get("path")
    if not isinstance(name, str) or name in ("", ".", "..") or re.search(r"[/\\\0]", name):
        raise UnreadableFile(
            path, f"path is {str(name)[:60]!r}, expected a name beside the pointer"
        )
    kind = out.get("hash", "md5-dos2unix")
    if kind not in ("md5", "md5-dos2unix"):
        raise UnreadableFile(path, f"hash is {str(kind)[:60]!r}, expected 'md5'")
    return Pointer(
        path=name,
        md5=md5,
        size=_count(path, "size", out.get("size")),
        nfiles=_count(path, "nfiles", out.get("nfiles")),
        hash="md5" if kind == "md5" else "md5-dos2unix",
    )


def _count(path: str, key: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnreadableFile(path, f"{key} is {str(value)[:60]!r}, expected a number")
    return value
