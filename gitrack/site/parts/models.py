"""Every registered model's page."""

from __future__ import annotations

from functools import partial

from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import model
from gitrack.site.parts import Units
from gitrack.store.registry.whole import KnownModel


def units(contents: Contents) -> Units:
    """Models by name."""
    for known in contents.models:
        runs = [contents.by_id[v.run].run for v in known.versions if v.run in contents.by_id]
        inputs = (contents.settings, known, contents.trees(runs))
        yield Unit(f"model:{known.name}", inputs, partial(_make, contents, known))


def _make(contents: Contents, known: KnownModel) -> Made:
    path = links.model_page(known.name)
    runs = {run.id: run for run in contents.runs}
    page = model.model_page(contents.frame, known, runs, contents.goals)
    return Made({path: contents.renderer.page("model.html", page, path)})
