"""The comparison page and the data it loads: one script a run, by the choice in the address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site import display, packing
from gitrack.site.diff import read_diff
from gitrack.site.evaluations import evaluation_data
from gitrack.site.goals import Goals
from gitrack.site.links import (
    data_set_page,
    experiment_page,
    model_page,
    packages_data,
    patch_data,
    run_page,
)
from gitrack.site.pages.beside import Beside, beside
from gitrack.site.pages.frame import Frame, RunLink, run_link
from gitrack.site.pages.group import Group
from gitrack.site.pages.marks import Marks, StageMark
from gitrack.site.pages.questions import Asked
from gitrack.site.pages.registry import PRODUCTION
from gitrack.site.pages.run import Files, packages_digest
from gitrack.site.pages.serving import against_production
from gitrack.site.scripts import pairs

#: Runs by their ids.
Known = Mapping[str, Run]

_MOST_ROWS = 60
_MOST_STARTS = 24


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A run that stands out, and why; `told` is where a promotion tells it."""

    run: RunLink
    why: str
    of: str
    href: str
    metric: str | None
    goal: str | None
    value: str | None
    told: str | None = None


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison that is likely to be asked for: what follows `compare.html#`."""

    one: str
    other: str
    address: str
    runs: tuple[str, str]
    told: str


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Such a comparison for a page without scripts, at the address that scripts would read.

    `more` are other addresses of the same two runs, `told` is where it is told why the one is in
    production.
    """

    one: str
    other: str
    address: str
    more: tuple[str, ...]
    told: str | None
    sides: Beside


class ComparePage(msgspec.Struct, frozen=True, kw_only=True):
    """What `compare.html` may use: the runs themselves come with the address."""

    frame: Frame
    title: str
    marked: tuple[Marked, ...] = ()
    starts: tuple[Start, ...] = ()
    pairs: tuple[Pair, ...] = ()


def compare_page(
    frame: Frame, marks: Marks, runs: Known, goals: Goals, asked: Sequence[Asked] = ()
) -> ComparePage:
    """The page for any runs: without a choice, those that stand out.

    `asked` are the comparisons that the first page leads to.
    """
    starts = tuple(_starts(marks))[:_MOST_STARTS]
    return ComparePage(
        frame=frame,
        title="Compare runs",
        marked=tuple(_marked(marks, runs))[:_MOST_ROWS],
        starts=starts,
        pairs=tuple(_pairs(starts, asked, runs, goals)),
    )


def _pairs(
    starts: Sequence[Start], asked: Sequence[Asked], runs: Known, goals: Goals
) -> Iterator[Pair]:
    """Each two runs once, in the order of the page."""
    found: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for start in starts:
        found.setdefault(start.runs, []).append((start.one, start.other, start.address))
    for one in asked:
        names = (one.one_is, one.other_is, one.address)
        found.setdefault((one.one.id, one.other.id), []).append(names)
    why = {start.runs[0]: start.told for start in starts}
    for (one_id, other_id), told in found.items():
        yield Pair(
            one=told[0][0],
            other=told[0][1],
            address=told[0][2],
            more=tuple(address for _, _, address in told[1:]),
            told=why.get(one_id),
            sides=beside(runs[one_id], runs[other_id], goals),
        )


def _marked(marks: Marks, runs: Known) -> Iterator[Marked]:
    """In production first, then what waits, then the best."""
    ranked = {mark.experiment: mark for mark in marks.best}
    standing = (mark for mark in marks.stages if mark.stage != ARCHIVE)
    stages = sorted(standing, key=lambda m: (m.stage != PRODUCTION, m.model, m.stage))
    for stage in stages:
        known = ranked.get(stage.experiment)
        yield _row(
            runs[stage.run],
            f"{stage.stage} of",
            f"{stage.model} v{stage.version}",
            model_page(stage.model),
            (known.metric, known.goal) if known else None,
            stage.why,
        )
    for best in marks.best:
        yield _row(
            runs[best.run],
            "best of",
            best.experiment,
            experiment_page(best.experiment),
            (best.metric, best.goal),
        )


