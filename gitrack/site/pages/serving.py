"""What an experiment has to do with the models that serve: which its best run is held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec

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


def serving(group: Group, models: Sequence[KnownModel]) -> tuple[Serving, ...]:
    """The models that versions of these runs belong to; without any, the only one there is."""
    there = [model for model in models if model.stages.get(PRODUCTION)]
    runs = {run.id for run in group.runs}
    meant = [model for model in there if any(v.run in runs for v in model.versions)]
    if not meant and len(there) == 1:
        meant = there
    return tuple(_of(group, meant[:_MOST]))


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
