"""Makes the units of a site and puts them in their folder: what is as it was stays untouched."""

from __future__ import annotations

import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gitrack.site.incremental.lock import locked
from gitrack.site.incremental.record import Done, Kept, RecordFile
from gitrack.site.incremental.unit import Made, Unit, key_of
from gitrack.site.output import MARKER, writing

#: The folder of the old site, while it makes room for the new one.
_OLD = "old-site"


class Workshop:
    """A site being made. Until it is done nothing in its folder has changed."""

    def __init__(self, target: Path, fresh: Path, before: dict[str, Done]) -> None:
        self.target = target
        self.fresh = fresh
        self.made = 0
        self._before = before
        self._there = _files(target) if before else {}
        self._folders: set[Path] = {fresh}
        self._paths: set[str] = set()
        self._written: dict[str, set[str]] = {}
        self._units: dict[str, Done] = {}

    def unit(self, unit: Unit) -> Made:
        """Make a unit, unless its files are there. `files` of what it gives hold no bytes then."""
        assert unit.name not in self._units, f"two units are called {unit.name}"
        key = key_of(unit.inputs)
        done = self._before.get(unit.name)
        if done is not None and done.key == key and self._intact(done):
            self._units[unit.name] = done
            return Made(dict.fromkeys((f.path for f in done.files), b""), done.faults, done.note)
        made = unit.make()
        for path, data in made.files.items():
            self._write(path, data)
        kept = tuple(Kept(path, len(data), 0) for path, data in made.files.items())
        self._units[unit.name] = Done(key, kept, tuple(made.faults), made.note)
        self._written[unit.name] = set(made.files)
        self.made += 1
        return made

    def files(self) -> dict[str, int]:
        """Every file of the site so far, with its size."""
        return {file.path: file.size for done in self._units.values() for file in done.files}

    def finish(self, record: RecordFile | None) -> None:
        """Put what was made in its place: all at once if nothing of the old site stays.

        Killed at any moment, it leaves a record of what stays as it was: the next build makes the
        rest.
        """
        kept = {name: done for name, done in self._units.items() if name not in self._written}
        if not kept:
            if record:
                record.forget()
            if _stays(self.target):
                self._there = _files(self.target)
                self._mend()
            else:
                _swap(self.fresh, self.target)
        elif self._written or self._there.keys() - self.files().keys():
            if record:
                record.save(kept)
            self._mend()
        if record:
            record.save(self._stamped())

    def _write(self, path: str, data: bytes) -> None:
        """One file; its path is ours, never a user's."""
        assert ".." not in PurePosixPath(path).parts
        assert not path.startswith("/")
        place = self.fresh / path
        if place.parent not in self._folders:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(place.parent)
        assert path not in self._paths, f"two units write {path}"
        self._paths.add(path)
        place.write_bytes(data)

    def _intact(self, done: Done) -> bool:
        return all(self._there.get(f.path) == (f.size, f.changed) for f in done.files)

    def _mend(self) -> None:
        """File by file: each is whole at any time. What pages need comes before them, the first
        page after those that it leads to, and what no unit made goes last."""
        written = [path for paths in self._written.values() for path in paths]
        for path in sorted(written, key=lambda path: (_rank(path), path)):
            place = self.target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            _put(self.fresh / path, place)
        wanted = self.files().keys()
        for path in self._there.keys() - wanted:
            place = self.target / path
            place.unlink()
            for folder in place.parents:
                if folder == self.target or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _stamped(self) -> dict[str, Done]:
        """The units with the times that their files have now."""
        stamped = dict(self._units)
        for name in self._written:
            done = stamped[name]
            files = tuple(
                Kept(file.path, file.size, (self.target / file.path).stat().st_mtime_ns)
                for file in done.files
            )
            stamped[name] = Done(done.key, files, done.faults, done.note)
        return stamped


@contextmanager
def workshop(output: Path, record: RecordFile | None) -> Iterator[Workshop]:
    """A place beside `output` to make a site in; it is gone afterwards, however it ended.

    Builds into one folder wait for one another, each with what the one before it has left.
    """
    target = Path(os.path.abspath(output)).resolve()  # noqa: PTH100  # before links are followed
    with writing(target), _beginning(target):
        _sweep(target)
        fresh = _beside(target)
        try:
            fresh.chmod(0o777 & ~_umask())
            yield Workshop(target, fresh, record.load() if record else {})
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _beginning(target: Path) -> Iterator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target):
        yield


def _beside(target: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))


def _prefix(target: Path) -> str:
    return f".{target.name}.build-"


def _sweep(target: Path) -> None:
    """Remove what builds that were killed have left; an old site without successor goes back."""
    for left in sorted(target.parent.glob(f"{glob.escape(_prefix(target))}*")):
        old = left / _OLD
        if old.is_dir() and not target.exists():
            old.rename(target)
        shutil.rmtree(left, ignore_errors=True)


def _rank(path: str) -> int:
    """In which order files of a site are replaced."""
    if path == MARKER:
        return 3
    return 2 if path == "index.html" else int(path.endswith(".html"))


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and the time of its last change."""
    found: dict[str, tuple[int, int]] = {}
    waiting = [(folder, "")]
    while waiting:
        place, prefix = waiting.pop()
        try:
            entries = os.scandir(place)
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                else:
                    seen = entry.stat(follow_symlinks=False)
                    found[prefix + entry.name] = (seen.st_size, seen.st_mtime_ns)
    return found


def _put(fresh: Path, place: Path) -> None:
    """Move a file to its place, whole at any time: also onto another disk."""
    try:
        fresh.replace(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = place.with_name(f".{place.name}.new")
        try:
            shutil.copyfile(fresh, beside)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)


def _stays(target: Path) -> bool:
    """True for a folder that must not be renamed: somebody stands in it, or a disk begins there."""
    here = Path(os.path.abspath(os.curdir)).resolve()  # noqa: PTH100  # as above
    return os.path.ismount(target) or here.is_relative_to(target)  # bind mounts, too


def _swap(fresh: Path, target: Path) -> None:
    """Two renames: the site is missing for an instant, never half there."""
    if not target.exists():
        fresh.rename(target)
        return
    old = _beside(target)
    try:
        target.rename(old / _OLD)
        try:
            fresh.rename(target)
        except OSError:
            (old / _OLD).rename(target)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
