"""DVC projects with small pipelines, and the words that are typed in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gitrack.model.pipeline import Pipeline, StageRun
from gitrack.model.run import Run
from gitrack.store import open_store
from gitrack.store.codec.records import load_record

Type = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def type_(tmp_path: Path) -> Type:
    """`type_(folder, *command)` types a command there, with this environment's programs."""

    def run(folder: Path, *command: str, code: int | None = 0, **more: str):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path, **more},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
            check=False,
        )
        said = f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert code is None or done.returncode == code, said
        return done

    return run


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: a git repository that is a DVC project, with raw data that DVC tracks."""
    folder = tmp_path_factory.mktemp("template") / "project"
    folder.mkdir()
    (folder / "data").mkdir()
    (folder / "data/raw.csv").write_text("a\n1\n2\n3\n")
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    dvc = str(Path(sys.executable).parent / "dvc")
    for command in (
        ["git", "init", "-q", "-b", "main"],
        [dvc, "init", "-q"],
        [dvc, "add", "-q", "data/raw.csv"],
        ["git", "add", "."],
        ["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "-m", "start"],
    ):
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture
def dvc_project(_template: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return Path(shutil.copytree(_template, tmp_path / "project", symlinks=True))


def last(folder: Path) -> Run:
    """The run that was recorded last."""
    return open_store(folder).run("@last")


def stages(folder: Path) -> dict[str, StageRun]:
    """The stages of the run that was recorded last, by name."""
    store = open_store(folder)
    name = f"{store.find('@last')}/pipeline.yaml"
    return {stage.name: stage for stage in load_record(name, store.read(name), Pipeline).stages}


def states(folder: Path) -> dict[str, str]:
    return {name: stage.state for name, stage in stages(folder).items()}


def runs(folder: Path) -> list[Run]:
    found = [run for _, run in open_store(folder).all()]
    assert all(isinstance(run, Run) for run in found)
    return found  # type: ignore[return-value]  # just looked at
