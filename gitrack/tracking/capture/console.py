"""The end of what a run prints, kept as people saw it: progress bars as their last state.

The streams stay the objects they are and only their `write` is wrapped, so that whoever took
hold of sys.stderr earlier (a logging handler, a progress bar) is heard too.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

#: How much of the end is kept.
KEPT_BYTES = 64_000
_CUT = "[earlier output was not kept]\n"
_SETTLE = 8192

#: Colours, cursor movements and window titles of terminals, and other control characters.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)


class Tail:
    """The last lines of one run's output, from both streams."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._lines: deque[str] = deque()
        self._size = 0
        self._cut = False
        self._open: dict[str, str] = {}
        # a signal handler may print while its own thread is in here
        self._lock = threading.RLock()
        self.changes = 0

    def write(self, stream: str, text: str) -> None:
        """Take what was written to a stream; lines of the two streams are not mixed."""
        with self._lock:
            self.changes += 1
            pending = self._open.get(stream, "") + text
            if "\n" in text or len(pending) > _SETTLE:
                pending = self._settle(pending)
            self._open[stream] = pending

    def text(self) -> str:
        """What there is now, unfinished lines last."""
        with self._lock:
            open_lines = [_seen(text) for text in self._open.values()]
            kept = "".join([*self._lines, *(f"{line}\n" for line in open_lines if line)])
            cut = self._cut
        encoded = kept.encode("utf-8", "backslashreplace")
        if len(encoded) > self._limit:
            cut = True
            kept = encoded[-self._limit :].decode("utf-8", "ignore")
            kept = kept.partition("\n")[2] or kept
        return _CUT + kept if cut else kept

    def data(self) -> bytes:
        """The same as a file has it."""
        return self.text().encode("utf-8", "backslashreplace")

    def forget_lock(self) -> None:
        """In a forked child: another thread may have held the lock, and is not here to free it."""
        self._lock = threading.RLock()

    def _settle(self, pending: str) -> str:
        *complete, rest = pending.split("\n")
        for line in complete:
            self._keep(_seen(line) + "\n")
        if len(rest) > _SETTLE:
            # a bar that never ends its line, or one endless line
            after = rest.rstrip("\r").rfind("\r")
            rest = rest[after + 1 :] if after >= 0 else rest
            if len(rest) > self._limit:
                rest, self._cut = rest[-self._limit :], True
        return rest

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)
        while self._size > self._limit and len(self._lines) > 1:
            self._size -= len(self._lines.popleft())
            self._cut = True


class _Tee:
    """The wrapped `write` of one stream."""

    def __init__(self, name: str, stream: Any) -> None:
        self.name = name
        self.stream = stream
        self.own = vars(stream).get("write") if hasattr(stream, "__dict__") else None
        self.write: Callable[..., Any] = stream.write
        self.tails: list[Tail] = []

    def __call__(self, text: str, /, *more: Any, **options: Any) -> Any:
        written = self.write(text, *more, **options)
        if isinstance(text, str):
            for tail in self.tails:
                tail.write(self.name, text)
        return written

    def wrap(self) -> bool:
        try:
            self.stream.write = self
        except (AttributeError, TypeError):
            return False  # a stream of a kind that lets nobody in: its output is not kept
        return True

    def unwrap(self) -> None:
        if vars(self.stream).get("write") is not self:
            return  # somebody wrapped it after us; without tails we only pass on
        if self.own is None:
            del self.stream.write
        else:
            self.stream.write = self.own


_lock = threading.RLock()
_tees: dict[int, _Tee] = {}


def listen(tail: Tail) -> None:
    """From now on `tail` hears what this process prints."""
    with _lock:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if not hasattr(stream, "write"):
                continue  # None in a process without a console
            tee = _tees.get(id(stream))
            if tee is None:
                tee = _Tee(name, stream)
                if not tee.wrap():
                    continue
                _tees[id(stream)] = tee
            if tail not in tee.tails:
                tee.tails = [*tee.tails, tail]


def stop(tail: Tail) -> None:
    """`tail` hears no more; the streams are as before when nobody listens."""
    with _lock:
        for key, tee in list(_tees.items()):
            tee.tails = [other for other in tee.tails if other is not tail]
            if not tee.tails:
                tee.unwrap()
                del _tees[key]


def _seen(line: str) -> str:
    """What stays on the screen of a line that was drawn over again and again."""
    if "\r" in line:
        line = line.rstrip("\r")
        line = line[line.rfind("\r") + 1 :]
    return _ESCAPES.sub("", line) if not line.isprintable() else line


def _after_fork() -> None:
    global _lock
    _lock = threading.RLock()
    for tee in _tees.values():
        for tail in tee.tails:
            tail.forget_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
