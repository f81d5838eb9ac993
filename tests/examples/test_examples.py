"""Every example runs in a repository of its own, and what it logs is on the branch."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import gitrack
from gitrack.model.run import Run, Status
from gitrack.store import open_store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def play(repo: Path) -> Callable[[str], tuple[str, list[Run]]]:
    """`play(name)` runs an example: what it printed, and the runs it left, oldest first."""

    def run(name: str) -> tuple[str, list[Run]]:
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name)],
            cwd=repo,
            env={**os.environ, "OMP_NUM_THREADS": "1"},  # tests run side by side
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = [run for _, run in open_store(repo).all()]
        assert all(isinstance(run, Run) for run in found)
        return done.stdout, sorted(found, key=lambda run: run.started)  # type: ignore

    return run


def test_parameters_are_flattened_and_kept_with_their_types(play) -> None:
    _, (run,) = play("parameters.py")

    assert run.params["model.max_depth"] == 8
    assert run.params["model.learning_rate"] == 0.05
    assert run.params["preprocessing.train_cutoff_date"] == "2024-09-30"
    assert run.params["infrastructure.framework"] == "xgboost==1.7.6"
    assert len(run.params) == 16


def test_metrics_have_curves_and_final_values(play) -> None:
    _, (run,) = play("metrics.py")

    assert run.metrics["test_auc_roc"] == 0.892
    assert run.metrics["best_iteration"] == 423
    assert len(run.metrics) == 10
    assert run.curves["val_logloss.count"] == 424
    assert run.curves["val_logloss.min_step"] == 423


def test_tags_are_kept_and_the_commit_needs_none(play, repo: Path, git) -> None:
    _, (run,) = play("tags.py")

    assert run.tags["hypothesis"] == "Adding weather features improves AUC by 2pp"
    assert run.tags["status"] == "experimental"
    assert run.code is not None
    assert run.code.commit == git(repo, "rev-parse", "HEAD")
    assert run.author == "Ada Example <ada@example.com>"


def test_names_follow_the_convention_or_are_refused(play, repo: Path) -> None:
    policy = repo / ".tracking" / "policy.yaml"
    policy.parent.mkdir()
    policy.write_text(_policy_of(EXAMPLES / "naming.py"))

    printed, runs = play("naming.py")

    assert {run.experiment for run in runs} == {
        "xgboost-baseline-20241015",
        "xgboost-weather-features-20241022",
        "lightgbm-weather-features-20241022",
        "xgboost-weather-features-zone-embeddings-20241029",
    }
    names = {run.name for run in runs}
    assert len(names) == 8
    assert "xgboost-weather-features-20241022-lr005-depth8" in names
    assert "xgboost-weather-features-20241022-lr001-depth6" in names
    assert printed.count("refused: ") == 3


def _policy_of(example: Path) -> str:
    """The policy that the example's docstring shows."""
    text = example.read_text()
    block = text[text.index("    project:") : text.index('"""', 3)]
    return "".join(line[4:] for line in block.splitlines(keepends=True))


