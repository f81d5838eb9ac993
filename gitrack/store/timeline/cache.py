"""The line on disk: one file a branch, which can be deleted at any time.

A header says which commits it covers and where each stage's part lies, so that a question about
one stage opens no other. Whatever is damaged or foreign is no line, and is made again.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import zlib
from array import array
from collections.abc import Collection
from pathlib import Path

import msgspec

from gitrack.store.timeline.line import Arrival, Line

#: Goes up with every change of what is kept, or of how changes are put to promotions.
READER = 3


class _Part(msgspec.Struct, array_like=True):
    """Where the rows of a stage, or the arrivals of a model (stage None), lie."""

    model: str
    stage: str | None
    begin: int
    end: int


class _Header(msgspec.Struct, array_like=True):
    commits: int
    size: int
    cut: bool
    parts: list[_Part]


def load(folder: Path, branch: str, size: int, shallow: Collection[str]) -> Line | None:
    """The line that was kept of a branch; None if there is none that can be used.

    `shallow` are the commits whose parents this clone lacks: what was cut at another place, or is
    no longer, is of no use.
    """
    try:
        data = (folder / _name(branch)).read_bytes()
        checksum, length = int(data[:8], 16), int(data[8:16], 16)
        body = memoryview(data)[16:]
        if zlib.crc32(body) != checksum:
            return None
        header = msgspec.msgpack.decode(body[:length], type=_Header)
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    if header.size != size or header.commits < 1:
        return None
    line = Line(size, cut=header.cut)
    rest = body[length:]
    ids = header.commits * size
    line.ids = bytearray(rest[:ids])
    line.times = _order(array("q", rest[ids : ids + header.commits * 8].tobytes()))
    if line.cut and line.commit(0) not in shallow:
        return None
    for part in header.parts:
        stored = rest[part.begin : part.end].tobytes()
        if part.stage is None:
            arrivals = msgspec.msgpack.decode(stored, type=list[Arrival])
            line.arrivals[part.model] = arrivals
        else:
            line.stored[part.model, part.stage] = stored
    return line


def save(folder: Path, branch: str, line: Line) -> None:
    """Keep a line. A disk that refuses is none of our business: everything works without."""
    chunks = [bytes(line.ids), _order(array("q", line.times)).tobytes()]
    at = len(chunks[0]) + len(chunks[1])
    parts: list[_Part] = []

    def put(model: str, stage: str | None, data: bytes) -> None:
        nonlocal at
        parts.append(_Part(model, stage, at, at + len(data)))
        chunks.append(data)
        at += len(data)

    for model, stage in line.stages():
        stored = line.stored.get((model, stage))
        put(model, stage, stored or msgspec.msgpack.encode(line.rows_of(model, stage)))
    for model, arrivals in line.arrivals.items():
        put(model, None, msgspec.msgpack.encode(arrivals))
    header = msgspec.msgpack.encode(_Header(len(line), line.size, line.cut, parts))
    body = b"".join([header, *chunks])
    data = b"%08x%08x%b" % (zlib.crc32(body), len(header), body)
    aside = folder / f".tmp-{os.getpid()}-{time.monotonic_ns()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(folder / _name(branch))
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()


def _name(branch: str) -> str:
    quoted = branch.replace("%", "%25").replace("/", "%2F")
    return f"timeline-{READER}-{quoted}.bin"


def _order(numbers: array[int]) -> array[int]:
    """Little-endian on disk, whatever the machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
