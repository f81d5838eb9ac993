"""Which versions of registered models a run became, and where these stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gitrack.store.registry import Registry
    from gitrack.store.runs import RunStore


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A version, its stages and the aliases that point at it, each by name."""

    model: str
    version: int
    stages: list[str] = []
    aliases: list[str] = []

    @property
    def name(self) -> str:
        """`churn v7`."""
        return f"{self.model} v{self.version}"

    @property
    def places(self) -> str:
        """`production, @champion`; nothing for a version that stands nowhere."""
        return ", ".join([*self.stages, *(f"@{alias}" for alias in self.aliases)])

    @property
    def told(self) -> str:
        """`churn v7 (production, @champion)`."""
        return f"{self.name} ({self.places})" if self.places else self.name


def standing(registry: Registry, model: str, number: int) -> Standing:
    """Where one version stands."""
    stages, aliases = registry.stages(model), registry.aliases(model)
    return Standing(
        model=model,
        version=number,
        stages=sorted(stage for stage, versions in stages.items() if number in versions),
        aliases=sorted(alias for alias, held in aliases.items() if held == number),
    )


def became(store: RunStore, runs: Sequence[str]) -> dict[str, list[Standing]]:
    """What each of some runs became, by id; a run of which no version was made is left out."""
    if store.branch.tree("registry") is None:
        return {}  # what records need is not even imported
    from gitrack.store.registry import Registry

    registry = Registry(store.branch)
    found = {
        run: [standing(registry, model, one.version) for model, one in registry.of_run(run)]
        for run in runs
    }
    return {run: versions for run, versions in found.items() if versions}
