"""What an experiment has to do with the models that serve: which its best run is held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from gitrack.model.run import Run
from gitrack.site.links import model_page
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import PRODUCTION
from gitrack.store.registry.whole import KnownModel

_MOST = 3


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """A model in production: the best run is its `version`, or is compared with it at `href`."""

    model: str
    version: int | None
    href: str


def by_experiment(
    models: Sequence[KnownModel], runs: Mapping[str, Run]
) -> dict[str, tuple[KnownModel, ...]]:
    """The models in production that versions of an experiment's runs belong to, by its name."""
    found: dict[str, dict[str, KnownModel]] = {}
    for model in models:
        if model.stages.get(PRODUCTION):
            for version in model.versions:
                run = runs.get(version.run)
                if run is not None:
                    found.setdefault(run.experiment, {})[model.name] = model
    return {name: tuple(some.values())[:_MOST] for name, some in found.items()}


def serving(
    group: Group, models: Sequence[KnownModel], meant: Sequence[KnownModel] = ()
) -> tuple[Serving, ...]:
    """What the best of an experiment is held against: `meant`, else the only model there is."""
    if not meant:
        there = [model for model in models if model.stages.get(PRODUCTION)]
        meant = there if len(there) == 1 else ()
    return tuple(_of(group, meant))


def _of(group: Group, models: Sequence[KnownModel]) -> Iterator[Serving]:
    if group.best is None:
        return
    for model in models:
        number = model.stages[PRODUCTION][-1]
        if any(v.version == number and v.run == group.best.id for v in model.versions):
            yield Serving(model=model.name, version=number, href=model_page(model.name))
        else:
            address = against_production(model.name, f"@best:{group.name}")
            yield Serving(model=model.name, version=None, href=f"compare.html#{address}")


def against_production(model: str, reference: str) -> str:
    """What follows `compare.html#` to hold a run against what a model has in production."""
    ours = f"@{PRODUCTION}:{model}"
    return f"runs={quote(ours, safe='@:')},{quote(reference, safe='@:')}"
