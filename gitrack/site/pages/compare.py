"""The comparison page and the data it loads: one script a run, by the choice in the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site import display, packing
from gitrack.site.evaluations import evaluation_data
from gitrack.site.links import (
    data_set_page,
    experiment_page,
    model_page,
    packages_data,
    run_page,
)
from gitrack.site.pages.frame import Frame, RunLink, run_link
from gitrack.site.pages.group import Group
from gitrack.site.pages.marks import Marks, StageMark
from gitrack.site.pages.registry import PRODUCTION
from gitrack.site.pages.run import Files, packages_digest
from gitrack.site.scripts import pairs

#: Runs by their ids.
Known = Mapping[str, Run]

_MOST_ROWS = 60
_MOST_STARTS = 24


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A run that stands out, and why."""

    run: RunLink
    why: str
    of: str
    href: str
    metric: str | None
    goal: str | None
    value: str | None


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison that is likely to be asked for: what follows `compare.html#`."""

    one: str
    other: str
    address: str


class ComparePage(msgspec.Struct, frozen=True, kw_only=True):
    """What `compare.html` may use: the runs themselves come with the address."""

    frame: Frame
    title: str
    marked: tuple[Marked, ...] = ()
    starts: tuple[Start, ...] = ()


def compare_page(frame: Frame, marks: Marks, runs: Known) -> ComparePage:
    """The page for any runs: without a choice, those that stand out."""
    return ComparePage(
        frame=frame,
        title="Compare runs",
        marked=tuple(_marked(marks, runs))[:_MOST_ROWS],
        starts=tuple(_starts(marks))[:_MOST_STARTS],
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
        )
    for best in marks.best:
        yield _row(
            runs[best.run],
            "best of",
            best.experiment,
            experiment_page(best.experiment),
            (best.metric, best.goal),
        )


def _row(run: Run, why: str, of: str, href: str, measure: tuple[str, str] | None) -> Marked:
    value = run.metrics.get(measure[0]) if measure else None
    return Marked(
        run=run_link(run),
        why=why,
        of=of,
        href=href,
        metric=measure[0] if measure and value is not None else None,
        goal=measure[1] if measure and value is not None else None,
        value=None if value is None else display.number(value),
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
            if mark.model == model and mark.stage not in (PRODUCTION, ARCHIVE):
                yield _start(now, f"{mark.stage} v{mark.version}", f"@{mark.stage}:{model}")
        for best in marks.best:
            if best.run != now.run:
                yield _start(now, f"the best of {best.experiment}", f"@best:{best.experiment}")


def _start(now: StageMark, other: str, reference: str) -> Start:
    ours = f"@{PRODUCTION}:{now.model}"
    return Start(
        one=f"{now.model} v{now.version} in production",
        other=other,
        address=f"runs={quote(ours, safe='@:')},{quote(reference, safe='@:')}",
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
