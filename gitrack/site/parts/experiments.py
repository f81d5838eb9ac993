"""Every experiment's page, that of all runs, and their tables."""

from __future__ import annotations

from functools import partial

from gitrack.site import links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import experiment
from gitrack.site.pages.experiment import ExperimentPage
from gitrack.site.pages.group import Group
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """Experiments by name, then all runs."""
    for group in contents.groups:
        inputs = (contents.settings, contents.trees(group.runs))
        yield Unit(f"experiment:{group.name}", inputs, partial(_experiment, contents, group))
    inputs = (contents.settings, contents.trees(contents.runs))
    yield Unit("runs", inputs, partial(_all_runs, contents))


def _experiment(contents: Contents, group: Group) -> Made:
    path = links.experiment_page(group.name)
    page = experiment.experiment_page(contents.frame, group)
    return _page(contents, page, path, experiment.table_data(group, all_runs=False))


def _all_runs(contents: Contents) -> Made:
    page = experiment.runs_page(contents.frame, contents.everything)
    return _page(
        contents, page, "runs.html", experiment.table_data(contents.everything, all_runs=True)
    )


def _page(contents: Contents, page: ExperimentPage, path: str, table: dict[str, object]) -> Made:
    html = contents.renderer.page("experiment.html", page, path)
    return Made({path: html, page.data: scripts.call("table", table)})
