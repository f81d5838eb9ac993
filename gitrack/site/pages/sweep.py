"""A sweep's page, and the list of all sweeps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.importance import FEWEST, importance
from gitrack.model.measure import Measure
from gitrack.model.run import Run, Scalar, Status
from gitrack.model.sweep import Parameter, Sweep
from gitrack.site import display
from gitrack.site.drawing.parallel import ParallelDrawing, parallel
from gitrack.site.drawing.points import PointsDrawing, points
from gitrack.site.drawing.scale import percent
from gitrack.site.drawing.sparkline import Sparkline, sparkline
from gitrack.site.links import experiment_page, sweep_page
from gitrack.site.pages.frame import Cell, Frame, Moment, RunLink, run_link, when

_STATUSES = (Status.FINISHED, Status.RUNNING, Status.FAILED, Status.KILLED)
_ROWS = 300
_COMPARED = 8
_COLUMNS = 8
_VALUES = 8


class SearchedParam(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the search: what it could be, what the best run had, how much it explains.

    `bar` is a share in percent; None where there are too few runs to tell.
    """

    name: str
    space: str
    best: str | None
    bar: str | None
    explains: str | None
    trend: str | None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the sweep in the table; `place` is None without a result."""

    number: int
    place: int | None
    run: RunLink
    value: str | None
    exact: str | None
    duration: str | None
    cells: tuple[Cell, ...]


class DrawnRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a line through the settings; `level` says how good it is, 4 is best."""

    run: RunLink
    value: str
    level: int
    path: str
    best: bool


class SweepPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `sweep.html` may use."""

    frame: Frame
    title: str
    id: str
    description: str | None
    method: str
    metric: str | None
    goal: str
    limit: int | None
    created: Moment | None
    by: str | None
    command: str | None
    stopping: tuple[Cell, ...]
    experiments: tuple[tuple[str, str], ...]
    states: tuple[tuple[str, int], ...]
    missing: int
    best: Trial | None
    columns: tuple[str, ...]
    trials: tuple[Trial, ...]
    count: int
    params: tuple[SearchedParam, ...]
    importance_of: int
    fewest: int
    progress: PointsDrawing | None
    lines: ParallelDrawing | None
    drawn: tuple[DrawnRun, ...]
    compare: str | None


class SweepRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep in the list."""

    title: str
    href: str
    method: str
    params: int
    runs: int
    limit: int | None
    unfinished: int
    metric: str | None
    goal: str
    best: RunLink | None
    value: str | None
    exact: str | None
    trend: Sparkline | None
    latest: Moment | None


class SweepsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `sweeps.html` may use."""

    frame: Frame
    title: str
    sweeps: tuple[SweepRow, ...]


class Trials:
    """The runs of a sweep, oldest first, with what its page and its row in the list both ask."""

    def __init__(self, sweep: Sweep, runs: Sequence[Run]) -> None:
        self.sweep = sweep
        self.runs = sorted(runs, key=lambda run: (run.started, run.id))
        self.measure: Measure = sweep.metric.measure
        self.results = [_finite(run.metrics.get(self.measure.metric)) for run in self.runs]
        self.ranked = sorted(
            (i for i, value in enumerate(self.results) if value is not None), key=self._order
        )

    def _order(self, i: int) -> tuple[float, int]:
        value = self.results[i] or 0.0
        return (-value if self.measure.goal == "maximize" else value), i

    @property
    def best(self) -> int | None:
        """The number of the best run."""
        return self.ranked[0] if self.ranked else None

    def settings(self) -> dict[str, list[Scalar]]:
        """What was searched; where the sweep does not say, every param that varies."""
        names: Sequence[str] = [n for n in self.sweep.parameters if self._has(n)]
        if not names:
            names = sorted({name for run in self.runs for name in run.params})
        return {name: [run.params.get(name) for run in self.runs] for name in names}

    def _has(self, name: str) -> bool:
        return any(name in run.params for run in self.runs)


def sweep_row(trials: Trials) -> SweepRow:
    """One sweep in a line."""
    sweep, best = trials.sweep, trials.best
    value = None if best is None else trials.results[best]
    return SweepRow(
        title=sweep.title,
        href=sweep_page(sweep.id),
        method=sweep.method,
        params=len(sweep.parameters),
        runs=len(trials.runs),
        limit=sweep.limit,
        unfinished=sum(run.status != Status.FINISHED for run in trials.runs),
        metric=sweep.metric.name or None,
        goal=sweep.metric.goal,
        best=None if best is None else run_link(trials.runs[best]),
        value=None if value is None else display.number(value),
        exact=None if value is None else repr(value),
        trend=sparkline(trials.results, mark=best),
        latest=when(trials.runs[-1].started if trials.runs else sweep.created)
        if trials.runs or sweep.created
        else None,
    )


def sweeps_page(frame: Frame, rows: Sequence[SweepRow]) -> SweepsPage:
    """All sweeps, those with the newest runs first."""
    rows = sorted(rows, key=lambda row: row.href)
    rows.sort(key=lambda row: (row.latest.iso or "") if row.latest else "", reverse=True)
    return SweepsPage(frame=frame, title="Sweeps", sweeps=tuple(rows))


def sweep_page_of(frame: Frame, trials: Trials) -> SweepPage:
    """One sweep: what was tried, what it gave, which settings mattered."""
    sweep, runs = trials.sweep, trials.runs
    settings = trials.settings()
    told = {one.name: one for one in importance(settings, trials.results)}
    names = sorted(settings, key=lambda name: -told[name].share if name in told else 0.0)
    varied = [name for name in names if len(set(map(repr, settings[name]))) > 1]
    columns = tuple(varied[:_COLUMNS])
    rows = _rows(trials, columns)
    counts = Counter(run.status for run in runs)
    by_kind = [str(run.status) for run in runs]
    best = trials.best
    log = frozenset(name for name, one in sweep.parameters.items() if one.log)
    lines = parallel(
        {name: settings[name] for name in names}, trials.results, trials.measure, log=log
    )
    return SweepPage(
        frame=frame,
        title=sweep.title,
        id=sweep.id,
        description=sweep.description,
        method=sweep.method,
        metric=sweep.metric.name or None,
        goal=sweep.metric.goal,
        limit=sweep.limit,
        created=when(sweep.created) if sweep.created else None,
        by=display.person(sweep.by),
        command=sweep.command,
        stopping=tuple(
            Cell(name, display.setting(value))
            for name, value in sorted(sweep.early_terminate.items())
        ),
        experiments=tuple(
            (name, experiment_page(name)) for name in sorted({run.experiment for run in runs})
        ),
        states=tuple((str(word), counts[word]) for word in _STATUSES if counts[word]),
        missing=len(set(sweep.runs) - {run.id for run in runs}),
        best=rows[0] if best is not None else None,
        columns=columns,
        trials=tuple(rows[:_ROWS]),
        count=len(runs),
        params=tuple(
            _param(
                name,
                sweep.parameters.get(name),
                told.get(name),
                runs[best] if best is not None else None,
            )
            for name in [*names, *(n for n in sorted(sweep.parameters) if n not in settings)]
        ),
        importance_of=len(trials.ranked),
        fewest=FEWEST,
        progress=points(trials.results, by_kind, trials.measure),
        lines=lines,
        drawn=_drawn(trials, lines),
        compare=_compare([runs[i].id for i in trials.ranked[:_COMPARED]]),
    )


def _drawn(trials: Trials, lines: ParallelDrawing | None) -> tuple[DrawnRun, ...]:
    """The lines with the runs that they are, the best last: it lies on top."""
    if lines is None:
        return ()
    return tuple(
        DrawnRun(
            run=run_link(trials.runs[line.run]),
            value=display.number(trials.results[line.run]),
            level=line.level,
            path=line.path,
            best=line.run == trials.best,
        )
        for line in lines.lines
    )


def _rows(trials: Trials, columns: Sequence[str]) -> list[Trial]:
    """The best first, then runs without a result, newest first."""
    ranked = set(trials.ranked)
    rest = [i for i in reversed(range(len(trials.runs))) if i not in ranked]
    rows = []
    for place, i in enumerate([*trials.ranked, *rest][:_ROWS], start=1):
        run, value = trials.runs[i], trials.results[i]
        rows.append(
            Trial(
                number=i + 1,
                place=place if value is not None else None,
                run=run_link(run),
                value=None if value is None else display.number(value),
                exact=None if value is None else repr(value),
                duration=display.duration(run.started, run.ended),
                cells=tuple(
                    Cell(name, display.setting(run.params[name]) if name in run.params else "–")
                    for name in columns
                ),
            )
        )
    return rows


def _param(name: str, searched: Parameter | None, told: object, best: Run | None) -> SearchedParam:
    share = getattr(told, "share", None)
    trend = getattr(told, "trend", None)
    return SearchedParam(
        name=name,
        space="" if searched is None else space(searched),
        best=display.setting(best.params[name]) if best and name in best.params else None,
        bar=None if share is None else percent(share),
        explains=None if share is None else f"{share * 100:.0f} %",
        trend=None if trend is None or abs(trend) < 0.1 else "rises" if trend > 0 else "falls",
    )


def space(searched: Parameter) -> str:
    """`0.01 to 0.3, by powers`, `one of 4, 6, 8`, `always 400`."""
    if searched.values:
        shown = ", ".join(display.setting(value) for value in searched.values[:_VALUES])
        more = len(searched.values) - _VALUES
        return f"one of {shown}" + (f" and {more} more" if more > 0 else "")
    if searched.distribution is None and searched.min is None and searched.max is None:
        return f"always {display.setting(searched.value)}"
    parts = []
    if searched.min is not None or searched.max is not None:
        low = "–∞" if searched.min is None else display.setting(searched.min)
        high = "∞" if searched.max is None else display.setting(searched.max)
        parts.append(f"{low} to {high}")
    if searched.mu is not None or searched.sigma is not None:
        around = display.setting(0.0 if searched.mu is None else searched.mu)
        wide = display.setting(1.0 if searched.sigma is None else searched.sigma)
        parts.append(f"around {around} ± {wide}")
    if searched.q is not None:
        parts.append(f"in steps of {display.setting(searched.q)}")
    if searched.distribution is not None:
        parts.append(searched.distribution.replace("_", " "))
    return ", ".join(parts)


def _compare(ids: Sequence[str]) -> str | None:
    """The page that compares these runs; ids that would be something else in a link are none."""
    plain = [id for id in ids if all(c in "0123456789abcdefghijklmnopqrstuvwxyz-" for c in id)]
    return "compare.html#runs=" + ",".join(plain) if len(plain) > 1 else None


def _finite(value: float | int | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def trials_of(sweeps: Sequence[Sweep], runs: Sequence[Run]) -> Mapping[str, Trials]:
    """The runs of each sweep: those that it names, and those that carry its id as a tag."""
    from gitrack.model.sweep import TAG

    by_id = {run.id: run for run in runs}
    tagged: dict[str, list[Run]] = {}
    if sweeps:
        for run in runs:
            said = run.tags.get(TAG)
            if isinstance(said, str):
                tagged.setdefault(said, []).append(run)
    found = {}
    for sweep in sweeps:
        own = {id: by_id[id] for id in sweep.runs if id in by_id}
        own |= {run.id: run for run in tagged.get(sweep.id, ())}
        found[sweep.id] = Trials(sweep, list(own.values()))
    return found
