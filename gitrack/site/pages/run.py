"""A run's page: everything that is known of one execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec

from gitrack.model.evaluation import Evaluation
from gitrack.model.history import History, Value
from gitrack.model.ids import short
from gitrack.model.pipeline import Pipeline
from gitrack.model.profile import TableProfile
from gitrack.model.run import Code, Environment, Run
from gitrack.site import display
from gitrack.site.diff import Diff, read_diff
from gitrack.site.drawing.judged import JudgedSet, judged
from gitrack.site.drawing.lines import LinesDrawing, curves
from gitrack.site.drawing.sparkline import Sparkline, sparkline
from gitrack.site.exhibits import Exhibits, Other, shell
from gitrack.site.goals import Goals
from gitrack.site.links import (
    experiment_page,
    lineage_of_run,
    packages_data,
    packages_text,
    places_data,
    run_data,
    runs_within,
)
from gitrack.site.links import run_page as run_page_of
from gitrack.site.pages.datasets import DatasetView, dataset_view
from gitrack.site.pages.frame import Cell, Frame, Moment, RunLink, cells, run_link, when
from gitrack.site.pages.group import Group, is_system, ranked_metrics
from gitrack.site.pages.origins import Origins, origins
from gitrack.site.pages.registry import Membership
from gitrack.site.pages.stages import StageView, stages
from gitrack.store.made import AllVersions

_CONSOLE_LINES = 400
_HEADLINES = 4
#: More are among the metrics below, each with its course.
_CHARTS = 24


class MetricRow(msgspec.Struct, frozen=True, kw_only=True):
    """A metric: its last value and what its steps say."""

    name: str
    goal: str | None
    last: Cell
    low: Cell | None
    high: Cell | None
    count: str
    curve: Sparkline | None


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """A result worth large type."""

    name: str
    value: str
    exact: str


class Step(msgspec.Struct, frozen=True):
    """A command to type, and what for."""

    why: str
    command: str


class Packages(msgspec.Struct, frozen=True, kw_only=True):
    """How many were installed, and where they are told: to people, and to the page's script."""

    count: int
    href: str
    data: str


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `run.html` may use."""

    frame: Frame
    title: str
    run: RunLink
    short: str
    experiment: str
    experiment_href: str
    notes: str | None
    error: str | None
    started: Moment
    ended: Moment | None
    duration: str | None
    author: str | None
    command: str | None
    parent: str | None
    parent_href: str | None
    within: str | None
    older: RunLink | None
    newer: RunLink | None
    headlines: tuple[Headline, ...]
    metrics: tuple[MetricRow, ...]
    system: tuple[MetricRow, ...]
    drawings: tuple[LinesDrawing, ...]
    judged: tuple[JudgedSet, ...]
    thinned: str | None
    all_steps: str | None
    whole: tuple[Other, ...]
    params: tuple[Cell, ...]
    tags: tuple[Cell, ...]
    seeds: tuple[Cell, ...]
    code: tuple[Cell, ...]
    dirty: bool
    patched: bool
    patch: Diff | None
    patch_href: str | None
    datasets: tuple[DatasetView, ...]
    origins: Origins
    became: tuple[Membership, ...]
    lineage: str | None
    sweeps: tuple[tuple[str, str], ...]
    stages: tuple[StageView, ...]
    environment: tuple[Cell, ...]
    packages: Packages | None
    exhibits: Exhibits
    console: str | None
    console_cut: bool
    steps: tuple[Step, ...]
    data: str
    places: str | None


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside a run's record."""

    exhibits: Exhibits = Exhibits()
    history: History | None = None
    patched: bool = False
    patch: str | None = None
    patch_href: str | None = None
    packages: tuple[str, ...] = ()
    console: str | None = None
    pipeline: Pipeline | None = None
    evaluation: Evaluation | None = None
    profiles: Mapping[tuple[str, str], TableProfile] = {}


