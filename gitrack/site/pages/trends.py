"""Metrics over commits and time: of every experiment, and of what was in production."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gitrack.model.measure import Measure
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.drawing.points import PointsDrawing
from gitrack.site.drawing.trend import Point, Step, steps, trend
from gitrack.site.goals import Goals
from gitrack.site.links import experiment_page, model_page, slug, trend_data
from gitrack.site.pages.frame import Frame, Moment, when
from gitrack.site.pages.group import Group, is_system, ranked_metrics
from gitrack.site.pages.registry import PRODUCTION, measure_of, version_href
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange

#: Experiments with a chart; the others are named.
_CHARTS = 40
_METRICS = 8
_COMMITS = 8
_STEPS = 60
_DIGITS = 6
_SINCE = 0.06


class CommitRow(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one commit of the code, and the best of them."""

    commit: str
    first: Moment
    runs: int
    best: str
    exact: str
    record: bool


class ExperimentTrend(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment's metric through time; the note of its unit, and what the template places."""

    name: str
    href: str
    data: str
    metric: str
    goal: str
    runs: int
    latest: str
    best: str
    exact: str
    metrics: int
    drawing: PointsDrawing | None
    commits: tuple[CommitRow, ...]
    more_commits: int


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A version while it was in production."""

    version: int
    href: str
    begin: Moment
    end: Moment | None
    value: str
    exact: str
    commit: str | None


class ProductionTrend(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's production was worth, through time."""

    name: str
    href: str
    key: str
    metric: str
    goal: str
    now: str | None
    change: str | None
    better: bool | None
    metrics: int
    drawing: PointsDrawing | None
    served: tuple[Served, ...]


class TrendsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `trends.html` may use."""

    frame: Frame
    title: str
    production: tuple[ProductionTrend, ...]
    experiments: tuple[ExperimentTrend, ...]
    others: tuple[ExperimentTrend, ...]


def trends_page(
    frame: Frame,
    experiments: Sequence[ExperimentTrend],
    production: Sequence[ProductionTrend],
) -> TrendsPage:
    """Experiments with the newest first."""
    newest = sorted(experiments, key=lambda one: one.name)
    newest.sort(key=lambda one: one.latest, reverse=True)
    drawn = [one for one in newest if one.drawing is not None][:_CHARTS]
    names = {one.name for one in drawn}
    return TrendsPage(
        frame=frame,
        title="Trends",
        production=tuple(production),
        experiments=tuple(drawn),
        others=tuple(one for one in newest if one.name not in names),
    )


# -- an experiment --------------------------------------------------------------------------


def experiment_trend(group: Group) -> ExperimentTrend | None:
    """How an experiment went; None where no metric says what is better."""
    measure, best = group.measure, group.best
    if measure is None or best is None:
        return None
    runs = group.runs[::-1]
    points = [
        Point(began, float(value), str(run.status))
        for run in runs
        if (value := run.metrics.get(measure.metric)) is not None
        and (began := _seconds(run.started)) is not None
    ]
    points.sort(key=lambda point: point.when)
    commits = _commits(runs, measure)
    return ExperimentTrend(
        name=group.name,
        href=experiment_page(group.name),
        data=trend_data(group.name),
        metric=measure.metric,
        goal=measure.goal,
        runs=len(runs),
        latest=runs[-1].started,
        best=display.number(best.metrics[measure.metric]),
        exact=repr(best.metrics[measure.metric]),
        metrics=len(_chosen(group.metrics)),
        drawing=trend(points, measure),
        commits=tuple(commits[::-1][:_COMMITS]),
        more_commits=max(0, len(commits) - _COMMITS),
    )


def experiment_data(group: Group) -> dict[str, Any]:
    """The same for scripts: every run with some metrics, commits by their number."""
    runs = group.runs[::-1]
    commits: dict[str, int] = {}
    places = [
        commits.setdefault(run.code.commit, len(commits)) if run.code and run.code.commit else None
        for run in runs
    ]
    return {
        "runs": [[slug(run.id), run.name or run.id, str(run.status)] for run in runs],
        "times": [_whole(_seconds(run.started)) for run in runs],
        "commits": [commit[:12] for commit in commits],
        "places": places,
        "metrics": [
            [name, group.goals.goal(name), [_short(run.metrics.get(name)) for run in runs]]
            for name in _chosen(group.metrics)
        ],
    }


def _chosen(metrics: Sequence[str]) -> list[str]:
    return [name for name in metrics if not is_system(name)][:_METRICS]


def _commits(runs: Sequence[Run], measure: Measure) -> list[CommitRow]:
    """By commit of the code, in the order in which they were first run."""
    of: dict[str, list[Run]] = {}
    for run in runs:
        if run.code and run.code.commit:
            of.setdefault(run.code.commit, []).append(run)
    rows: list[CommitRow] = []
    record: float | None = None
    for commit, some in of.items():
        place = measure.best(run.metrics for run in some)
        value = None if place is None else some[place].metrics[measure.metric]
        new = value is not None and record is not None and measure.better(value, record)
        record = value if new or record is None else record
        rows.append(
            CommitRow(
                commit=commit[:12],
                first=when(some[0].started),
                runs=len(some),
                best=display.number(value),
                exact=repr(value) if value is not None else "no result",
                record=new,
            )
        )
    return rows


# -- production -----------------------------------------------------------------------------


class _Stay(msgspec.Struct, frozen=True):
    version: int
    begin: float
    end: float | None


def production_trend(
    model: KnownModel, changes: Sequence[StageChange], runs: Mapping[str, Run], goals: Goals
) -> ProductionTrend | None:
    """How what served did; None for a model that never served, or without a metric."""
    measure = measure_of(model, runs, goals)
    stays = _stays(changes)
    if measure is None or not stays:
        return None
    numbered = {version.version: runs.get(version.run) for version in model.versions}
    last = _last(stays)
    held, served = [], []
    values: list[float] = []
    for stay in stays:
        run = numbered.get(stay.version)
        value = run.metrics.get(measure.metric) if run else None
        if value is not None and math.isfinite(value):
            held.append(Step(stay.begin, stay.end or last, float(value)))
            values.append(float(value))
        served.append(_served(model, stay, value, run))
    now = stays[-1].end is None and bool(values)
    change = display.apart(values[-1], values[-2]) if len(values) > 1 else None
    return ProductionTrend(
        name=model.name,
        href=model_page(model.name),
        key=slug(model.name),
        metric=measure.metric,
        goal=measure.goal,
        now=display.number(values[-1]) if now else None,
        change=_signed(change) if now and change else None,
        better=None if not change else measure.better(values[-1], values[-2]),
        metrics=len(production_metrics(model, changes, runs, goals)),
        drawing=steps(held),
        served=tuple(served[::-1][:_STEPS]),
    )


def production_data(
    model: KnownModel, changes: Sequence[StageChange], runs: Mapping[str, Run], goals: Goals
) -> list[Any]:
    """The same for scripts: when each version came and went, and its metrics."""
    stays = _stays(changes)
    numbered = {version.version: runs.get(version.run) for version in model.versions}
    last = _last(stays) if stays else 0.0
    of = [numbered.get(stay.version) for stay in stays]
    return [
        slug(model.name),
        [[stay.version, round(stay.begin), round(stay.end or last)] for stay in stays],
        [
            [name, goals.goal(name), [_short(run.metrics.get(name)) if run else None for run in of]]
            for name in production_metrics(model, changes, runs, goals)
        ],
    ]


def production_metrics(
    model: KnownModel, changes: Sequence[StageChange], runs: Mapping[str, Run], goals: Goals
) -> list[str]:
    """The metrics of what served, the one that ranks versions first."""
    served = {number for change in changes for number in change.after}
    known = [runs[v.run] for v in model.versions if v.version in served and v.run in runs]
    return _chosen(ranked_metrics(known, measure_of(model, runs, goals)))


def _stays(changes: Sequence[StageChange]) -> list[_Stay]:
    """Who was the newest in production, from when to when."""
    found: list[_Stay] = []
    for change in changes:
        if change.stage != PRODUCTION:
            continue
        at = change.when.timestamp()
        if found and found[-1].end is None:
            if change.after and change.after[-1] == found[-1].version:
                continue
            found[-1] = msgspec.structs.replace(found[-1], end=at)
        if change.after:
            found.append(_Stay(change.after[-1], at, None))
    return found


def _last(stays: Sequence[_Stay]) -> float:
    """Where the line of who serves today ends: a little behind the last change."""
    changed = max(stay.end or stay.begin for stay in stays)
    return changed + max((changed - stays[0].begin) * _SINCE, 3600.0)


def _served(model: KnownModel, stay: _Stay, value: float | int | None, run: Run | None) -> Served:
    return Served(
        version=stay.version,
        href=version_href(model.name, stay.version),
        begin=_moment(stay.begin),
        end=None if stay.end is None else _moment(stay.end),
        value=display.number(value),
        exact=repr(value) if value is not None else "not logged",
        commit=(run.code.commit or "")[:12] or None if run and run.code else None,
    )


def _moment(seconds: float) -> Moment:
    from datetime import UTC, datetime

    from gitrack.model.moments import written

    return when(written(datetime.fromtimestamp(seconds, UTC)))


def _signed(change: float) -> str:
    shown = display.number(change)
    return shown if shown.startswith("-") else f"+{shown}"


def _seconds(text: str) -> float | None:
    moment = display.moment(text)
    return None if moment is None else moment.timestamp()


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _short(value: float | int | None) -> float | int | None:
    """Six digits are more than a chart shows."""
    if value is None or not isinstance(value, float) or not math.isfinite(value):
        return value
    return float(f"{value:.{_DIGITS}g}")
