"""Who may rely on the DVC cache just now: runs that are being kept, or the one that collects."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from gitrack.artifacts.project import read_settings
from gitrack.errors import LockTimeout, MissingExtra

try:
    import fcntl
except ImportError:  # Windows: the age that objects must have is all that keeps them apart
    fcntl = None  # type: ignore[assignment]  # the module is tested for None before each use

#: How long the end of a run waits for a collection, and a collection for the ends of runs.
_PATIENCE = 60.0
_PAUSE = 0.05
_TRUE = frozenset({"true", "1", "yes", "on"})


@contextlib.contextmanager
def relying(common_dir: Path) -> Iterator[None]:
    """While a run's files are kept and its pointers committed: nothing is collected meanwhile.

    An object that is in the cache already is not written again, so what looked like nobody's
    a moment ago may be needed now. Raises LockTimeout.
    """
    with _locked(common_dir, shared=True):
        yield


@contextlib.contextmanager
def collecting(common_dir: Path) -> Iterator[None]:
    """While objects are removed: no run of this repository is committed. Raises LockTimeout."""
    with _locked(common_dir, shared=False):
        yield


@contextlib.contextmanager
def _locked(common_dir: Path, *, shared: bool) -> Iterator[None]:
    if fcntl is None:
        yield
        return
    path = common_dir / "gitrack" / "guard"
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        if not shared:
            raise
        yield  # what cannot be written cannot be collected either
        return
    try:
        _wait(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, path)
        yield
    finally:
        # explicitly: a fork may hold a copy of the descriptor
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _wait(descriptor: int, kind: int, path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LockTimeout(
                    f"{path} has been held by another gitrack process for {_PATIENCE:g} s",
                    hint="see which one with  fuser -v  on that file, and end it if it hangs",
                ) from None
            time.sleep(_PAUSE)
        except OSError:
            return  # network filesystems without locks


@contextlib.contextmanager
def dvc_stands_still(projects: list[Path]) -> Iterator[None]:
    """While no DVC command of these checkouts changes the cache. Raises LockTimeout.

    `dvc add` has its bytes in the cache before its pointer is written, as `dvc gc` knows: it
    holds the same lock. What a running stage works with is in DVC's rwlock.
    """
    with contextlib.ExitStack() as stack:
        for project in projects:
            dvc_dir = project / ".dvc"
            if dvc_dir.is_dir():
                stack.enter_context(_dvc_lock(dvc_dir))
                _refuse_running(dvc_dir)
        yield


@contextlib.contextmanager
def _dvc_lock(dvc_dir: Path) -> Iterator[None]:
    try:
        from dvc.lock import LockError, make_lock
    except ImportError:
        raise MissingExtra(f"removing from the cache of {dvc_dir.parent}", "DVC", "dvc") from None
    tmp = dvc_dir / "tmp"
    tmp.mkdir(exist_ok=True)
    hardlink = read_settings(dvc_dir.parent).core.get("hardlink_lock", "").lower() in _TRUE
    lock = make_lock(str(tmp / "lock"), tmp_dir=str(tmp), hardlink_lock=hardlink)
    try:
        lock.lock()
    except LockError as error:
        raise LockTimeout(
            f"a DVC command is at work in {dvc_dir.parent}", hint="try again when it has ended"
        ) from error
    try:
        yield
    finally:
        lock.unlock()


def _refuse_running(dvc_dir: Path) -> None:
    """A stage that runs has let go of DVC's lock, and says in the rwlock what it works with."""
    import psutil

    try:
        locks = json.loads((dvc_dir / "tmp" / "rwlock").read_bytes() or b"{}")
        holders = [
            holder
            for lock in locks.values()
            for holder in [*lock.get("read", []), lock.get("write")]
            if holder
        ]
        running = [holder for holder in holders if psutil.pid_exists(int(holder["pid"]))]
    except FileNotFoundError:
        return
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LockTimeout(
            f"{dvc_dir / 'tmp' / 'rwlock'} cannot be read: {error}",
            hint="if no DVC command is running here, remove that file",
        ) from error
    if running:
        raise LockTimeout(
            f"'{running[0].get('cmd', 'dvc')}' (process {running[0]['pid']}) is at work in "
            f"{dvc_dir.parent}",
            hint="try again when it has ended",
        )
