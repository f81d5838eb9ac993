"""A run's journal: one append-only file per process, one `write` per call.

    magic      8 bytes
    record     kind (1 byte), then
      J        length (u32), JSON of one event
      S        length (u32), JSON of a shape: its number, names, types, whether it has a step
      M        number of a shape (u32), time in ns (i64), the step if it has one (i64), its values

A set of metrics that is logged again and again has one shape, so its record is one call of a
precompiled `struct`. The kernel keeps what `write` has taken even if the process is killed right
after; a record cut short at the very end of a file was never acknowledged and is left out.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gitrack.tracking import notice
from gitrack.tracking.logged import values

MAGIC = b"gtrjrn1\n"
SUFFIX = ".journal"
#: Seconds between two tries to write again what a full disk refused.
RETRY_AFTER = 1.0

_HEAD = struct.Struct("<BI")
#: Bytes of a record before its fields.
PLACE_OF_FIELDS = _HEAD.size
_METRICS = ord("M")
_os_write = os.write


class Shape(msgspec.Struct, frozen=True):
    """Metrics that were logged together: their names, `d` or `q` for each, and with a step."""

    number: int
    names: tuple[str, ...]
    types: str
    has_step: bool

    @property
    def packed(self) -> struct.Struct:
        return struct.Struct(f"<BIq{'q' if self.has_step else ''}{self.types}")

    @property
    def size(self) -> int:
        """Bytes of one record: after its head every field has eight."""
        return PLACE_OF_FIELDS + 8 * (1 + self.has_step + len(self.types))


class Journal:
    """The writing end. Threads may share one; after a fork the child gets a file of its own.

    Nothing here raises for trouble with the disk: what cannot be written is said once, kept in
    memory and written into a fresh segment as soon as that works.
    """

    def __init__(self, folder: Path | None, name: str, hello: Callable[[], dict[str, Any]]) -> None:
        """`hello` makes the event that opens the journal; a forked child calls it again.

        Without a folder everything stays in memory.
        """
        self.folder = folder
        self.name = name
        self.kept: list[bytes] = []
        self.written: list[Path] = []
        self._hello = hello
        # reentrant: a signal handler may log while the thread it interrupts is logging
        self._lock = threading.RLock()
        self._fd = -1
        self._idle = False
        self._retry_at = 0.0
        self._packers: dict[tuple[object, ...], Callable[..., bytes]] = {}
        self._append(_event(hello()))
        _live.add(self)

    def metrics(
        self, metrics: Mapping[str, object], step: object = None, when: int | None = None
    ) -> None:
        """One set of metrics. The hot path: one `pack`, one `write`."""
        found = metrics.values()
        try:
            packer = self._packers[(step.__class__, *metrics, *map(type, found))]
            if step is None:
                data = packer(when or time.time_ns(), *found)
            else:
                data = packer(when or time.time_ns(), step, *found)
        except (KeyError, TypeError, struct.error):
            self._unusual_metrics(metrics, step, when)
            return
        with self._lock:
            if self._fd >= 0:
                try:
                    if _os_write(self._fd, data) == len(data):
                        return
                    error = OSError("the disk took only a part of it")
                except OSError as refused:
                    error = refused
                self._refused(error)
            self._keep(data)

    def event(self, kind: str, **content: Any) -> None:
        """Anything that is not a metric, stamped with the time."""
        self._append(_event({"kind": kind, "time": time.time_ns(), **content}))

    def close(self) -> None:
        """Give the file back; what a full disk still refuses stays in `kept`."""
        with self._lock:
            self._rescue()
            if self.kept and not self._idle:
                self._write_kept()
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
        _live.discard(self)

    def alive(self) -> None:
        """A sign of life that other machines can see, and another try at what was refused."""
        with self._lock:
            self._rescue()
            if self.kept and not self._idle:
                self._write_kept()
            if self._fd >= 0:
                try:
                    os.utime(self._fd)
                except OSError as error:
                    notice.warn_once(f"touch {self.folder}", notice.worded(error))

    def after_fork(self) -> None:
        """In the child: never write into the parent's file, and open none before it is needed."""
        self._lock = threading.RLock()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self.name = f"member-{os.getpid()}-{os.urandom(3).hex()}"
        self.written = []
        self._packers = {}
        self._retry_at = 0.0
        self._idle = True
        self.kept = [_event(self._hello())]  # what the parent kept, the parent still has

    def _unusual_metrics(
        self, metrics: Mapping[str, object], step: object, when: int | None
    ) -> None:
        """A set seen for the first time, or with numbers that are not plain ones."""
        plain = {
            values.key("metric", name): values.number("metric", name, value)
            for name, value in metrics.items()
        }
        if not plain:
            return
        whole = () if step is None else (values.step(step),)
        types = "".join("q" if isinstance(value, int) else "d" for value in plain.values())
        signature = (int if whole else type(None), *plain, *map(type, plain.values()))
        with self._lock:
            packer = self._packers.get(signature)
            if packer is None:
                shape = Shape(len(self._packers), tuple(plain), types, bool(whole))
                self._append(_record(b"S", msgspec.json.encode(shape)))
                packer = partial(shape.packed.pack, _METRICS, shape.number)
                self._packers[signature] = packer
            self._append(packer(when or time.time_ns(), *whole, *plain.values()))

    def _append(self, data: bytes) -> None:
        with self._lock:
            if self._fd >= 0:
                try:
                    if _os_write(self._fd, data) == len(data):
                        return
                    error = OSError("the disk took only a part of it")
                except OSError as refused:
                    error = refused
                self._refused(error)
            self._keep(data)

    def _rescue(self) -> None:
        """Somebody deleted the file (`git clean -fdx` does): as long as it is open, all of it is
        still there to be read, and goes into a new one."""
        if self._fd < 0 or not hasattr(os, "pread"):
            return
        try:
            about = os.fstat(self._fd)
            if about.st_nlink:
                return
            data = os.pread(self._fd, about.st_size, len(MAGIC))
        except OSError as error:
            notice.warn_once(f"rescue {self.folder}", notice.worded(error))
            return
        notice.warn_once(f"gone {self.folder}", f"{self.folder} was deleted and is written again")
        os.close(self._fd)
        self._fd = -1
        self._idle = False
        self.kept.insert(0, data)

    def _keep(self, data: bytes) -> None:
        self._idle = False
        self.kept.append(data)
        if time.monotonic() >= self._retry_at:
            self._write_kept()

    def _refused(self, error: OSError) -> None:
        """The file may end in half a record now, so it is not used again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._retry_at = time.monotonic() + RETRY_AFTER
        notice.warn_once(
            f"journal {self.folder}",
            f"cannot write to {self.folder}: {notice.worded(error)}; "
            "what is logged is kept in memory and written as soon as that works",
        )

    def _write_kept(self) -> None:
        """All that was kept, into a fresh segment: the whole of it or nothing."""
        if self.folder is None:
            return
        number = f".{len(self.written)}" if self.written else ""
        path = self.folder / f"{self.name}{number}{SUFFIX}"
        data = b"".join([MAGIC, *self.kept])
        fd = -1
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            fd = os.open(path, _OPEN, 0o644)
            if _os_write(fd, data) != len(data):
                raise OSError("the disk took only a part of it")
        except OSError as error:
            if fd >= 0:
                os.close(fd)
                path.unlink(missing_ok=True)
            self._refused(error)
            return
        self._fd = fd
        self.written.append(path)
        self.kept = []


_OPEN = (
    os.O_RDWR  # reading only matters when the file is deleted meanwhile
    | os.O_CREAT
    | os.O_EXCL
    | os.O_APPEND
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_live: weakref.WeakSet[Journal] = weakref.WeakSet()


def all_alive() -> None:
    """A sign of life in every open journal of this process."""
    for journal in list(_live):
        journal.alive()


def _after_fork_in_child() -> None:
    for journal in list(_live):
        journal.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _event(content: Mapping[str, Any]) -> bytes:
    # json and not msgspec: NaN and infinities among the params must survive
    return _record(b"J", json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _record(kind: bytes, payload: bytes) -> bytes:
    return kind + struct.pack("<I", len(payload)) + payload


class MetricSet(NamedTuple):
    """What one call logged."""

    shape: Shape
    time: int
    step: int | None
    values: tuple[float | int, ...]


class Stretch(NamedTuple):
    """Sets of metrics of one shape that follow each other: so many, as they were packed."""

    shape: Shape
    sets: int
    packed: memoryview


class DamagedJournal(Exception):
    """Not the cut end that a kill leaves: bytes in the middle that nobody wrote like that."""


def read(segments: Iterable[bytes]) -> Iterator[dict[str, Any] | MetricSet]:
    """Events and sets of metrics of one process, in the order in which they were logged."""
    for item in stretches(segments):
        if isinstance(item, dict):
            yield item
            continue
        shape = item.shape
        for _, _, when, *fields in shape.packed.iter_unpack(item.packed):
            step = fields.pop(0) if shape.has_step else None
            yield MetricSet(shape, when, step, tuple(fields))


def stretches(segments: Iterable[bytes]) -> Iterator[dict[str, Any] | Stretch]:
    """The same, without an object for each of very many sets."""
    shapes: dict[int, tuple[Shape, int]] = {}
    for data in segments:
        yield from _read_segment(data, shapes)


def _read_segment(
    data: bytes, shapes: dict[int, tuple[Shape, int]]
) -> Iterator[dict[str, Any] | Stretch]:
    if data[: len(MAGIC)] != MAGIC[: len(data)]:
        raise DamagedJournal("it does not begin as a journal does")
    view = memoryview(data)
    at, end = len(MAGIC), len(data)
    while at + _HEAD.size <= end:
        kind, size = _HEAD.unpack_from(data, at)
        if kind == _METRICS:
            if size not in shapes:
                raise DamagedJournal(f"unknown shape {size} at byte {at}")
            shape, width = shapes[size]
            if at + width > end:
                return
            again = data.startswith(data[at : at + _HEAD.size], at + width)
            count = _alike(data, at, width) if again else 1
            yield Stretch(shape, count, view[at : at + count * width])
            at += count * width
            continue
        if kind not in b"JS":
            raise DamagedJournal(f"unknown kind of record at byte {at}")
        payload = data[at + _HEAD.size : at + _HEAD.size + size]
        if len(payload) < size:
            return
        if kind == ord("J"):
            yield _read_event(payload, at)
        else:
            shape = _read_shape(payload, at)
            shapes[shape.number] = (shape, shape.size)
        at += _HEAD.size + size


def _alike(data: bytes, at: int, width: int) -> int:
    """How many whole records in a row begin with the same head as the one at `at`."""
    head = data[at : at + _HEAD.size]
    whole = (len(data) - at) // width
    count, window = 1, 8
    # wider and wider looks: all heads of a window are compared in a few slices
    while count < whole:
        window = min(window * 4, whole - count)
        begin, end = at + count * width, at + (count + window) * width
        same = window
        for place in range(_HEAD.size):
            found = data[begin + place : end : width]
            same = min(same, window - len(found.lstrip(head[place : place + 1])))
        count += same
        if same < window:
            break
    return count


def _read_event(payload: bytes, at: int) -> dict[str, Any]:
    try:
        event = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise DamagedJournal(f"the event at byte {at} is not JSON: {error}") from error
    if not isinstance(event, dict) or not isinstance(event.get("kind"), str):
        raise DamagedJournal(f"the event at byte {at} has no kind")
    return event


def _read_shape(payload: bytes, at: int) -> Shape:
    try:
        shape = msgspec.json.decode(payload, type=Shape)
    except msgspec.DecodeError as error:
        raise DamagedJournal(f"the shape at byte {at} is wrong: {error}") from error
    names = shape.names
    if not len(shape.types) == len(names) == len(set(names)) or set(shape.types) - {"d", "q"}:
        raise DamagedJournal(f"the shape at byte {at} is wrong")
    return shape
