"""What the last build left in a folder: which units, of which keys, as which files."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec

from gitrack.model.run import Fault

_FORMAT = 1


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was written: path on the site, bytes, nanoseconds of its last change."""

    path: str
    size: int
    changed: int


class Done(msgspec.Struct, frozen=True, array_like=True):
    """A unit that was made."""

    key: bytes
    files: tuple[Kept, ...] = ()
    faults: tuple[Fault, ...] = ()
    note: Any = None


class _Record(msgspec.Struct, array_like=True):
    format: int
    generator: bytes
    units: dict[str, Done]


def _is_text(told: object) -> bool:
    try:
        msgspec.msgpack.encode(told)
    except UnicodeEncodeError:
        return False
    return True


class RecordFile:
    """The record of one output folder, in a cache: whatever is wrong with it, it counts as none."""

    def __init__(self, cache: Path, output: Path, generator: bytes) -> None:
        name = hashlib.sha256(os.fsencode(output.resolve())).hexdigest()[:20]
        self._path = cache / f"site-{name}.bin"
        self._generator = generator

    def load(self) -> dict[str, Done]:
        """The units of the last build; none where another version of gitrack made them."""
        try:
            record = msgspec.msgpack.decode(self._path.read_bytes(), type=_Record)
        except (OSError, msgspec.MsgspecError):
            return {}
        if record.format != _FORMAT or record.generator != self._generator:
            return {}
        return record.units

    def forget(self) -> None:
        """From here on the folder changes: a build that is cut short must not be believed."""
        with contextlib.suppress(OSError):  # a file that stays is not believed of changed files
            self._path.unlink(missing_ok=True)

    def _encoded(self, units: dict[str, Done]) -> bytes:
        try:
            return msgspec.msgpack.encode(_Record(_FORMAT, self._generator, units))
        except UnicodeEncodeError:  # names of files may be any bytes: units with such are not kept
            plain = {name: done for name, done in units.items() if _is_text((name, done))}
            return msgspec.msgpack.encode(_Record(_FORMAT, self._generator, plain))

    def save(self, units: dict[str, Done]) -> None:
        """Keep what there is now, whole or not at all; without it the next build makes more."""
        data = self._encoded(units)
        fresh = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(data)
            fresh.replace(self._path)
        except OSError:  # no place for it: the site is there all the same
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