def test_a_whole_training_is_tracked(play, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed, (run,) = play("tracking_a_run.py")

    assert run.id in printed
    assert run.status is Status.FINISHED
    assert run.metrics["test_auc_roc"] > 0.6
    assert run.curves["val_logloss.count"] == run.curves["train_logloss.count"]
    assert run.seeds["numpy"] == 42
    assert run.data[0].role == "train"
    kinds = {artifact.path: artifact.kind for artifact in run.artifacts}
    assert kinds["model"] == "model"
    assert kinds["plots/confusion_matrix.png"] == "figure"
    assert "reports/evaluation_report.html" in kinds
    monkeypatch.chdir(repo)
    model = gitrack.load_model(f"runs:/{run.id}/model", as_function=True)
    assert str(model.signature.inputs).startswith("month: long, hour: long")


def test_code_data_and_environment_are_identified(play, repo: Path, git) -> None:
    _, (run,) = play("provenance.py")

    assert run.code is not None
    assert run.code.commit == git(repo, "rev-parse", "HEAD")
    assert run.code.branch == git(repo, "branch", "--show-current")
    assert run.code.dirty is False
    train, test = run.data
    assert (train.path, train.role, train.version, train.rows) == (
        "data/train.csv",
        "train",
        "v1.4.2",
        4,
    )
    assert train.dvc == f"md5:{hashlib.md5((repo / 'data/train.csv').read_bytes()).hexdigest()}"
    assert test.rows == 1
    assert run.params["data.row_count"] == 5
    assert str(run.params["data.feature_set_hash"]).startswith("sha256:")
    assert run.environment is not None
    assert run.environment.image == "ml-training:2024.10.15"
    assert run.environment.python == platform.python_version()
    assert run.environment.cores
    assert str(run.environment.packages).startswith("sha256:")


def test_files_of_every_kind_are_kept(play) -> None:
    printed, (run, evaluation) = play("artifacts.py")

    assert "delay-classifier:v1 has AUC" in printed
    assert [(use.name, use.version, use.run) for use in evaluation.uses] == [
        ("delay-classifier", 1, run.id)
    ]
    assert evaluation.metrics == run.metrics
    stores = {artifact.path: (artifact.kind, artifact.store) for artifact in run.artifacts}
    assert stores["model.skops"] == ("model", "dvc")
    assert stores["plots/roc_curve.png"] == ("figure", "git")
    assert set(stores) == {
        "model.skops",
        "feature_importance.csv",
        "plots/confusion_matrix.png",
        "plots/feature_importance.png",
        "plots/roc_curve.png",
        "reports/evaluation.html",
        "reports/evaluation.json",
    }


def test_a_loop_of_epochs_keeps_curves_and_the_best_checkpoint(play) -> None:
    _, (run,) = play("epochs.py")

    assert run.status is Status.FINISHED
    assert run.curves["val/loss.count"] == 30
    assert run.metrics["val/loss"] < run.curves["val/loss.max"] / 2
    assert run.params["forecast_horizon"] == 7
    assert run.tags["demand-forecast"] is True
    assert run.notes
    (model,) = [artifact for artifact in run.artifacts if artifact.kind == "model"]
    assert (model.path, model.name) == ("model_checkpoint.npy", "demand-forecast-model")
    best = run.curves["val/loss.min_step"]
    assert str(model.description).startswith(f"Linear forecast, epoch {best}, ")


def test_runs_share_named_contents_and_say_what_they_used(play) -> None:
    said, runs = play("named_artifacts.py")

    made, trained = runs[:3], runs[3:]
    assert [run.artifacts[0].name for run in made] == ["flights"] * 3
    assert [run.uses[0].version for run in trained] == [1, 2]
    assert [run.uses[0].run for run in trained] == [made[0].id, made[1].id]
    assert "flights:v2 gave" in said


def test_a_model_with_its_preparation_is_loaded_again(play) -> None:
    printed, (run,) = play("models.py")

    (artifact,) = run.artifacts
    assert (artifact.kind, artifact.flavor, artifact.name) == ("model", "sklearn", "delivery-delay")
    assert "takes distance_km: double, packages: long, rain_mm: double?, depot: string" in printed
    assert run.metrics["test_accuracy"] > 0.7


def test_drift_and_leakage_of_the_flights_are_found(play, repo: Path) -> None:
    printed, (leaky, clean) = play("data.py")

    assert "'arr_delay' alone tells 'late': AUC 1.0000" in printed
    assert [fact.passed for fact in (*leaky.evidence, *clean.evidence)] == [False, True]
    sides = ["flights:train", "flights:test"]
    done = subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", "data", "diff", "--json", *sides],
        cwd=repo,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert (found["rows_before"], found["rows_after"]) == (160_678, 166_668)
    # half a year apart, and otherwise much the same flights
    assert found["drifted"] == ["month", "departs"]
