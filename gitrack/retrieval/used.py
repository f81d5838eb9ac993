"""An artifact that a run reads: which one it is, and its bytes when they are wanted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.model.run import Use
from gitrack.retrieval.obtain import obtain
from gitrack.retrieval.resolve import Located, locate
from gitrack.retrieval.uris import recorded

if TYPE_CHECKING:
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore


class UsedArtifact:
    """What `use_artifact` gives. The bytes are fetched when `path` is first asked for."""

    def __init__(self, store: RunStore, repository: Repository, located: Located) -> None:
        self._store = store
        self._repository = repository
        self._located = located

    @classmethod
    def of(cls, store: RunStore, repository: Repository, reference: str) -> UsedArtifact:
        """Located now, so that a wrong reference raises now."""
        located = locate(store, reference)
        if located.name is not None and located.version is None:
            located = _numbered(store, located)
        return cls(store, repository, located)

    @property
    def name(self) -> str:
        """Of the named artifact, else of the file or folder."""
        return self._located.name or self._located.path

    @property
    def version(self) -> int | None:
        """Of the named artifact, or None."""
        return self._located.version

    @property
    def md5(self) -> str | None:
        """What the contents are; that of a folder ends in `.dir`. None where nobody knows."""
        return self._located.artifact.md5

    @property
    def run(self) -> str | None:
        """The id of the run that left it; None for what lies elsewhere."""
        return self._located.run_id

    @property
    def uri(self) -> str | None:
        """Where it lies if nothing was copied: libraries that speak its protocol may read there."""
        return self._located.artifact.uri

    @property
    def path(self) -> Path:
        """The file or folder, read-only and shared. Raises ArtifactError where it is missing."""
        return obtain(self._store, self._repository, self._located)

    def download(self, target: str | os.PathLike[str] | None = None) -> Path:
        """A copy of one's own at `target`, or in it if it is a folder; without one, `path`.

        Whole or not at all, and nothing is written over. Raises ArtifactError.
        """
        place = None if target is None else Path(target)
        return obtain(self._store, self._repository, self._located, place)

    @property
    def edge(self) -> Use:
        """What the record of the run that reads it says."""
        artifact = self._located.artifact
        return Use(
            name=self._located.name,
            version=self.version,
            run=self.run,
            path=artifact.path if self.run is not None else None,
            uri=None if artifact.uri is None else recorded(artifact.uri),
            md5=artifact.md5,
        )

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        version = "" if self.version is None else f":v{self.version}"
        return f"<gitrack artifact {self.name}{version} of {self.run or self.uri}>"


def _numbered(store: RunStore, located: Located) -> Located:
    """Named by its run: which version is that?"""
    from gitrack.store.named import NamedArtifacts

    assert located.name is not None
    artifact = located.artifact
    known = NamedArtifacts(store.branch, contents=store.contents)
    found = known.find(located.name, md5=artifact.md5, uri=artifact.uri)
    version = None if found is None else found.version
    return msgspec.structs.replace(located, version=version)