def run_page(
    frame: Frame,
    run: Run,
    files: Files,
    group: Group,
    *,
    folder: str,
    versions: AllVersions,
    ids: Set[str],
    became: tuple[Membership, ...] = (),
    lineage: bool = False,
    sweeps: tuple[tuple[str, str], ...] = (),
    within: bool = False,
) -> RunPage:
    """One run among the runs of its experiment; `ids` are those of all runs that have a page.

    `became` are the versions of registered models that the run became, `lineage` says that
    the site has a page of it, `sweeps` are (title, page) of those that it is a trial of,
    `within` says that there are runs within it.
    """
    older, newer = group.neighbours(run)
    drawings = _drawings(files.history)
    rows = _metric_rows(run, files.history, group.goals, drawings)
    console = display.terminal(files.console) if files.console else ""
    lines = console.rstrip("\n").split("\n")
    return RunPage(
        frame=frame,
        title=run.name or run.id,
        run=run_link(run),
        short=short(run.id),
        experiment=run.experiment,
        experiment_href=experiment_page(run.experiment),
        notes=run.notes,
        error=run.error,
        started=when(run.started),
        ended=when(run.ended) if run.ended else None,
        duration=display.duration(run.started, run.ended),
        author=display.person(run.author),
        command=run.command,
        parent=run.parent,
        parent_href=run_page_of(run.parent) if run.parent in ids and run.parent else None,
        within=runs_within(run.id) if within else None,
        older=run_link(older) if older else None,
        newer=run_link(newer) if newer else None,
        headlines=_headlines(run, group),
        metrics=tuple(row for row in rows if not is_system(row.name)),
        system=tuple(row for row in rows if is_system(row.name)),
        drawings=drawings,
        judged=judged(files.evaluation),
        thinned=_thinned(files.history, drawings),
        all_steps=_all_steps(files.history),
        whole=_whole(run, files),
        params=cells(run.params),
        tags=cells(run.tags),
        seeds=tuple(Cell(name, str(run.seeds[name])) for name in sorted(run.seeds)),
        code=_code(run.code),
        dirty=bool(run.code and run.code.dirty),
        patched=files.patched,
        patch=read_diff(files.patch) if files.patch else None,
        patch_href=files.patch_href,
        datasets=tuple(dataset_view(dataset, files.profiles) for dataset in run.data),
        origins=origins(run, files.exhibits, versions, ids),
        became=became,
        lineage=lineage_of_run(run.id, run.experiment) if lineage else None,
        sweeps=sweeps,
        stages=stages(files.pipeline),
        environment=_environment(run.environment),
        packages=_packages(files.packages),
        exhibits=files.exhibits,
        console="\n".join(lines[-_CONSOLE_LINES:]) if console.strip() else None,
        console_cut=len(lines) > _CONSOLE_LINES,
        steps=_steps(run, files, folder, frame.branch),
        data=run_data(run.id),
        places=places_data(run.experiment) if len(group.runs) > 1 else None,
    )


def packages_digest(packages: Sequence[str]) -> str:
    """The name under which a list of packages is kept once for all runs."""
    import hashlib

    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:20]


def _packages(packages: Sequence[str]) -> Packages | None:
    if not packages:
        return None
    digest = packages_digest(packages)
    return Packages(count=len(packages), href=packages_text(digest), data=packages_data(digest))


def _drawings(history: History | None) -> tuple[LinesDrawing, ...]:
    if history is None:
        return ()
    names = sorted(name for name in history.columns if not is_system(name))
    return tuple(curves(history, names)[:_CHARTS])


def _metric_rows(
    run: Run, history: History | None, goals: Goals, drawings: Sequence[LinesDrawing]
) -> list[MetricRow]:
    """Every metric; what is drawn large needs no small curve beside it."""
    drawn = {line.name for drawing in drawings for line in drawing.lines}
    columns = history.columns if history else {}
    names = ranked_metrics([run], goals.measure([run]))
    names += sorted(name for name in columns if name not in run.metrics)
    return [
        _metric_row(name, run, columns.get(name), goals, small=name not in drawn) for name in names
    ]


