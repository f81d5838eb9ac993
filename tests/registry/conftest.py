"""A repository with runs that left models."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.model.run import Artifact, Run, RunBundle
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.store import open_store
from gitrack.tracking import notice

MODEL = Artifact(path="model", kind="model", store="git")


def run_id(number: int) -> str:
    """The id of the run that started on that day."""
    return f"202410{number:02}-143012-7k3f{number:02}"


def a_run(number: int, artifacts: list[Artifact] | None = None) -> Run:
    return Run(
        id=run_id(number),
        name=f"r{number}",
        experiment="churn-20241022",
        started=f"2024-10-{number:02}T14:30:12.120Z",
        metrics={"test_auc": 0.8 + number / 100},
        artifacts=[MODEL] if artifacts is None else artifacts,
    )


@pytest.fixture
def with_models(repo: Path, monkeypatch: pytest.MonkeyPatch) -> OpenRegistry:
    """Runs of the 1st to the 9th left one model each, others several, none, or a file."""
    monkeypatch.chdir(repo)
    notice.forget()
    runs = [a_run(number) for number in range(1, 10)]
    report = Artifact(path="report.html", store="git")
    big = Artifact(path="big", kind="model", store="git")
    runs += [
        a_run(10, [MODEL, big]),
        a_run(11, []),
        a_run(12, [report]),
        a_run(13, [MODEL, report]),
    ]
    open_store(repo).commit_runs([RunBundle(run=run) for run in runs])
    return open_registry(repo)
