"""Metrics over commits and time: a little data an experiment, and one page that draws all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from gitrack.model.run import Run
from gitrack.site import scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.links import PRODUCTION_TREND, slug, trend_data
from gitrack.site.pages import trends
from gitrack.site.pages.group import Group
from gitrack.site.pages.trends import ExperimentTrend
from gitrack.site.parts import Units
from gitrack.site.parts.models import changes_of
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange

PAGE = "trends.html"

_Production = Sequence[tuple[KnownModel, Sequence[StageChange], dict[str, Run]]]


def units(contents: Contents) -> Units:
    """Experiments by name, then the page, which follows from what they leave as notes."""
    notes: list[Any] = []
    for group in contents.groups:
        inputs = (contents.settings, contents.trees(group.runs))
        made = yield Unit(f"trend:{group.name}", inputs, partial(_experiment, group))
        if made.note is not None:
            notes.append(made.note)
    production = _production(contents)
    told = [(known, changes, contents.trees(runs.values())) for known, changes, runs in production]
    every = (contents.settings, notes, told)
    yield Unit("trends", every, partial(_page, contents, notes, production))


def _production(contents: Contents) -> _Production:
    """Models with what became of their stages and the runs of their versions."""
    found = []
    for known in contents.models:
        changes = changes_of(contents, known)
        if changes:
            ids = [version.run for version in known.versions if version.run in contents.by_id]
            found.append((known, changes, {id: contents.by_id[id].run for id in ids}))
    return found


def _experiment(group: Group) -> Made:
    found = trends.experiment_trend(group)
    if found is None:
        return Made({})
    script = scripts.call("trend", slug(group.name), trends.experiment_data(group))
    return Made({trend_data(group.name): script}, note=msgspec.to_builtins(found))


def _page(contents: Contents, notes: Sequence[Any], production: _Production) -> Made:
    goals = contents.goals
    experiments = [msgspec.convert(note, ExperimentTrend) for note in notes]
    served = [
        one
        for known, changes, runs in production
        if (one := trends.production_trend(known, changes, runs, goals)) is not None
    ]
    page = trends.trends_page(contents.frame, experiments, served)
    data = [trends.production_data(*one, goals) for one in production]
    return Made(
        {
            PAGE: contents.renderer.page("trends.html", page, PAGE),
            PRODUCTION_TREND: scripts.call("trend", "*", data),
        }
    )
