"""What identifies data: md5s as DVC takes them, and a digest of its own for tables in memory."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from gitrack.errors import UnreadableFile, UsageError

_CHUNK = 4 * 1024 * 1024
#: Below this size a file is read again rather than believed.
_BELIEVE_FROM = 32 * 1024 * 1024
_SAMPLES = 16
_SAMPLE = 64 * 1024
#: What DVC never looks into.
_DVC_IGNORES = frozenset({".dvc", ".git", ".hg"})

_known: dict[tuple[str, int, int, int], str] = {}


class Fingerprint(NamedTuple):
    """A file's or folder's md5 (with `.dir`) and size in bytes."""

    md5: str
    size: int


def fingerprint(path: Path) -> Fingerprint:
    """The md5 that DVC gives this file or folder, from its `.dvc` file where that is certain."""
    believed = _from_pointer(path)
    if believed is not None:
        return believed
    return _folder(path) if path.is_dir() else _file(path)


def array_digest(array: Any) -> str:
    """md5 of type, shape and little-endian bytes of a numpy array."""
    import numpy as np

    if array.dtype.kind == "O":
        raise UsageError("an array of objects has no digest", hint="log it as a DataFrame")
    ordered = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    digest = hashlib.md5(f"{ordered.dtype.str}{ordered.shape}".encode(), usedforsecurity=False)
    digest.update(ordered.tobytes())
    return digest.hexdigest()


def frame_digest(frame: Any) -> str:
    """The same for the same names and values, whatever library version holds them.

    md5 over each column in order: a line of JSON with its name and kind, then its values as
    64-bit little-endian numbers: whole numbers, floats (any NaN the same one), moments in
    nanoseconds, and for all else pandas' hash of its text. An index that only counts is left out.
    """
    digest = hashlib.md5(b"gitrack-frame-1\n", usedforsecurity=False)
    if type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index()
    for position, name in enumerate(frame.columns):
        kind, values = _plain_values(frame.iloc[:, position])
        digest.update(json.dumps([str(name), kind, len(values)]).encode() + b"\n")
        digest.update(values.tobytes())
    return digest.hexdigest()


def _plain_values(column: Any) -> tuple[str, Any]:
    import numpy as np

    kind = getattr(column.dtype, "kind", "O")
    missing = bool(column.isna().any())
    if kind == "b" and not missing:
        return "bool", column.to_numpy(dtype="<i8")
    if kind in "iu" and not missing:
        return "int", column.to_numpy(dtype="<u8" if kind == "u" else "<i8")
    if kind in "fiub" and column.dtype != object:
        values = column.to_numpy(dtype="<f8", na_value=np.nan).copy()
        values[np.isnan(values)] = np.nan
        return "float", values
    if kind in "mM":
        unit = "datetime64[ns]" if kind == "M" else "timedelta64[ns]"
        plain = column.dt.tz_convert("UTC").dt.tz_localize(None) if _has_zone(column) else column
        return unit, plain.to_numpy(dtype=unit).astype("<i8")
    return "text", _hashed_text(column)


def _has_zone(column: Any) -> bool:
    return getattr(column.dtype, "tz", None) is not None


def _hashed_text(column: Any) -> Any:
    import numpy as np
    from pandas.util import hash_array

    values = np.asarray(column.astype(object), dtype=object)
    try:
        hashed = hash_array(values)
    except TypeError:
        hashed = hash_array(np.asarray([str(value) for value in values], dtype=object))
    return hashed.astype("<u8")


def _file(path: Path) -> Fingerprint:
    with path.open("rb") as file:
        about = os.fstat(file.fileno())
        key = (str(path.resolve()), about.st_ino, about.st_size, about.st_mtime_ns)
        md5 = _known.get(key)
        if md5 is None:
            digest = hashlib.md5(usedforsecurity=False)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            md5 = _known[key] = digest.hexdigest()
    return Fingerprint(md5, about.st_size)


def _folder(folder: Path) -> Fingerprint:
    from gitrack.artifacts.cache import make_tree

    found = [(relative, _file(path)) for relative, path in files_below(folder)]
    if not found:
        raise UsageError(f"folder {str(folder)!r} holds no files", hint="log it when it has some")
    tree = make_tree((relative, print_.md5) for relative, print_ in found)
    return Fingerprint(tree.oid, sum(print_.size for _, print_ in found))


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that DVC would take, with its relative path; links count as what they point at."""
    seen = {folder.resolve()}
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        for path in sorted(place.iterdir()):
            if path.name in _DVC_IGNORES:
                continue
            if path.is_dir():
                real = path.resolve()
                if not path.is_symlink() or real not in seen:
                    seen.add(real)
                    waiting.append(path)
            elif path.is_file():
                yield path.relative_to(folder).as_posix(), path


def _from_pointer(path: Path) -> Fingerprint | None:
    """What `<path>.dvc` says, if the bytes in DVC's cache say that it speaks of this very file.

    Size and age alone do not: after `git checkout` of another branch the pointer is new and the
    data still the old one, until `dvc checkout`.
    """
    from gitrack.artifacts.pointers import SUFFIX, load_pointer

    beside = path.with_name(path.name + SUFFIX)
    try:
        about = path.stat()
        if path.is_dir() or about.st_size < _BELIEVE_FROM or not beside.is_file():
            return None
        if beside.stat().st_mtime_ns < about.st_mtime_ns:
            return None
        pointer = load_pointer(beside.name, beside.read_bytes())
    except (OSError, UnreadableFile):
        return None
    if pointer.path != path.name or pointer.size != about.st_size or pointer.hash != "md5":
        return None
    cached = _cached(path, pointer.md5)
    if cached is None or not _alike(path, cached):
        return None
    return Fingerprint(pointer.md5, about.st_size)


def _cached(path: Path, md5: str) -> Path | None:
    from gitrack.artifacts.cache import Cache
    from gitrack.artifacts.project import read_settings

    for folder in path.resolve().parents:
        if (folder / ".dvc").is_dir():
            settings = read_settings(folder)
            cache = Cache(settings.cache or folder / ".dvc" / "cache")
            return cache.path(md5) if cache.has(md5) else None
    return None


def _alike(path: Path, cached: Path) -> bool:
    if path.samefile(cached):
        return True
    size = path.stat().st_size
    if cached.stat().st_size != size:
        return False
    with path.open("rb") as one, cached.open("rb") as other:
        for number in range(_SAMPLES):
            at = (size - _SAMPLE) * number // (_SAMPLES - 1)
            one.seek(at)
            other.seek(at)
            if one.read(_SAMPLE) != other.read(_SAMPLE):
                return False
    return True
