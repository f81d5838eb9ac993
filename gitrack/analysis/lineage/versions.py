"""Versions of one named artifact, by number and by bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from gitrack.errors import GitrackError, NotFound, UnreadableFile
from gitrack.model.named import ArtifactVersion
from gitrack.store.branch import Branch
from gitrack.store.index.contents import Contents
from gitrack.store.named import load_version, version_path

Note = Callable[[UnreadableFile], None]

#: Files that are opened one by one, before all of them are read in one go.
_FEW = 64


class Versions:
    """Versions of one name: one is read by its number; all are looked at, when bytes are asked."""

    def __init__(
        self, branch: Branch, contents: Contents, commit: str | None, name: str, note: Note
    ) -> None:
        self._branch = branch
        self._contents = contents
        self._commit = commit
        self._name = name
        self._note = note
        self._read: dict[str, ArtifactVersion | None] = {}
        self._opened = 0

    @cached_property
    def _data(self) -> dict[str, bytes | GitrackError]:
        folder = f"artifacts/{self._name}/versions"
        entries = self._branch.entries(folder, at=self._commit) if self._commit else []
        contents = self._branch.read_many([entry.id for entry in entries])
        return {entry.path: data for entry, (_, data) in zip(entries, contents, strict=True)}

    def number(self, number: int) -> ArtifactVersion | None:
        """One version, or None if it is not there or broken."""
        try:
            return self._one(version_path(self._name, number))
        except NotFound:
            return None

    def same(self, *, md5: str | None, uri: str | None = None) -> list[ArtifactVersion]:
        """The versions of these contents, the oldest first."""
        if md5 is None and uri is None:
            return []
        paths = self._contents.paths(self._name, md5, at=self._commit)
        found = [version for path in paths if (version := self._one(path)) is not None]
        return sorted(
            (v for v in found if v.md5 == md5 and (md5 is not None or v.uri == uri)),
            key=lambda version: version.version,
        )

    def _one(self, path: str) -> ArtifactVersion | None:
        """None if it is broken. Raises NotFound."""
        if path not in self._read:
            try:
                version = load_version(path, self._bytes(path))
            except UnreadableFile as error:
                self._read[path] = None
                self._note(error)
            else:
                self._read[path] = version
        return self._read[path]

    def _bytes(self, path: str) -> bytes:
        """One after the other while they are few, then all at once. Raises NotFound."""
        if self._commit is None:
            raise NotFound(path)
        self._opened += 1
        data: bytes | GitrackError | None
        if self._opened > _FEW:
            data = self._data.get(path)
        else:
            try:
                data = self._branch.read(path, at=self._commit)
            except NotFound:
                raise
            except GitrackError as error:
                data = error
        if data is None:
            raise NotFound(path)
        if isinstance(data, GitrackError):
            raise UnreadableFile(path, data.message, hint=data.hint)
        return data
