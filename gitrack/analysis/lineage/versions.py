"""Versions of one named artifact, by number and by bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from gitrack.errors import GitrackError, NotFound, UnreadableFile
from gitrack.model.named import ArtifactVersion
from gitrack.store.branch import Branch
from gitrack.store.named import load_version, version_path

Note = Callable[[UnreadableFile], None]

_MD5_IN_FILE = re.compile(rb"[0-9a-f]{32}(?:\.dir)?")


class Versions:
    """Versions of one name: one is read by its number; all are looked at, when bytes are asked."""

    def __init__(self, branch: Branch, commit: str | None, name: str, note: Note) -> None:
        self._branch = branch
        self._commit = commit
        self._name = name
        self._note = note
        self._read: dict[str, ArtifactVersion | None] = {}

    @cached_property
    def _data(self) -> dict[str, bytes | GitrackError]:
        folder = f"artifacts/{self._name}/versions"
        entries = self._branch.entries(folder, at=self._commit) if self._commit else []
        contents = self._branch.read_many([entry.id for entry in entries])
        return {entry.path: data for entry, (_, data) in zip(entries, contents, strict=True)}

    @cached_property
    def _by_md5(self) -> dict[bytes, list[str]]:
        """By md5: the files in which it stands; those without any under no bytes."""
        found: dict[bytes, list[str]] = {}
        for path, data in self._data.items():
            spoken = _MD5_IN_FILE.findall(data) if isinstance(data, bytes) else []
            for md5 in spoken or [b""]:
                found.setdefault(md5, []).append(path)
        return found

    def number(self, number: int) -> ArtifactVersion | None:
        """One version, or None if it is not there or broken."""
        path = version_path(self._name, number)
        if path not in self._read and "_data" not in self.__dict__ and self._commit:
            try:
                data = self._branch.read(path, at=self._commit)
            except NotFound:
                return None
            return self._one(path, data)
        return self._one(path, self._data[path]) if path in self._data else None

    def same(self, *, md5: str | None, uri: str | None = None) -> list[ArtifactVersion]:
        """The versions of these contents, the oldest first."""
        if md5 is None and uri is None:
            return []
        paths = self._by_md5.get((md5 or "").encode(), [])
        found = [v for path in paths if (v := self._one(path, self._data[path])) is not None]
        return sorted(
            (v for v in found if v.md5 == md5 and (md5 is not None or v.uri == uri)),
            key=lambda version: version.version,
        )

    def _one(self, path: str, data: bytes | GitrackError) -> ArtifactVersion | None:
        if path not in self._read:
            self._read[path] = None
            try:
                if isinstance(data, GitrackError):
                    raise UnreadableFile(path, data.message, hint=data.hint)
                self._read[path] = load_version(path, data)
            except UnreadableFile as error:
                self._note(error)
        return self._read[path]
