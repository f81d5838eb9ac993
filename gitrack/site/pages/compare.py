"""The comparison page and the data it loads: one script a run, by the choice in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.links import packages_data, run_page
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.group import Group
from gitrack.site.pages.run import Files
from gitrack.site.scripts import pairs


class ComparePage(msgspec.Struct, frozen=True, kw_only=True):
    """What `compare.html` may use: the runs themselves come with the address."""

    frame: Frame
    title: str


def compare_page(frame: Frame) -> ComparePage:
    """The page for any runs."""
    return ComparePage(frame=frame, title="Compare runs")


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
        "pictures": [[p.path, p.source, p.inline] for p in files.exhibits.pictures],
    }


def packages_digest(packages: Sequence[str]) -> str:
    """The name under which a list of packages is kept once for all runs."""
    import hashlib

    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:20]


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
        "steps": list(history.steps),
        "times": list(history.times),
        "columns": [[name, history.columns[name]] for name in sorted(history.columns)],
        "sampled_from": history.sampled_from,
    }
