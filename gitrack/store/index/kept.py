"""Whole records as they were read once, so that ten thousand of them need not be read again.

Everything here can be deleted at any time: what is damaged, foreign or missing counts as not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from gitrack.model.run import Run

#: Runs of one file: a run that is added is the last one, and only its file is written again.
_PER_FILE = 2_000
_CHECK = 4


class _One(msgspec.Struct, array_like=True, gc=False):
    """The run of the record at `path`, whose contents are `blob`."""

    path: str
    blob: str
    run: Run


class _File(msgspec.Struct, array_like=True):
    reader: bytes
    runs: list[_One]


class KeptRuns:
    """The runs of a branch in a cache folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, branch: str) -> None:
        self._folder = folder
        self._name = branch.replace("%", "%25").replace("/", "%2F")
        self._there: list[list[tuple[str, str]]] = []

    def load(self) -> dict[tuple[str, str], Run]:
        """Runs by the paths of their records and the ids of what those hold."""
        found: dict[tuple[str, str], Run] = {}
        self._there = []
        for data in self._read():
            ones = _decode(data)
            self._there.append([(one.path, one.blob) for one in ones])
            found.update(((one.path, one.blob), one.run) for one in ones)
        return found

    def save(self, runs: Mapping[tuple[str, str], Run]) -> None:
        """Keep these, in their order; files that hold the same already stay."""
        if self._folder is None:
            return
        keys = list(runs)
        count = -(-len(keys) // _PER_FILE)
        for number in range(count):
            group = keys[number * _PER_FILE : (number + 1) * _PER_FILE]
            if self._there[number : number + 1] != [group]:
                self._write(number, _encode(_One(*key, runs[key]) for key in group))
        with contextlib.suppress(OSError):
            for number in range(count, len(self._there)):
                self._file(number).unlink(missing_ok=True)

    def _read(self) -> Iterator[bytes]:
        number = 0
        while self._folder is not None:
            try:
                yield self._file(number).read_bytes()
            except OSError:
                return
            number += 1

    def _write(self, number: int, data: bytes) -> None:
        path = self._file(number)
        fresh = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(data)
            fresh.replace(path)
        except OSError:  # a disk that refuses costs time only
            with contextlib.suppress(OSError):
                fresh.unlink()

    def _file(self, number: int) -> Path:
        assert self._folder is not None
        return self._folder / f"records-{self._name}-{number}.bin"


def _encode(ones: Iterable[_One]) -> bytes:
    held = list(ones)
    try:
        data = msgspec.msgpack.encode(_File(_reader(), held))
    except (UnicodeEncodeError, OverflowError):
        # lone surrogates, whole numbers without an end: those few are read anew each time
        data = msgspec.msgpack.encode(_File(_reader(), [one for one in held if _holds(one)]))
    return zlib.crc32(data).to_bytes(_CHECK, "big") + data


def _holds(one: _One) -> bool:
    try:
        msgspec.msgpack.encode(one)
    except (UnicodeEncodeError, OverflowError):
        return False
    return True


def _decode(data: bytes) -> Sequence[_One]:
    check, packed = data[:_CHECK], memoryview(data)[_CHECK:]
    if zlib.crc32(packed).to_bytes(_CHECK, "big") != check:
        return ()
    try:
        file = msgspec.msgpack.decode(packed, type=_File)
    except msgspec.MsgspecError:
        return ()
    return file.runs if file.reader == _reader() else ()


@cache
def _reader() -> bytes:
    """A digest of the code that reads records: another one may read them otherwise."""
    package = Path(__file__).parents[2]
    digest = hashlib.blake2b(msgspec.__version__.encode(), digest_size=16)
    for file in sorted((*package.glob("store/codec/*.py"), *package.glob("model/*.py"))):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    digest.update((package / "store/layout.py").read_bytes())
    return digest.digest()
