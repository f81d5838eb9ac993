"""A project's registry, opened: where it lies, what rules it, and who is at work."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.errors import NoRepository
from gitrack.registry.ruling import Ruling, ruling_of
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository
from gitrack.store.registry import Registry
from gitrack.store.runs import RunStore
from gitrack.tracking.place import Place, find_place

if TYPE_CHECKING:
    from gitrack.store.timeline import Timeline


class OpenRegistry:
    """What every action on the registry begins with. Nothing is read before it is asked for."""

    def __init__(self, place: Place) -> None:
        if place.repository is None:
            raise NoRepository(place.folder)
        self.place = place
        self.repository: Repository = place.repository
        self.store: RunStore = place.store()

    @property
    def branch(self) -> GitBranch:
        """The tracking branch."""
        branch = self.store.branch
        assert isinstance(branch, GitBranch)
        return branch

    def reader(self, *, at: str | None = None) -> Registry:
        """The registry as it stands now, or at a commit of the tracking branch."""
        return Registry(self.branch, at=at)

    @cached_property
    def timeline(self) -> Timeline:
        """What stood in each stage when."""
        from gitrack.store.timeline import Timeline

        return Timeline(self.branch)

    @cached_property
    def ruling(self) -> Ruling:
        """The policy in force. Raises ConfigError."""
        return ruling_of(self.place)

    def author(self) -> str:
        """Who is at work, as git will record it. Raises NoIdentity, or ConfigError."""
        return str(self.repository.identity())


def open_registry(where: Place | Path | None = None) -> OpenRegistry:
    """The registry of the project around a folder (default: where we are). Raises NoRepository."""
    return OpenRegistry(where if isinstance(where, Place) else find_place(where))
