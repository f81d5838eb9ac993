"""The first page: what the project has tried, and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.run import Fault, Run
from gitrack.site import display
from gitrack.site.drawing.sparkline import Sparkline, sparkline
from gitrack.site.links import experiment_page
from gitrack.site.pages.frame import Frame, Moment, RunLink, run_link, when
from gitrack.site.pages.group import Group
from gitrack.site.pages.models import OpenPromotion
from gitrack.site.pages.questions import Question
from gitrack.site.pages.registry import ModelRow, PromotionRow, foremost_rows, latest_promotions
from gitrack.site.pages.verdict import Standing
from gitrack.store.registry.whole import KnownModel

_LATEST = 8
#: Of more models than these some are named: what people ask is to be seen without scrolling.
_MODELS = 8
_FAULTS = 100
#: Experiments with all that the list says; older ones by their names.
_MOST = 200


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best run of some, by one metric."""

    run: RunLink
    metric: str
    goal: str
    value: str
    exact: str


class ExperimentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment in the list."""

    name: str
    href: str
    hypothesis: str | None
    runs: int
    unfinished: int
    best: Best | None
    trend: Sparkline | None
    verdict: Standing | None
    latest: Moment


class LatestRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the list of the newest."""

    run: RunLink
    experiment: str
    experiment_href: str
    author: str | None
    duration: str | None
    metric: str | None
    value: str | None


class OverviewPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `overview.html` may use."""

    frame: Frame
    title: str
    runs: int
    experiments: tuple[ExperimentRow, ...]
    older: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]
    latest: tuple[LatestRun, ...]
    best: Best | None
    models: tuple[ModelRow, ...]
    registered: int
    promotions: tuple[PromotionRow, ...]
    waiting: tuple[OpenPromotion, ...]
    faults: tuple[Fault, ...]
    more_faults: int
    last_change: Moment | None


def overview_page(
    frame: Frame,
    groups: Sequence[Group],
    everything: Group,
    faults: Sequence[Fault],
    models: Sequence[KnownModel] = (),
    questions: Sequence[Question] = (),
    verdicts: Mapping[str, Standing] | None = None,
    waiting: Sequence[OpenPromotion] = (),
) -> OverviewPage:
    """What is in production, experiments with the newest first, and the newest runs of all."""
    newest_first = sorted(groups, key=lambda group: group.name)
    newest_first.sort(key=lambda group: group.runs[0].started, reverse=True)
    rows = [
        experiment_row(group, (verdicts or {}).get(group.name)) for group in newest_first[:_MOST]
    ]
    named = {group.name: group for group in groups}
    newest = everything.runs[:_LATEST]
    return OverviewPage(
        frame=frame,
        title=frame.title,
        runs=len(everything.runs),
        experiments=tuple(rows),
        older=tuple((group.name, experiment_page(group.name)) for group in newest_first[_MOST:]),
        questions=tuple(questions),
        latest=tuple(_latest(run, named[run.experiment]) for run in newest),
        best=best_of(everything),
        models=foremost_rows(
            models, {run.id: run for run in everything.runs}, everything.goals, _MODELS
        ),
        registered=len(models),
        promotions=latest_promotions(models),
        waiting=tuple(waiting),
        faults=tuple(faults[:_FAULTS]),
        more_faults=max(0, len(faults) - _FAULTS),
        last_change=when(newest[0].started) if newest else None,
    )


def experiment_row(group: Group, verdict: Standing | None = None) -> ExperimentRow:
    """One experiment in a line."""
    oldest_first = group.runs[::-1]
    measure = group.measure
    trend = None
    if measure is not None:
        trend = sparkline(
            [run.metrics.get(measure.metric) for run in oldest_first],
            mark=measure.best(run.metrics for run in oldest_first),
        )
    return ExperimentRow(
        name=group.name,
        href=experiment_page(group.name),
        hypothesis=hypothesis(group.runs),
        runs=len(group.runs),
        unfinished=sum(run.status != "finished" for run in group.runs),
        best=best_of(group),
        trend=trend,
        verdict=verdict,
        latest=when(group.runs[0].started),
    )


def hypothesis(runs: Sequence[Run]) -> str | None:
    """What the newest run that says so is meant to find out."""
    for run in runs:
        said = run.tags.get("hypothesis")
        if said is not None and str(said).strip():
            return str(said)
    return None


def best_of(group: Group) -> Best | None:
    """The best run by the metric that ranks them."""
    run, measure = group.best, group.measure
    if run is None or measure is None:
        return None
    value = run.metrics[measure.metric]
    return Best(
        run=run_link(run),
        metric=measure.metric,
        goal=measure.goal,
        value=display.number(value),
        exact=repr(value),
    )


def _latest(run: Run, group: Group) -> LatestRun:
    measure = group.measure
    value = run.metrics.get(measure.metric) if measure else None
    return LatestRun(
        run=run_link(run),
        experiment=run.experiment,
        experiment_href=experiment_page(run.experiment),
        author=display.person(run.author),
        duration=display.duration(run.started, run.ended),
        metric=measure.metric if measure and value is not None else None,
        value=display.number(value) if value is not None else None,
    )
