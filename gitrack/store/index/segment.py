"""A segment: some rows of the index as one immutable file of columns, opened without reading it.

`gtrkseg1`, the length and checksum of the header, the header as JSON, then the columns' parts,
each at a multiple of 8 bytes with a checksum of its own that is compared when the part is read.
"""

from __future__ import annotations

import json
import mmap
import struct
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitrack.store.index.columns import Value, as_array, decode, encode, pick

if TYPE_CHECKING:
    import numpy as np

_MAGIC = b"gtrkseg1"
_HEAD = struct.Struct("<II")
#: Bytes of a row's number where a column says which rows it has values for.
_ROW = 4


class Damaged(Exception):
    """A file of the cache is not what was written: it is rebuilt, never mended."""


def pack(rows: int, columns: Mapping[str, Sequence[Value]]) -> bytes:
    """The bytes of a segment. Columns in which everything is missing are left away."""
    described: dict[str, Any] = {}
    body: list[bytes] = []
    at = 0
    for name, values in columns.items():
        column = encode(values)
        parts = []
        for part in column.parts:
            parts.append((at, len(part), zlib.crc32(part)))
            padding = -len(part) % 8
            body += (part, bytes(padding))
            at += len(part) + padding
        described[name] = [column.encoding, column.kind, column.sparse, parts]
    header = json.dumps(
        {"rows": rows, "order": sys.byteorder, "columns": described}, separators=(",", ":")
    ).encode()
    header += b" " * (-(len(_MAGIC) + _HEAD.size + len(header)) % 8)
    return b"".join((_MAGIC, _HEAD.pack(len(header), zlib.crc32(header)), header, *body))


class Segment:
    """Some rows of the index, read from a file's memory column by column."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        start = len(_MAGIC) + _HEAD.size
        if data[: len(_MAGIC)] != _MAGIC or len(data) < start:
            raise Damaged("no segment")
        length, checksum = _HEAD.unpack(data[len(_MAGIC) : start])
        header = data[start : start + length]
        if zlib.crc32(header) != checksum:
            raise Damaged("the header is not what was written")
        about = json.loads(header)
        if about["order"] != sys.byteorder:
            raise Damaged("written on another kind of machine")
        self.rows: int = about["rows"]
        self._columns: dict[str, list[Any]] = about["columns"]
        self._body = memoryview(data)[start + length :]
        self._checked: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> Segment:
        """A segment's file. Raises Damaged or OSError."""
        with path.open("rb") as file:
            try:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # an empty file
                raise Damaged("empty") from None
        return cls(data)

    def names(self) -> list[str]:
        """The columns that hold anything."""
        return list(self._columns)

    def kind(self, name: str) -> str | None:
        """`number`, `text`, `bool` or `mixed`; None if no row has the column."""
        column = self._columns.get(name)
        return None if column is None else column[1]

    def present(self, name: str) -> int:
        """How many rows have a value in a column."""
        column = self._columns.get(name)
        if column is None:
            return 0
        _, _, sparse, parts = column
        return parts[0][1] // _ROW if sparse else self.rows

    def column(self, name: str) -> list[Value]:
        """Every row's value, None where missing."""
        column = self._columns.get(name)
        if column is None:
            return [None] * self.rows
        encoding, _, sparse, _ = column
        try:
            return decode(encoding, sparse, self._parts(name), self.rows)
        except (ValueError, IndexError, TypeError) as error:
            raise Damaged(f"column {name}: {error}") from error

    def cells(self, name: str, wanted: Sequence[int]) -> list[Value]:
        """The values of some rows, None where missing."""
        column = self._columns.get(name)
        if column is None:
            return [None] * len(wanted)
        encoding, _, sparse, _ = column
        try:
            return pick(encoding, sparse, self._parts(name), self.rows, wanted)
        except (ValueError, IndexError, TypeError) as error:
            raise Damaged(f"column {name}: {error}") from error

    def array(self, name: str) -> np.ndarray[Any, Any] | None:
        """Every row's value for pandas, or None if no row has the column."""
        column = self._columns.get(name)
        if column is None:
            return None
        encoding, _, sparse, _ = column
        try:
            return as_array(encoding, sparse, self._parts(name), self.rows)
        except (ValueError, IndexError, TypeError) as error:
            raise Damaged(f"column {name}: {error}") from error

    def _parts(self, name: str) -> list[memoryview]:
        parts = self._columns[name][3]
        views = [self._body[at : at + length] for at, length, _ in parts]
        if name not in self._checked:
            for view, (_, length, checksum) in zip(views, parts, strict=True):
                if len(view) != length or zlib.crc32(view) != checksum:
                    raise Damaged(f"column {name} is not what was written")
            self._checked.add(name)
        return views
