"""An experiment's page, and the table of runs that it shares with the page of all runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gitrack.model.run import Run, Status
from gitrack.site import display
from gitrack.site.links import experiment_data, run_page
from gitrack.site.pages.frame import Cell, Frame, RunLink, run_link
from gitrack.site.pages.group import Group, is_system
from gitrack.site.pages.overview import Best, best_of, hypothesis

_STATUSES = (Status.FINISHED, Status.RUNNING, Status.FAILED, Status.KILLED)
#: Without JavaScript the page holds this many rows; with it, all.
_PLAIN_ROWS = 200
_PLAIN_METRICS = 4
_SHOWN_METRICS = 5
_SHOWN_PARAMS = 6


class PlainRow(msgspec.Struct, frozen=True):
    """A run in the table that needs no JavaScript."""

    run: RunLink
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


def experiment_page(frame: Frame, group: Group) -> ExperimentPage:
    """One experiment: what is asked, what is the same in all runs, and the runs."""
    tags = _shared([run.tags for run in group.runs])
    tags.pop("hypothesis", None)
    params = _shared([run.params for run in group.runs]) if len(group.runs) > 1 else {}
    return _page(
        frame,
        group,
        title=group.name,
        data=experiment_data(group.name),
        hypothesis=hypothesis(group.runs),
        tags=_cells(tags),
        same=_cells(params),
    )


def runs_page(frame: Frame, everything: Group) -> ExperimentPage:
    """The runs of all experiments in one table."""
    return _page(frame, everything, title="All runs", data="data/runs.js", all_runs=True)


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
        rows=tuple(_plain_row(run, columns) for run in group.runs[:_PLAIN_ROWS]),
        count=len(group.runs),
        data=data,
    )


def table_data(group: Group, *, all_runs: bool) -> dict[str, Any]:
    """The whole table by columns, newest run first."""
    runs = group.runs
    params = sorted({name for run in runs for name in run.params})
    tags = sorted({name for run in runs for name in run.tags})
    columns = [
        _column("experiment", "run", [run.experiment for run in runs], shown=all_runs),
        _column("author", "run", [display.person(run.author) for run in runs], shown=False),
        _column("commit", "run", [_commit(run) for run in runs], shown=False),
        _column("id", "run", [run.id for run in runs], shown=False),
        *_some_shown([_metric_column(group, name) for name in group.metrics], _SHOWN_METRICS),
        *_some_shown(
            [
                _column(name, "params", [run.params.get(name) for run in runs], shown=True)
                for name in params
            ],
            0 if all_runs else _SHOWN_PARAMS,
        ),
        *(
            _column(name, "tags", [run.tags.get(name) for run in runs], shown=False)
            for name in tags
        ),
    ]
    return {
        "runs": [
            [
                run.id,
                run.name or run.id,
                run_page(run.id),
                str(run.status),
                run.started,
                _seconds(run),
            ]
            for run in runs
        ],
        "columns": columns,
        "metric": group.metrics[0] if group.metrics else None,
    }


def _metric_column(group: Group, name: str) -> dict[str, Any]:
    values = [run.metrics.get(name) for run in group.runs]
    column = _column(name, "metrics", values, shown=not is_system(name))
    column["decimals"] = display.decimals([v for v in values if v is not None])
    column["goal"] = group.goals.goal(name)
    return column


def _some_shown(columns: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The first `most` of those that may be shown; people choose the others themselves."""
    for column in columns:
        column["shown"] = column["shown"] and most > 0
        most -= column["shown"]
    return columns


def _column(name: str, group: str, values: list[Any], *, shown: bool) -> dict[str, Any]:
    """A column; one that says the same in every row starts hidden."""
    known = [value for value in values if value is not None]
    numeric = bool(known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )
    constant = len(values) > 1 and len(known) == len(values) and _all_same(values)
    return {
        "name": name,
        "group": group,
        "number": numeric,
        "constant": constant,
        "shown": bool(shown and known and not constant),
        "values": values,
    }


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


def _cells(values: Mapping[str, Any]) -> tuple[Cell, ...]:
    return tuple(Cell(name, display.setting(values[name])) for name in sorted(values))


def _plain_row(run: Run, columns: Sequence[str]) -> PlainRow:
    cells = tuple(
        Cell(name, display.number(run.metrics[name]) if name in run.metrics else "–")
        for name in columns
    )
    return PlainRow(run_link(run), display.duration(run.started, run.ended), cells)


def _commit(run: Run) -> str | None:
    if run.code is None or run.code.commit is None:
        return None
    return run.code.commit[:10] + ("+" if run.code.dirty else "")


def _seconds(run: Run) -> float | None:
    begin, end = display.moment(run.started), display.moment(run.ended)
    if begin is None or end is None or end < begin:
        return None
    return round((end - begin).total_seconds(), 1)
