"""An experiment's page, and the table of runs that it shares with the page of all runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gitrack.model.run import Run, Status
from gitrack.site import display
from gitrack.site.drawing.points import PointsDrawing, points
from gitrack.site.links import ALL_RUNS, experiment_table
from gitrack.site.pages.frame import Cell, Frame, RunLink, cells, run_link
from gitrack.site.pages.group import Group
from gitrack.site.pages.overview import Best, best_of, hypothesis
from gitrack.site.pages.serving import Serving
from gitrack.site.pages.verdict import NoVerdict, VerdictPanel

_STATUSES = (Status.FINISHED, Status.RUNNING, Status.FAILED, Status.KILLED)
#: Without JavaScript the page holds this many rows; with it, all.
_PLAIN_ROWS = 200
_PLAIN_METRICS = 4


class PlainRow(msgspec.Struct, frozen=True):
    """A run in the table that needs no JavaScript."""

    run: RunLink
    best: bool
    duration: str | None
    cells: tuple[Cell, ...]


class ExperimentPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `experiment.html` may use."""

    frame: Frame
    title: str
    all_runs: bool
    hypothesis: str | None
    tags: tuple[Cell, ...]
    same: tuple[Cell, ...]
    statuses: tuple[tuple[str, int], ...]
    best: Best | None
    metric: str | None
    columns: tuple[str, ...]
    rows: tuple[PlainRow, ...]
    count: int
    data: str
    verdict: VerdictPanel | None = None
    no_verdict: NoVerdict | None = None
    chart: PointsDrawing | None = None
    level: float | None = None
    sweeps: tuple[tuple[str, str], ...] = ()
    serving: tuple[Serving, ...] = ()
    views: bool = False


def experiment_page(
    frame: Frame,
    group: Group,
    verdict: VerdictPanel | NoVerdict | None = None,
    level: float | None = None,
    swept: Sequence[tuple[str, str]] = (),
    serving: tuple[Serving, ...] = (),
    *,
    views: bool = False,
) -> ExperimentPage:
    """One experiment: what is asked, what came of it, what is the same in all runs, and the runs.

    `level` is what the baseline gave, `swept` the sweeps of which it has runs, `serving` what its
    best is held against, `views` says that some are kept for its table.
    """
    tags = _shared([run.tags for run in group.runs])
    tags.pop("hypothesis", None)
    params = _shared([run.params for run in group.runs]) if len(group.runs) > 1 else {}
    page = _page(
        frame,
        group,
        title=group.name,
        data=experiment_table(group.name),
        hypothesis=hypothesis(group.runs),
        tags=cells(tags),
        same=cells(params),
    )
    return msgspec.structs.replace(
        page,
        verdict=verdict if isinstance(verdict, VerdictPanel) else None,
        no_verdict=verdict if isinstance(verdict, NoVerdict) else None,
        chart=_chart(group, level),
        level=level if level is not None and math.isfinite(level) else None,
        sweeps=tuple(swept),
        serving=serving,
        views=views,
    )


def _chart(group: Group, level: float | None) -> PointsDrawing | None:
    """The metric that ranks the runs, from the oldest to the newest."""
    measure = group.measure
    if measure is None or len(group.runs) < 2:
        return None
    runs = group.runs[::-1]
    return points(
        [run.metrics.get(measure.metric) for run in runs],
        [str(run.status) for run in runs],
        measure,
        level=None if level is None else (level, f"baseline {display.number(level)}"),
    )


def runs_page(frame: Frame, everything: Group, *, views: bool = False) -> ExperimentPage:
    """The runs of all experiments in one table."""
    page = _page(frame, everything, title="All runs", data=ALL_RUNS, all_runs=True)
    return msgspec.structs.replace(page, views=views)


def _page(
    frame: Frame,
    group: Group,
    *,
    title: str,
    data: str,
    all_runs: bool = False,
    hypothesis: str | None = None,
    tags: tuple[Cell, ...] = (),
    same: tuple[Cell, ...] = (),
) -> ExperimentPage:
    columns = tuple(group.metrics[:_PLAIN_METRICS])
    counts = Counter(run.status for run in group.runs)
    return ExperimentPage(
        frame=frame,
        title=title,
        all_runs=all_runs,
        hypothesis=hypothesis,
        tags=tags,
        same=same,
        statuses=tuple((str(status), counts[status]) for status in _STATUSES if counts[status]),
        best=best_of(group),
        metric=group.metrics[0] if group.metrics else None,
        columns=columns,
        rows=tuple(_plain_row(run, columns, group.best) for run in group.runs[:_PLAIN_ROWS]),
        count=len(group.runs),
        data=data,
    )


def _all_same(values: Sequence[object]) -> bool:
    first = values[0]
    return all(type(value) is type(first) and repr(value) == repr(first) for value in values)


def _shared(maps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What every one of them says alike."""
    if not maps:
        return {}
    return {
        name: value
        for name, value in maps[0].items()
        if all(name in other for other in maps) and _all_same([other[name] for other in maps])
    }


def _plain_row(run: Run, columns: Sequence[str], best: Run | None) -> PlainRow:
    cells = tuple(
        Cell(name, display.number(run.metrics[name]) if name in run.metrics else "–")
        for name in columns
    )
    return PlainRow(
        run_link(run),
        best is not None and run.id == best.id,
        display.duration(run.started, run.ended),
        cells,
    )
