"""The example of a DVC pipeline, from `git init` to its second and third run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from gitrack.config import safe_yaml
from gitrack.model.pipeline import Pipeline
from gitrack.model.run import Run, Status
from gitrack.store import open_store
from gitrack.store.codec.records import load_record

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "pipeline"

Type = Callable[..., str]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Nobody's settings, for all tests of this module."""
    home = tmp_path_factory.mktemp("home")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "GITRACK_", "DVC_"))}
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada Example\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
    )
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Type:
    """A copy of the example as its README has it made; `typed("gitrack", "repro")` types there."""
    folder = tmp_path_factory.mktemp("example") / "pipeline"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def type_(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    type_.folder = folder  # type: ignore[attr-defined]  # where it types
    for line in (
        ["git", "init", "-q"],
        ["dvc", "init", "-q"],
        ["gitrack", "init"],
        ["python", "fetch.py", "--rows", "4000"],
        ["dvc", "add", "-q", "data/raw/delivery_records.parquet"],
        ["git", "add", "."],
        ["git", "commit", "-q", "-m", "A pipeline on the flights of 2013"],
        ["gitrack", "repro"],
    ):
        type_(*line)
    return type_


def _last(folder: Path) -> tuple[Run, Pipeline]:
    store = open_store(folder)
    path = store.find("@last")
    name = f"{path}/pipeline.yaml"
    return store.run(path), load_record(name, store.read(name), Pipeline)


def _states(folder: Path) -> dict[str, str]:
    return {stage.name: stage.state for stage in _last(folder)[1].stages}


def test_the_first_run_has_the_whole_pipeline(typed) -> None:
    run, pipeline = _last(typed.folder)

    assert run.status is Status.FINISHED
    assert run.experiment == "xgboost-late-flights"
    assert [(stage.name, stage.state) for stage in pipeline.stages] == [
        ("prepare_data", "ran"),
        ("train", "ran"),
        ("evaluate", "ran"),
    ]
    assert run.params["model.max_depth"] == 6
    assert run.params["late_minutes"] == 30
    evaluation = json.loads((typed.folder / "reports/evaluation.json").read_text())
    assert run.metrics["test_auc_roc"] == pytest.approx(evaluation["test_auc_roc"])
    assert run.metrics["test_auc_roc"] > 0.55
    assert run.curves["val_logloss.count"] == 60  # by the script, which joined this run
    data = {(entry.name, entry.role): entry for entry in run.data}
    assert set(data) == {
        ("delivery_records", "input"),
        ("training_data", "output"),
        ("test_data", "output"),
    }
    raw = (typed.folder / "data/raw/delivery_records.parquet").read_bytes()
    assert data["delivery_records", "input"].dvc == f"md5:{hashlib.md5(raw).hexdigest()}"
    kinds = {artifact.path: (artifact.kind, artifact.store) for artifact in run.artifacts}
    assert kinds == {
        "models/xgboost_model.pkl": ("model", "dvc"),
        "reports/evaluation.json": ("metrics", "git"),
        "reports/metrics.json": ("metrics", "git"),
        "reports/roc_curve.json": ("plot", "git"),
    }


def test_stages_are_recorded_as_dvc_lock_has_them(typed) -> None:
    pipeline = _last(typed.folder)[1]
    lock = yaml.safe_load((typed.folder / "dvc.lock").read_text())["stages"]

    for stage in pipeline.stages:
        locked = lock[stage.name]
        assert stage.command == locked["cmd"]
        for kind, files in (("deps", stage.deps), ("outs", stage.outs)):
            found = {file.path: (file.md5, file.size) for file in files}
            assert found == {one["path"]: (one["md5"], one["size"]) for one in locked[kind]}


def test_plain_dvc_gets_the_model_of_the_run(typed, tmp_path: Path) -> None:
    folder = open_store(typed.folder).find("@last")
    target = tmp_path / "model.pkl"

    typed(
        "dvc", "get", ".", f"{folder}/artifacts/models/xgboost_model.pkl",
        "--rev", "gitrack", "--out", str(target),
    )  # fmt: skip

    assert target.read_bytes() == (typed.folder / "models/xgboost_model.pkl").read_bytes()


def test_only_what_depends_on_a_change_runs_again(typed) -> None:
    typed("git", "add", ".")
    typed("git", "commit", "-q", "-m", "The first result")
    status = typed("git", "status", "--porcelain")

    typed("gitrack", "repro")
    assert _states(typed.folder) == dict.fromkeys(("prepare_data", "train", "evaluate"), "cached")
    assert typed("git", "status", "--porcelain") == status
    before = _last(typed.folder)[0]

    config = typed.folder / "config/model_config.yaml"
    config.write_text(config.read_text().replace("max_depth: 6", "max_depth: 2"))
    typed("gitrack", "repro")
    assert _states(typed.folder) == {"prepare_data": "cached", "train": "ran", "evaluate": "ran"}
    after = _last(typed.folder)[0]
    assert (before.params["model.max_depth"], after.params["model.max_depth"]) == (6, 2)
    assert before.metrics["test_auc_roc"] != after.metrics["test_auc_roc"]

    found = json.loads(typed("gitrack", "diff", "--json"))
    assert found["metrics"] == json.loads(typed("dvc", "metrics", "diff", "--json"))
    assert found["params"] == json.loads(typed("dvc", "params", "diff", "--json"))
    change = {"old": 6, "new": 2, "diff": -4}
    assert found["params"] == {"config/model_config.yaml": {"model.max_depth": change}}
    runs = json.loads(typed("gitrack", "diff", before.id, after.id, "--json"))
    assert [entry["name"] for entry in runs["params"]] == ["model.max_depth"]


def test_the_stages_are_those_of_the_pipeline(typed) -> None:
    """What the example promises to be: safe to read, and known to DVC."""
    content, _ = safe_yaml.load((EXAMPLE / "dvc.yaml").read_text(), name="dvc.yaml")

    assert list(content["stages"]) == ["prepare_data", "train", "evaluate"]
    assert "evaluate" in typed("dvc", "dag")
    assert "test_auc_roc" in typed("dvc", "metrics", "show")


def test_another_clone_pulls_what_plain_dvc_has_pushed(
    typed, settings: dict[str, str], tmp_path: Path
) -> None:
    """The everyday commands of DVC, with a tracking branch beside them."""
    remote = tmp_path / "store"
    for line in (
        ["dvc", "remote", "add", "-d", "shared", str(remote)],
        ["git", "add", "-A"],
        ["git", "commit", "-q", "-m", "Configure the DVC remote"],
        ["dvc", "push", "-q"],
        ["git", "clone", "-q", ".", str(tmp_path / "clone")],
    ):
        typed(*line)
    clone = tmp_path / "clone"

    def there(*command: str) -> str:
        done = subprocess.run(
            command, cwd=clone, env=settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    there("dvc", "pull", "-q")
    assert "up to date" in there("dvc", "status")
    there("gitrack", "repro")

    assert set(_states(clone).values()) == {"cached"}
    assert _last(clone)[0].metrics["test_auc_roc"] == _last(typed.folder)[0].metrics["test_auc_roc"]
    there("dvc", "push", "-q")
    assert "deleted" not in there("dvc", "diff")
