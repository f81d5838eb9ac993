"""`load_model`: what a run has logged comes back, checked, without MLflow and without its code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gitrack
from gitrack.errors import ArtifactError, GitrackError, NotFound, UnreadableFile, UsageError
from gitrack.store import open_store
from gitrack.tracking import notice


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repo)
    notice.forget()
    return repo


@pytest.fixture
def linear() -> Any:
    from sklearn.linear_model import LinearRegression

    rows = np.arange(12.0).reshape(6, 2)
    return LinearRegression().fit(rows, rows[:, 0] * 3)


ROWS = np.array([[1.0, 2.0], [5.0, 0.5]])


def test_a_logged_model_comes_back_by_every_name_it_has(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear, input_example=ROWS, named="rates", aliases=["best"])

    by_run = [f"runs:/{run.id}/model", f"{run.id}/model", "@last/model"]
    for reference in [*by_run, "rates:v1", "rates:best", "rates"]:
        model = gitrack.load_model(reference)
        np.testing.assert_array_equal(model.predict(ROWS), linear.predict(ROWS))
    (artifact,) = open_store(project).run(open_store(project).find(run.id)).artifacts
    assert (artifact.kind, artifact.flavor, artifact.name) == ("model", "sklearn", "rates")
    assert (artifact.inputs, artifact.outputs) == ("float64[-1, 2]", "float64[-1]")


def test_the_record_cuts_what_a_model_of_many_columns_takes(project: Path, linear: Any) -> None:
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    rows = pd.DataFrame(np.eye(100), columns=[f"column-{n}" for n in range(100)])
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(LinearRegression().fit(rows, rows["column-1"]), input_example=rows)

    (artifact,) = open_store(project).run(open_store(project).find(run.id)).artifacts
    assert artifact.inputs is not None
    assert len(artifact.inputs) < 610
    assert artifact.inputs.endswith(": double, …")


def test_the_functions_of_gitrack_log_to_the_active_run(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015"):
        gitrack.log_model(linear, "models/first")
        gitrack.log_model(linear, "models/second", input_example=ROWS)

    assert gitrack.load_model("@last/models/second").coef_.tolist() == linear.coef_.tolist()


def test_equal_models_are_one_version(project: Path, linear: Any) -> None:
    for _ in range(2):
        with gitrack.start_run("rates-20241015") as run:
            run.log_model(linear, input_example=ROWS, named="rates")

    with pytest.raises(NotFound):
        gitrack.load_model("rates:v2")


def test_a_model_takes_the_place_of_what_was_logged_there(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_text("to come", "model")
        run.log_model(linear)
        run.log_model(linear, input_example=ROWS)

    assert gitrack.load_model("@last/model", as_function=True).signature.inputs is not None


def test_a_function_holds_data_against_the_signature(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear, input_example=ROWS)

    function = gitrack.load_model("@last/model", as_function=True)

    np.testing.assert_array_equal(function.predict([[1, 2]]), linear.predict([[1, 2]]))
    with pytest.raises(UsageError, match=r"shape \[-1, 2\], and not \[1, 3\]"):
        function.predict([[1, 2, 3]])


def test_wrong_bytes_are_never_loaded(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear)
    for path in (project / ".git/gitrack/dvc-cache").rglob("*"):
        if path.is_file() and b"schema.json" in path.read_bytes():
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-1] + b"X")

    with pytest.raises((ArtifactError, UnreadableFile)):
        gitrack.load_model(f"runs:/{run.id}/model")


def test_a_copy_is_kept_where_it_is_wanted(project: Path, linear: Any, tmp_path: Path) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear)

    gitrack.load_model("@last/model", target=tmp_path / "kept")

    again = gitrack.load_model(tmp_path / "kept")
    assert again.intercept_ == linear.intercept_
    assert gitrack.load_model(str(tmp_path / "kept")).intercept_ == linear.intercept_
    with pytest.raises(UsageError, match="is a folder already"):
        gitrack.load_model(tmp_path / "kept", target=tmp_path / "more")


def test_neither_mlflow_nor_what_is_not_needed_is_imported(project: Path, linear: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear, input_example=ROWS)
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('mlflow', 'xgboost', 'lightgbm', 'torch', 'onnx'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "import gitrack\n"
        "model = gitrack.load_model('@last/model', as_function=True)\n"
        "print(model.predict([[1.0, 2.0]])[0])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )

    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(linear.predict([[1.0, 2.0]])[0])


@pytest.mark.parametrize(
    ("reference", "error", "what"),
    [
        ("./nowhere", NotFound, "there is no folder './nowhere'"),
        ("train.py", NotFound, "no named artifact and no run"),
        (Path("train.py"), UsageError, "is a file, not a model's folder"),
        (7, UsageError, "7 is no reference to a model"),
        ("nobody:v1", NotFound, "nobody"),
        ("../project", UnreadableFile, "MLmodel: No such file"),
    ],
)
def test_what_is_no_model_is_said(
    project: Path, reference: Any, error: type[GitrackError], what: str
) -> None:
    with pytest.raises(error, match=what):
        gitrack.load_model(reference)


def test_a_logged_file_is_no_model(project: Path) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_text("w: 1\n", "weights.yaml", kind="model")

    with pytest.raises(UsageError, match="is a file, not a model's folder"):
        gitrack.load_model("@last/weights.yaml")


def test_what_no_safe_format_holds_ends_no_run(project: Path, capsys: Any) -> None:
    with gitrack.start_run("rates-20241015") as run:
        with pytest.raises(UsageError, match="can only be saved as a pickle"):
            run.log_model(lambda rows: rows)
        with pytest.raises(UsageError, match="an object of type int is no model"):
            run.log_model(7)
        run.log_metric("auc", 0.9)

    stored = open_store(project).run(open_store(project).find(run.id))
    assert stored.artifacts == []
    assert stored.metrics == {"auc": 0.9}


def test_a_pickle_is_loaded_by_those_who_ask_for_it(project: Path) -> None:
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(lambda rows: [row[0] * 2 for row in rows], allow_pickle=True)

    with pytest.raises(UsageError, match="runs whatever its writer wants") as refused:
        gitrack.load_model("@last/model")
    assert refused.value.hint is not None
    assert "allow_pickle=True" in refused.value.hint
    assert gitrack.load_model("@last/model", allow_pickle=True)([[4]]) == [8]


def test_a_full_disk_ends_no_run(
    project: Path, linear: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with gitrack.start_run("rates-20241015") as run:
        monkeypatch.setattr("gitrack.models.trusted.dump", full)
        run.log_model(linear)
        run.log_metric("auc", 0.9)

    assert "model of run" in caplog.text
    assert "No space left on device" in caplog.text
    stored = open_store(project).run(open_store(project).find(run.id))
    assert (stored.artifacts, stored.metrics) == ([], {"auc": 0.9})


def test_another_clone_pulls_and_predicts_the_same(
    project: Path, linear: Any, tmp_path: Path, git: Callable[..., str]
) -> None:
    """By plain git and DVC's files alone: branch and objects are all there is."""
    shared = tmp_path / "shared"
    (project / ".tracking").mkdir()
    (project / ".tracking/config.yaml").write_text(f"artifacts: {{remote: '{shared}'}}\n")
    with gitrack.start_run("rates-20241015") as run:
        run.log_model(linear, input_example=ROWS)
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(project), str(other))
    git(other, "fetch", "-q", "origin", "gitrack:gitrack")
    code = f"import gitrack; print(gitrack.load_model('runs:/{run.id}/model').predict([[1, 2]])[0])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=other, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == linear.predict([[1.0, 2.0]])[0]
