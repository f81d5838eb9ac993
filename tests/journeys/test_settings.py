"""Every setting of `.tracking/config.yaml` changes what a tracked run leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitrack.model.run import Run
from gitrack.store import open_store

TRAIN = """
import os, time, gitrack
with gitrack.start_run("settings", params={"pl_hidden": 1}) as run:
    print("said on the console")
    run.log_metric("acc", 0.9)
    run.log_artifact("report.txt")
    time.sleep(float(os.environ.get("TRAINS_FOR", "0.5")))
"""


@pytest.fixture
def tracked(repo: Path) -> Callable[..., tuple[Run, set[str]]]:
    """`tracked("capture: {…}")`: a run under these settings, and the names of its files."""

    def run(settings: str = "", **environment: str) -> tuple[Run, set[str]]:
        done = train(repo, settings, **environment)
        assert done.returncode == 0, done.stderr
        store = open_store(repo)
        folder = store.find("@last")
        return store.run(folder), {
            entry.path.removeprefix(f"{folder}/") for entry in store.files(folder)
        }

    return run


def train(repo: Path, settings: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (repo / "report.txt").write_text("x" * 5000)
    (repo / ".tracking").mkdir(exist_ok=True)
    (repo / ".tracking/config.yaml").write_text(settings)
    return subprocess.run(
        [sys.executable, "-c", TRAIN],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_what_is_captured(tracked):
    # what measures the machine is loaded beside the training: on a busy one that takes its time
    run, files = tracked("capture: {system_metrics: 0.1}", TRAINS_FOR="3")
    assert {"code.patch", "environment.txt", "output.txt", "system.tsv"} <= files
    assert run.environment.packages is not None

    run, files = tracked("capture: {packages: false, patch: false, output: off}")
    assert files & {"code.patch", "environment.txt", "output.txt"} == set()
    assert run.environment.packages is None
    _, files = tracked("capture: {system_metrics: false}")
    assert "system.tsv" not in files


def test_environment_variables_by_name_only(tracked):
    run, _ = tracked("capture: {environment_variables: [JOB_NUMBER]}", JOB_NUMBER="7", OTHER="8")
    assert run.environment.variables == {"JOB_NUMBER": "7"}


def test_uncommitted_changes_may_be_refused_or_ignored(repo, tracked):
    (repo / "train.py").write_text("changed\n")
    assert "uncommitted" in train(repo, "capture: {dirty: warn}").stderr
    assert train(repo, "capture: {dirty: ignore}").stderr == ""
    refused = train(repo, "capture: {dirty: refuse}")
    assert refused.returncode == 1
    assert "uncommitted" in refused.stderr


def test_artifacts(tracked, tmp_path):
    _, files = tracked()
    assert "artifacts/report.txt" in files
    run, files = tracked("artifacts: {inline_below: 1kB}")
    assert "artifacts/report.txt.dvc" in files
    assert run.artifacts[0].store == "dvc"


def test_branch_project_and_remote_of_artifacts(repo, git, tmp_path):
    settings = f"project: flights\nbranch: runs\nartifacts: {{remote: {tmp_path / 'heavy'}}}\n"
    assert train(repo, settings).returncode == 0
    assert git(repo, "branch", "--list", "gitrack") == ""
    assert "flights" in git(repo, "show", "runs:format.yaml")
    assert str(tmp_path / "heavy") in git(repo, "show", "runs:.dvc/config")


def test_the_site(repo, tmp_path):
    settings = "site: {title: Late flights, public: true, hide: {params: ['pl_*']}}\n"
    assert train(repo, settings).returncode == 0
    built = subprocess.run(
        [*(sys.executable, "-m", "gitrack.cli.main", "site", "build", "--json")],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(built.stdout)
    assert report["runs"] == 1
    pages = "".join(
        file.read_text() for file in (repo / ".tracking/site").rglob("*.html") if file.is_file()
    )
    assert "Late flights" in pages
    assert "Ada Example" not in pages
    assert "pl_hidden</" not in pages  # the command line shows it, its table does not
