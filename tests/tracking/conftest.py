"""A project to log into, and processes of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitrack.model.run import Run
from gitrack.store import open_store
from gitrack.tracking import active, notice


@pytest.fixture(autouse=True)
def _quiet_start() -> Iterator[None]:
    """What was said and what is open belongs to one test."""
    notice.forget()
    yield
    for run in list(active._open):
        run.end("killed")
    active._stack.set(())
    active._experiment = None


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, as the current folder."""
    monkeypatch.chdir(repo)
    return repo


@pytest.fixture
def runs(project: Path) -> Callable[[], list[Run]]:
    """`runs()`: every run on the branch, oldest first."""

    def read() -> list[Run]:
        found = [run for _, run in open_store(project).all()]
        assert all(isinstance(run, Run) for run in found), found
        return sorted(found, key=lambda run: (run.started, run.id))  # ids know whole seconds

    return read


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`play(folder, code)` runs a Python program there to its end."""

    def run(folder: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
