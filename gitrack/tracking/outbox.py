"""The outbox: a folder per run that is being written or waits to be committed.

<outbox>/.gitignore            `*`: the user's `git status` never shows it
<outbox>/<run-id>/
    owner-1.journal            the process that started the run (-2: the one that resumed it)
    member-<rank>-<pid>-….journal   every other process
    artifacts/<path>           files as they were when they were logged
    capture.json, code.patch … what the capture has found so far
    claim                      locked by whoever commits the run
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gitrack.config import project
from gitrack.model.ids import is_run_id
from gitrack.tracking import notice
from gitrack.tracking.journals.journal import SUFFIX

IGNORE_ALL = "*\n"
_JOURNAL = re.compile(r"(?P<name>(?:owner|member)-[^.]+)(?:\.(?P<segment>\d+))?\.journal\Z")
_DONE = ".done-"


def users_outbox() -> Path:
    """For runs outside any repository, or in one that cannot be written."""
    return project.outbox(None)


def temporary_outbox() -> list[Path]:
    """The last resort, where not even the user's own folder can be written: a private folder
    among the temporaries. None if somebody else has taken its name."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    place = Path(tempfile.gettempdir()) / f"gitrack-outbox-{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        about = place.lstat()
    except OSError:
        return []
    ours = stat.S_ISDIR(about.st_mode) and (about.st_uid == user or not hasattr(os, "getuid"))
    return [place] if ours else []


def make_run_folder(outbox: Path, run_id: str) -> Path | None:
    """A folder for a run, in `outbox` or, where that cannot be written, somewhere that can."""
    for place in _places(outbox):
        try:
            folder = _make(place, run_id)
        except OSError as error:
            notice.warn_once(f"outbox {place}", f"cannot write to {place}: {notice.worded(error)}")
            continue
        if place != outbox:
            notice.warn_once(f"outbox at {place}", f"runs are written to {place} instead")
        return folder
    notice.warn_once("no outbox", "nothing on disk can be written: runs are kept in memory")
    return None


def _places(outbox: Path) -> Iterator[Path]:
    yield outbox
    yield users_outbox()
    yield from temporary_outbox()


def _make(place: Path, run_id: str) -> Path:
    folder = place / run_id
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        place.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
    ignore = place / ".gitignore"
    if not ignore.exists():
        ignore.write_text(IGNORE_ALL)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} is read-only")
    return folder


def move_elsewhere(folder: Path, name: str, kept: bytes) -> Path | None:
    """A run whose disk is full moves to another one, with `kept`, what could not be written here.

    None if nowhere else is room for it.
    """
    for place in (users_outbox(), *temporary_outbox()):
        target = place / folder.name
        aside = place / f"{_DONE}{folder.name}-{os.getpid()}"  # swept if this is interrupted
        if place == folder.parent or target.exists():
            continue
        try:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copytree(folder, aside)
            (aside / name).write_bytes(kept)
            aside.rename(target)
        except (OSError, shutil.Error):
            shutil.rmtree(aside, ignore_errors=True)
            continue
        discard(folder, sizes(folder))
        return target
    return None


def run_folders(outbox: Path) -> list[Path]:
    """The folders of an outbox that are named like runs, oldest first."""
    try:
        names = os.listdir(outbox)  # noqa: PTH208 - the cheapest look, made by every command
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [outbox / name for name in sorted(names) if is_run_id(name)]


def journals(folder: Path) -> dict[str, list[Path]]:
    """The segments of every process that wrote, in order; owners first."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in folder.glob(f"*{SUFFIX}"):
        if match := _JOURNAL.match(path.name):
            segment = int(match["segment"] or 0)
            found.setdefault(match["name"], []).append((segment, path))
    # "owner" sorts after "member": turn that around
    ordered = sorted(found, key=lambda name: (not name.startswith("owner"), _natural(name)))
    return {name: [path for _, path in sorted(found[name])] for name in ordered}


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """True for the one process that may commit this run now; a dead one's claim is void."""
    path = folder / "claim"
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    except FileNotFoundError:
        yield False  # somebody else has just brought it in
        return
    try:
        # after waiting for nobody: the folder may have gone between the open and the lock
        yield _lock(fd) and _is_at(fd, path)
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except PermissionError:
        return sys.platform != "win32"
    return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def sizes(folder: Path) -> dict[str, int]:
    """How long each journal is now."""
    return {path.name: path.stat().st_size for path in folder.glob(f"*{SUFFIX}")}


def discard(folder: Path, seen: dict[str, int]) -> bool:
    """Remove a run that is on the branch, unless its journals say more than was `seen`.

    First out of sight by one rename, then for good: a kill in between loses and doubles nothing.
    """
    aside = folder.with_name(f"{_DONE}{folder.name}-{os.getpid()}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return True
    if sizes(aside) != seen:
        _put_back(aside, folder)
        return False
    shutil.rmtree(aside, ignore_errors=True)
    if aside.exists():  # a thread of the capture may just have put its last file there
        shutil.rmtree(aside, ignore_errors=True)
    return True


def _put_back(aside: Path, folder: Path) -> None:
    try:
        aside.rename(folder)
    except OSError:
        # somebody has made the folder anew: what is new moves over file by file
        for path in aside.glob(f"*{SUFFIX}"):
            path.rename(folder / path.name)
        shutil.rmtree(aside, ignore_errors=True)


def sweep(outbox: Path) -> None:
    """Finish removals that were interrupted."""
    for left in outbox.glob(f"{_DONE}*"):
        shutil.rmtree(left, ignore_errors=True)
