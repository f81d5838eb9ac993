"""The lock of a repository's writers, and what the first of a process sweeps up behind the dead."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from gitrack.errors import LockTimeout
from gitrack.store.git.files import Files
from gitrack.store.git.pack import YoungPacks
from gitrack.store.git.queue import sweep_unfinished
from gitrack.store.git.repository import Repository

try:
    import fcntl
except ImportError:  # Windows: every writer then relies on compare-and-swap alone
    fcntl = None  # type: ignore[assignment]  # the module is tested for None before each use

#: How long writers of our own may keep another one waiting.
LOCK_SECONDS = 60.0

_held: set[int] = set()
_swept: set[tuple[int, str]] = set()


def _let_go() -> None:
    for descriptor in _held:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()


if hasattr(os, "register_at_fork"):
    # a child that outlives its parent must not keep the parent's lock
    os.register_at_fork(after_in_child=_let_go)


class WriterLock:
    """A file lock that dies with its holder. Made anew for each use: threads exclude each other."""

    def __init__(self, repository: Repository, files: Files) -> None:
        self._repository = repository
        self._files = files
        self.path = repository.home / "lock"
        self._descriptor: int | None = None

    def take(self) -> bool | None:
        """True if it is ours now, False if somebody holds it, None if there are no such locks."""
        if fcntl is None:
            return None
        if self._descriptor is None:
            self._descriptor = self._files.open(self.path, os.O_RDWR)
            _held.add(self._descriptor)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None  # network filesystems without locks
        self._sweep()
        return True

    def release(self) -> None:
        """Let go; safe to call when it is not held."""
        if self._descriptor is None:
            return
        _held.discard(self._descriptor)
        if fcntl is not None:
            # explicitly: a fork may hold a copy of the descriptor
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)
        self._descriptor = None

    def _sweep(self) -> None:
        """At a process's first lock, remove what dead writers left: whoever lived had the lock."""
        mark = (os.getpid(), str(self._repository.home))
        if mark in _swept:
            return
        _swept.add(mark)
        sweep_folder(self._repository.home / "tmp")
        sweep_unfinished(self._repository.home / "queue")
        YoungPacks(self._repository).sweep(self._files)


def sweep_folder(folder: Path) -> None:
    """Remove everything in a folder of our own temporaries."""
    with contextlib.suppress(FileNotFoundError):
        for path in list(folder.iterdir()):
            if path.is_dir() and not path.is_symlink():
                import shutil  # late: a signer died here

                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def waits(seconds: float, path: Path) -> Iterator[None]:
    """Sleep a little longer each time; LockTimeout when the time is over."""
    import random  # late: only those who must wait need it

    deadline = time.monotonic() + seconds
    pause = 0.001
    while time.monotonic() < deadline:
        yield
        time.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 1.5, 0.015)
    raise LockTimeout(
        f"{path} has been held by another gitrack process for {seconds:g} s",
        hint="see which one with  fuser -v  on that file, and end it if it hangs",
    )