def _row(
    run: Run,
    why: str,
    of: str,
    href: str,
    measure: tuple[str, str] | None,
    told: str | None = None,
) -> Marked:
    value = run.metrics.get(measure[0]) if measure else None
    return Marked(
        run=run_link(run),
        why=why,
        of=of,
        href=href,
        metric=measure[0] if measure and value is not None else None,
        goal=measure[1] if measure and value is not None else None,
        value=None if value is None else display.number(value),
        told=told,
    )


def _starts(marks: Marks) -> Iterator[Start]:
    """What is in production against what waits for it, and against the best of its experiment."""
    serving: dict[str, StageMark] = {}
    for mark in marks.stages:
        if mark.stage == PRODUCTION:
            serving.setdefault(mark.model, mark)
    for model in sorted(serving):
        now = serving[model]
        for mark in marks.stages:
            waits = mark.model == model and mark.stage not in (PRODUCTION, ARCHIVE)
            if waits and mark.run != now.run:
                about = f"{mark.stage} v{mark.version}"
                yield _start(now, about, f"@{mark.stage}:{model}", mark.run)
        for best in marks.best:
            if best.run != now.run:
                about = f"the best of {best.experiment}"
                yield _start(now, about, f"@best:{best.experiment}", best.run)


def _start(now: StageMark, other: str, reference: str, run: str) -> Start:
    return Start(
        one=f"{now.model} v{now.version} in production",
        other=other,
        address=against_production(now.model, reference),
        runs=(now.run, run),
        told=now.why,
    )


def run_data(run: Run, files: Files, group: Group) -> dict[str, Any]:
    """All of a run that its charts and a comparison need."""
    code = run.code
    environment = run.environment
    return {
        "id": run.id,
        "name": run.name or run.id,
        "page": run_page(run.id),
        "experiment": run.experiment,
        "status": str(run.status),
        "started": run.started,
        "duration": display.duration(run.started, run.ended),
        "author": display.person(run.author),
        "command": run.command,
        "params": pairs(run.params),
        "metrics": [
            [name, run.metrics[name], group.goals.goal(name)]
            for name in group.metrics
            if name in run.metrics
        ],
        "curves": pairs(run.curves),
        "tags": pairs(run.tags),
        "seeds": pairs(run.seeds),
        "code": _fields(code, "commit", "branch", "dirty", "subfolder") if code else [],
        "patch": files.patch_href,
        "changes": patch_data(patch_digest(files.patch)) if files.patch else None,
        "data": [
            [
                dataset.name
                if dataset.role in (None, dataset.name)
                else f"{dataset.name} ({dataset.role})",
                _fields(dataset, "version", "rows", "columns", "size", "dvc", "path", "uri"),
                data_set_page(dataset.name),
            ]
            for dataset in run.data
        ],
        "environment": _fields(
            environment, "python", "image", "os", "host", "cpu", "cores", "memory", "gpu"
        )
        if environment
        else [],
        "packages": packages_data(packages_digest(files.packages)) if files.packages else None,
        "history": _history(files.history),
        "evaluation": evaluation_data(files.evaluation),
        "pictures": [[p.path, p.source, p.inline] for p in files.exhibits.pictures],
    }


def patch_digest(patch: str) -> str:
    """The name under which changes that were not committed are kept once for all runs."""
    return hashlib.sha256(patch.encode("utf-8", "replace")).hexdigest()[:20]


def patch_files(patch: str) -> list[list[object]]:
    """File by file: its path, lines that came and went, and each as `[kind, text, old, new]`."""
    return [
        [
            file.path,
            file.added,
            file.removed,
            [[line.kind, line.text, line.old, line.new] for line in file.lines],
        ]
        for file in read_diff(patch).files
    ]


def package_pairs(packages: Sequence[str]) -> list[list[str]]:
    """`numpy==2.1.0` as name and version; other lines whole."""
    found = []
    for line in packages:
        name, equals, version = line.partition("==")
        found.append([name, version] if equals else [line, "installed"])
    return found


def _fields(record: object, *names: str) -> list[list[object]]:
    values = ((name, getattr(record, name)) for name in names)
    return [[name, value] for name, value in values if value is not None]


def _history(history: History | None) -> dict[str, Any] | None:
    if history is None or not history.steps:
        return None
    return {
        "steps": packing.counted(history.steps),
        "times": packing.moments(history.times),
        "columns": [
            [name, packing.series(history.columns[name])] for name in sorted(history.columns)
        ],
        "sampled_from": history.sampled_from,
    }
