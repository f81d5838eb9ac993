"""What the site asks of whoever knows which bytes went where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from gitrack.model.lineage import Link, Node
from gitrack.model.run import Fault


class Ancestry(Protocol):
    """The lineage of one commit of the branch; `gitrack.analysis.lineage.Lineage` has it."""

    @property
    def faults(self) -> list[Fault]:
        """What could not be read of all that was asked for."""

    def subjects(self, text: str, /) -> Sequence[str]:
        """The nodes that people call so. Raises NotFound."""

    def up(self, starts: Sequence[str], /) -> list[Link]:
        """All links that lead to the starts."""

    def down(self, starts: Sequence[str], /) -> list[Link]:
        """All links that lead on from the starts."""

    def nodes(self, ids: Sequence[str], /) -> Mapping[str, Node]:
        """What there is to say of nodes that were met."""

    def piped(self) -> Iterable[str]:
        """The runs beside which the stages of a pipeline are recorded."""

    def staged(self) -> Iterable[str]:
        """The md5s of what these stages read."""
