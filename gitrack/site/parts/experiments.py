"""Every experiment's page, and that of all runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from gitrack.errors import GitrackError
from gitrack.model.evaluation import FILE, EvaluationSet, load_evaluation
from gitrack.model.run import Run
from gitrack.site import evaluations, links
from gitrack.site.baseline import NoSides, Sides, project, sides
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import experiment, verdict
from gitrack.site.pages.experiment import ExperimentPage
from gitrack.site.pages.group import Group
from gitrack.site.pages.serving import Serving, by_experiment, serving
from gitrack.site.pages.verdict import NoVerdict, OnCases, Standing, VerdictPanel
from gitrack.site.parts import Units
from gitrack.site.views import views_data


def units(contents: Contents) -> Units:
    """Experiments by name, then all runs."""
    by_id = {run.id: run for run in contents.runs}
    whole = project(contents.groups, by_id, contents.models)
    swept = _swept(contents)
    meant = by_experiment(contents.models, by_id)
    viewed = _viewed(contents)
    for group in contents.groups:
        found = sides(group, whole)
        example = (whole.before(group) or ["true"])[-1]
        inputs = (
            contents.settings,
            contents.trees(group.runs),
            _told(contents, found),
            example,
            swept.get(group.name),
            serves := serving(group, contents.models, meant.get(group.name, ())),
            views := bool(viewed & {None, links.experiment_table(group.name)}),
        )
        swept_here = swept.get(group.name, ())
        make = partial(_experiment, contents, group, found, example, swept_here, serves, views)
        made = yield Unit(f"experiment:{group.name}", inputs, make)
        if made.note is not None:
            contents.verdicts[group.name] = msgspec.convert(made.note, Standing)
    views = None in viewed
    everything = (contents.settings, contents.trees(contents.runs), views)
    yield Unit("runs", everything, partial(_all_runs, contents, views))


def _viewed(contents: Contents) -> set[object]:
    """The tables for which views are kept; None where one is for all of them."""
    return {view["table"] for view in views_data(contents.extras.views, contents.hide)}


def _told(contents: Contents, found: Sides | NoSides) -> object:
    """What a page takes from other experiments: the runs of its baseline, and how it was found."""
    if isinstance(found, NoSides):
        return found
    paired = contents.extras.paired is not None
    return found.how, found.named, contents.trees(found.old), paired


def _swept(contents: Contents) -> dict[str, list[tuple[str, str]]]:
    """The sweeps that runs of each experiment belong to: their names and pages."""
    found: dict[str, list[tuple[str, str]]] = {}
    for id, trials in contents.trials.items():
        for name in {run.experiment for run in trials.runs}:
            found.setdefault(name, []).append((trials.sweep.title, links.sweep_page(id)))
    return found


def _experiment(
    contents: Contents,
    group: Group,
    found: Sides | NoSides,
    example: str,
    swept: Sequence[tuple[str, str]],
    serves: tuple[Serving, ...],
    views: bool,
) -> Made:
    panel, level = _verdict(contents, group, found, example)
    page = experiment.experiment_page(
        contents.frame, group, panel, level, swept, serves, views=views
    )
    note = [panel.word, panel.difference] if isinstance(panel, VerdictPanel) else None
    return _page(contents, page, links.experiment_page(group.name), note)


def _verdict(
    contents: Contents, group: Group, found: Sides | NoSides, example: str
) -> tuple[VerdictPanel | NoVerdict | None, float | None]:
    """What came of it, and the level of its baseline."""
    if group.measure is None:
        return None, None
    if isinstance(found, NoSides):
        return verdict.no_verdict(found, example), None
    metric = group.measure.metric
    level = sum(float(run.metrics[metric]) for run in found.old) / len(found.old)
    return verdict.verdict(found, group.measure, _paired(contents, group, found)), level


def _paired(contents: Contents, group: Group, found: Sides) -> OnCases | None:
    """What the predictions of the best of both sides say, where both were kept."""
    paired = contents.extras.paired
    if paired is None or group.measure is None or "auc" not in group.measure.metric.lower():
        return None
    new, old = found.new[0], found.old[0]
    ours, theirs = _evaluated(contents, new), _evaluated(contents, old)
    try:
        return verdict.on_same_cases(new, old, ours, theirs, group.measure, paired)
    except ValueError:  # too few cases to say anything
        return None


def _evaluated(contents: Contents, run: Run) -> list[EvaluationSet]:
    """What is kept of a run's predictions; a file that cannot be read is a fault of its page."""
    folder = contents.by_id[run.id].folder
    path = f"{folder}/{FILE}"
    try:
        if path not in {file.path for file in contents.source.files(folder)}:
            return []
        kept = evaluations.shown(load_evaluation(path, contents.source.read(path)), contents.hide)
    except GitrackError:
        return []
    return [kept.sets[name] for name in sorted(kept.sets)] if kept else []


def _all_runs(contents: Contents, views: bool) -> Made:
    page = experiment.runs_page(contents.frame, contents.everything, views=views)
    return _page(contents, page, "runs.html")


def _page(contents: Contents, page: ExperimentPage, path: str, note: object = None) -> Made:
    return Made({path: contents.renderer.page("experiment.html", page, path)}, note=note)