def _metric_row(
    name: str, run: Run, column: Sequence[Value] | None, goals: Goals, *, small: bool
) -> MetricRow:
    value = run.metrics.get(name)
    known = [v for v in column or () if v is not None]
    if value is None and known:
        value = known[-1]
    return MetricRow(
        name=name,
        goal=goals.goal(name),
        last=Cell(name, display.number(value), repr(value)),
        low=_extreme(run, name, "min"),
        high=_extreme(run, name, "max"),
        count=display.number(run.curves.get(f"{name}.count", len(known) or None)),
        curve=sparkline(column) if column and small else None,
    )


def _extreme(run: Run, name: str, which: str) -> Cell | None:
    value = run.curves.get(f"{name}.{which}")
    if value is None:
        return None
    step = run.curves.get(f"{name}.{which}_step")
    return Cell(
        "" if step is None else f"step {display.number(step)}", display.number(value), repr(value)
    )


def _headlines(run: Run, group: Group) -> tuple[Headline, ...]:
    names = [name for name in group.metrics if name in run.metrics and not is_system(name)]
    return tuple(
        Headline(
            name=name,
            value=display.number(run.metrics[name]),
            exact=repr(run.metrics[name]),
        )
        for name in names[:_HEADLINES]
    )


def _thinned(history: History | None, drawings: Sequence[LinesDrawing]) -> str | None:
    """What a reader of the curves has to know of them: points that are not drawn, or not here."""
    if history is not None and history.sampled_from is not None:
        return (
            f"{len(history.steps):,} of {history.sampled_from:,} steps, "
            "the lowest and the highest of each metric among them"
        )
    if any(drawing.thinned for drawing in drawings):
        return "thinned, with the lowest and the highest of every stretch"
    return None


def _all_steps(history: History | None) -> str | None:
    """How many steps there are, where the branch has only some of them."""
    if history is None or history.sampled_from is None:
        return None
    return f"{history.sampled_from:,}"


def _whole(run: Run, files: Files) -> tuple[Other, ...]:
    """The files that hold every step; the commands bring them."""
    if files.history is None or files.history.sampled_from is None:
        return ()
    paths = {artifact.path for artifact in run.artifacts if artifact.kind == "history"}
    return tuple(other for other in files.exhibits.others if other.path in paths)


def _code(code: Code | None) -> tuple[Cell, ...]:
    if code is None:
        return ()
    untracked = str(code.untracked) if code.untracked else None
    return _known(
        ("commit", code.commit),
        ("branch", code.branch),
        ("remote", code.remote),
        ("folder", code.subfolder),
        ("untracked files", untracked),
    )


def _environment(environment: Environment | None) -> tuple[Cell, ...]:
    if environment is None:
        return ()
    cores = None if environment.cores is None else f"{environment.cores} cores"
    processor = ", ".join(part for part in (environment.cpu, cores) if part) or None
    variables = [(name, environment.variables[name]) for name in sorted(environment.variables)]
    return _known(
        ("python", environment.python),
        ("image", environment.image),
        ("system", environment.os),
        ("host", environment.host),
        ("cpu", processor),
        ("memory", display.size(environment.memory)),
        ("gpu", environment.gpu),
        *variables,
    )


def _known(*named: tuple[str, str | None]) -> tuple[Cell, ...]:
    return tuple(Cell(name, value) for name, value in named if value)


def _steps(run: Run, files: Files, folder: str, branch: str) -> tuple[Step, ...]:
    """How to get this run back, with git and DVC alone."""
    steps = [Step("read the record", shell("git", "show", f"{branch}:{folder}/run.yaml"))]
    commit = run.code.commit if run.code else None
    if commit:
        place = f"../{short(run.id)}"
        steps.append(
            Step("check the code out beside", shell("git", "worktree", "add", place, commit))
        )
        if files.patched:
            show = shell("git", "show", f"{branch}:{folder}/code.patch")
            apply = shell("git", "-C", place, "apply")
            steps.append(Step("with what was not committed", f"{show} | {apply}"))
    if files.packages:
        show = shell("git", "show", f"{branch}:{folder}/environment.txt")
        steps.append(Step("the same packages", f"{show} > environment.txt"))
    for other in files.exhibits.others:
        steps.append(Step(f"fetch {other.path}", other.plain or other.command))
    if run.command:
        steps.append(Step("run it again", run.command))
    return tuple(steps)
