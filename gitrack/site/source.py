"""What the site needs of a store; `gitrack.store.runs.RunStore` has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gitrack.model.history import History
from gitrack.model.run import Fault, Run
from gitrack.store.made import AllVersions
from gitrack.store.registry.whole import AllModels
from gitrack.store.sweeps import AllSweeps


class Named(Protocol):
    """A file on the branch."""

    @property
    def path(self) -> str: ...


class Source(Protocol):
    """Runs with their files. Paths are those on the tracking branch."""

    def all(self) -> Iterable[tuple[str, Run | Fault]]:
        """Every run's folder with its run, or with what is wrong there."""

    def trees(self) -> Mapping[str, str]:
        """Every run's folder with an id of all that lies in it: equal ids, equal contents."""

    def history(self, path: str, /) -> History | None:
        """The steps of the run in this folder."""

    def files(self, path: str, /) -> Sequence[Named]:
        """Every file of the run in this folder."""

    def read(self, path: str, /) -> bytes:
        """One file."""

    def versions(self) -> AllVersions:
        """All versions of named artifacts."""

    def models(self) -> AllModels:
        """All registered models, with all that is recorded of them."""

    def sweeps(self) -> AllSweeps:
        """All sweeps."""
