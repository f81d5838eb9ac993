"""What identifies data: md5s as DVC takes them, and a digest of its own for tables in memory."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from gitrack.errors import ArtifactError, UsageError
from gitrack.tracking import notice
from gitrack.tracking.content.ignored import files_below
from gitrack.tracking.content.tracked import Record, cache_for, tree_of

if TYPE_CHECKING:
    from gitrack.artifacts.hashes import Hashes

_CHUNK = 4 * 1024 * 1024
#: Below this size a file is read again rather than believed.
_BELIEVE_FROM = 32 * 1024 * 1024
_SAMPLES = 16
_SAMPLE = 64 * 1024
#: Up to here every whole number is a float as well.
_EXACT = 2**53
_known: dict[tuple[str, int, int, int], str] = {}


class Fingerprint(NamedTuple):
    """A file's or folder's md5 (with `.dir`) and size in bytes."""

    md5: str
    size: int


def fingerprint(
    path: Path, record: Record | None = None, *, hashes: Hashes | None = None
) -> Fingerprint:
    """The md5 that DVC gives this file or folder, from DVC's record where that is certain.

    `hashes` remembers large files from run to run. Raises Changing, and OSError.
    """
    if path.is_dir():
        return _folder(path, record, hashes)
    return _file(path, record.md5 if record is not None else None, _time_of(record), hashes)


def sparse_digest(matrix: Any) -> tuple[str, int]:
    """md5 of a sparse matrix of scipy by rows, and the bytes that its values take."""
    rows = matrix.tocsr(copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    rows.sort_indices()
    digest = hashlib.md5(f"sparse{rows.shape}".encode(), usedforsecurity=False)
    for part in (rows.indptr.astype("<i8"), rows.indices.astype("<i8"), rows.data):
        digest.update(array_digest(part).encode())
    return digest.hexdigest(), int(rows.data.nbytes)


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
    Whole numbers with gaps are floats, unless one is too large for that: then 0 stands for what
    is missing, and 1 for each gap in a second row of numbers.
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
    if kind in "iu":
        whole = column.fillna(0).to_numpy(dtype="<u8" if kind == "u" else "<i8")
        if max(int(whole.max()), -int(whole.min())) > _EXACT:
            return "int with gaps", np.stack([whole, column.isna().to_numpy(dtype=whole.dtype)])
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
    except (TypeError, ValueError):  # numpy would take tuples among them for more dimensions
        hashed = hash_array(np.asarray([str(value) for value in values], dtype=object))
    return hashed.astype("<u8")


class Changing(Exception):
    """The file was written to while it was being read, twice."""


def _file(
    path: Path, recorded: str | None = None, settled: int = 0, hashes: Hashes | None = None
) -> Fingerprint:
    """Hashed, unless DVC's cache or an earlier look says what this very content has."""
    for _ in range(2):
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            key = (str(path.resolve()), about.st_ino, about.st_size, about.st_mtime_ns)
            md5 = _known.get(key)
            if md5 is None and about.st_size >= _BELIEVE_FROM:
                md5 = _believed(path, about, recorded, settled)
                md5 = md5 or _remembered(path, hashes)
            if md5 is not None:
                _known[key] = md5
                return Fingerprint(md5, about.st_size)
            md5 = _hashed(file)
            after = os.fstat(file.fileno())
        if (after.st_size, after.st_mtime_ns) == (about.st_size, about.st_mtime_ns):
            _known[key] = md5
            if about.st_size >= _BELIEVE_FROM:
                _remember(path, md5, hashes)
            return Fingerprint(md5, about.st_size)
    raise Changing(f"{path} changes while it is being read")


def _remembered(path: Path, hashes: Hashes | None) -> str | None:
    try:
        return hashes.get(path) if hashes is not None else None
    except ArtifactError as error:
        notice.warn_once("hashes", str(error))
        return None


def _remember(path: Path, md5: str, hashes: Hashes | None) -> None:
    try:
        if hashes is not None:
            hashes.put(path, md5)
    except ArtifactError as error:
        notice.warn_once("hashes", str(error))


def _hashed(file: BinaryIO) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _folder(folder: Path, record: Record | None, hashes: Hashes | None) -> Fingerprint:
    from gitrack.artifacts.cache import make_tree

    listed = tree_of(folder, record.md5) if record is not None and record.md5 else {}
    settled = _time_of(record)
    found = [
        (relative, _file(path, listed.get(relative), settled, hashes))
        for relative, path in files_below(folder)
    ]
    if not found:
        raise UsageError(f"folder {str(folder)!r} holds no files", hint="log it when it has some")
    tree = make_tree((relative, print_.md5) for relative, print_ in found)
    return Fingerprint(tree.oid, sum(print_.size for _, print_ in found))


def _time_of(record: Record | None) -> int:
    if record is None:
        return 0
    try:
        return record.source.stat().st_mtime_ns
    except OSError:
        return 0


def _believed(path: Path, about: os.stat_result, recorded: str | None, settled: int) -> str | None:
    """The recorded md5, if the bytes in DVC's cache say that it speaks of this very file.

    A file that is a link to the cached object is that object. Of a copy, size and age alone do
    not tell: after `git checkout` of another branch the pointer is new and the data still the old
    one, until `dvc checkout`.
    """
    cache = cache_for(path) if recorded is not None else None
    if cache is None or recorded is None or not cache.has(recorded):
        return None
    cached = cache.path(recorded)
    try:
        if path.samefile(cached):
            # whoever made it writable may have written into the cache itself
            return recorded if not about.st_mode & 0o222 else None
        return recorded if settled >= about.st_mtime_ns and _alike(path, cached) else None
    except OSError:
        return None  # it is read in full, which says what is wrong with it


def _alike(path: Path, cached: Path) -> bool:
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
