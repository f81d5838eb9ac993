"""Which versions of a named artifact hold which bytes, remembered from process to process.

A name may have ten thousand versions, each a small file: who asks for one md5 is told the file
or two in which it stands. What is remembered can be deleted at any time; it is found again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gitrack.errors import GitrackError
from gitrack.store.branch import Branch, Entry

#: Goes up with every change of what is remembered.
_READER = 1
#: So many files may have come before they are worth a write.
_MANY = 32
#: Canonical YAML has it so; whatever else speaks of an md5 must be opened to know.
_MD5_LINE = re.compile(rb'^md5: "([0-9a-f]{32}(?:\.dir)?)"$', re.MULTILINE)
_NO_MD5, _WHO_KNOWS = "", "?"


class _Known(NamedTuple):
    """For each file below a tree: its md5, `""` if it has none, `"?"` if that is not certain."""

    tree: str
    files: dict[str, str]
    by_md5: dict[str, list[str]]


class Contents:
    """Files of versions by md5. `folder` may be None: everything works without, but slower."""

    def __init__(self, branch: Branch, folder: Path | None = None) -> None:
        self._branch = branch
        self._folder = folder
        self._known: dict[str, _Known] = {}

    def paths(self, name: str, md5: str | None, *, at: str | None) -> list[str]:
        """The files of versions that may hold these bytes; None: those of which no md5 is known.

        Each is to be opened: one that cannot be read is always among them.
        """
        place = f"artifacts/{name}/versions"
        tree = None if at is None else self._branch.tree(place, at=at)
        if tree is None:
            return []
        known = self._at(name, place, tree, at)
        found = known.by_md5.get(md5 or _NO_MD5, []) + known.by_md5.get(_WHO_KNOWS, [])
        return [f"{place}/{file}" for file in found]

    def _at(self, name: str, place: str, tree: str, commit: str | None) -> _Known:
        old = self._known.get(name) or self._load(name)
        if old is not None and old.tree == tree:
            self._known[name] = old
            return old
        files, changes = self._changed(place, old, tree, commit)
        came = [entry for _, entry in changes if entry is not None]
        contents = self._branch.read_many([entry.id for entry in came])
        lasting = True
        for path, entry in changes:
            if entry is None:
                files.pop(path[len(place) + 1 :], None)
        for entry, (_, data) in zip(came, contents, strict=True):
            lasting = lasting and isinstance(data, bytes)
            files[entry.path[len(place) + 1 :]] = _md5_in(data)
        known = self._known[name] = _Known(tree, files, _turned(files))
        if lasting and len(changes) >= _MANY:
            self._save(name, known)
        return known

    def _changed(
        self, place: str, old: _Known | None, tree: str, commit: str | None
    ) -> tuple[dict[str, str], Sequence[tuple[str, Entry | None]]]:
        if old is not None:
            # the old tree may have been collected as garbage
            with contextlib.suppress(GitrackError):
                return dict(old.files), self._branch.changed(old.tree, tree, under=place)
        entries = self._branch.entries(place, at=commit)
        return {}, [(entry.path, entry) for entry in entries]

    # -- on disk ----------------------------------------------------------------------------

    def _file(self, name: str) -> Path | None:
        if self._folder is None:
            return None
        what = f"{self._branch.name}\0{name}".encode()
        return self._folder / f"named-{_READER}-{hashlib.blake2s(what, digest_size=10).hexdigest()}"

    def _load(self, name: str) -> _Known | None:
        file = self._file(name)
        if file is None:
            return None
        try:
            checksum, _, text = file.read_bytes().partition(b"\n")
        except OSError:
            return None
        if b"%08x" % zlib.crc32(text) != checksum:
            return None
        tree, files = json.loads(text)
        return _Known(tree, files, _turned(files))

    def _save(self, name: str, known: _Known) -> None:
        """Whole or not at all; where the cache cannot be written, everything works without it."""
        file = self._file(name)
        if file is None:
            return
        text = json.dumps([known.tree, known.files], separators=(",", ":")).encode()
        aside = file.with_name(f".tmp-{os.getpid()}-{time.monotonic_ns()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(b"%08x\n%b" % (zlib.crc32(text), text))
            aside.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()


def _md5_in(data: bytes | GitrackError) -> str:
    if not isinstance(data, bytes):
        return _WHO_KNOWS
    found = _MD5_LINE.findall(data)
    if len(found) == 1:
        md5: bytes = found[0]
        return md5.decode()
    return _WHO_KNOWS if b"md5" in data or b"\\" in data else _NO_MD5


def _turned(files: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file, md5 in files.items():
        found.setdefault(md5, []).append(file)
    return found
