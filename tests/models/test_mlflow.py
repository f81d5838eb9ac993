"""The real MLflow loads and serves what gitrack saves, where gitrack is not installed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gitrack import models

pytest.importorskip("mlflow", reason="real MLflow judges the folders")

#: MLflow loads each folder and asks it; gitrack is not there.
LOAD = """
import json, sys
sys.modules["gitrack"] = None
import mlflow.pyfunc, pandas
for folder, data in json.load(sys.stdin):
    model = mlflow.pyfunc.load_model(folder)
    given = pandas.DataFrame(**data) if isinstance(data, dict) else __import__("numpy").array(data)
    answer = model.predict(given)
    if isinstance(answer, dict):
        answer = next(iter(answer.values()))
    print(json.dumps([answer.tolist(), str(model.metadata.signature.inputs)]))
"""


def _environment() -> dict[str, str]:
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "OMP_NUM_THREADS": "1"}
    found = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # uvicorn is there
    return {**os.environ, **quiet, "PATH": found}


def _loaded_by_mlflow(asked: list[tuple[Path, Any]]) -> list[list[Any]]:
    plain = [
        (
            str(folder),
            json.loads(data.to_json(orient="split")) if hasattr(data, "columns") else data,
        )
        for folder, data in asked
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD],
        input=json.dumps(plain),
        cwd=asked[0][0].parent,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]


def test_mlflow_predicts_as_the_models_did_before(
    tmp_path: Path,
    rows: pd.DataFrame,
    late: np.ndarray,
    logistic: Any,
    boosted: Any,
    prepare: Any,
    booster: Any,
) -> None:
    import lightgbm
    from xgboost import XGBRegressor

    numbers = rows[["hour", "delay"]]
    lgb = lightgbm.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1).fit(numbers, late)
    xgb = XGBRegressor(n_estimators=4, n_jobs=1).fit(numbers, late)
    prepared = models.save(booster, tmp_path / "prepared", preprocessor=prepare, input_example=rows)
    assert prepared.flavor == "xgboost"
    expected: dict[str, tuple[Any, pd.DataFrame]] = {
        "prepared": (models.load(tmp_path / "prepared").predict(rows), rows)
    }
    for name, model, data in [
        ("logistic", logistic, rows),
        ("boosted", boosted, rows),
        ("xgb", xgb, numbers),
        ("lgb", lgb, numbers),
        ("booster", lgb.booster_, numbers),
    ]:
        models.save(model, tmp_path / name, input_example=data)
        expected[name] = (model.predict(data), data)
    models.save(
        lambda data: data["hour"].to_numpy() * 2,
        tmp_path / "function",
        allow_pickle=True,
        input_example=rows,
    )
    expected["function"] = (rows["hour"].to_numpy() * 2, rows)

    answers = _loaded_by_mlflow([(tmp_path / name, data) for name, (_, data) in expected.items()])

    for (name, (ours, _)), (theirs, inputs) in zip(expected.items(), answers, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-6, err_msg=name)
        assert "'delay': double (optional)" in inputs
    direct = prepare.transform(rows)
    import xgboost

    np.testing.assert_allclose(answers[0][0], booster.predict(xgboost.DMatrix(direct)), rtol=1e-6)


def test_mlflow_reads_the_input_example(tmp_path: Path, boosted: Any, rows: pd.DataFrame) -> None:
    from mlflow.models import Model

    models.save(boosted, tmp_path / "model", input_example=rows)

    read = Model.load(str(tmp_path / "model"))

    example = read.load_input_example(str(tmp_path / "model"))
    pd.testing.assert_frame_equal(example, rows.head(5), check_dtype=False)
    assert read.signature.outputs is not None
    assert read.flavors["sklearn"]["serialization_format"] == "skops"


def test_mlflow_infers_the_same_signature(logistic: Any, rows: pd.DataFrame) -> None:
    from mlflow.models import infer_signature

    wide = rows.assign(
        when=pd.Timestamp("2024-10-22"),
        late=rows["hour"] > 12,
        small=rows["hour"].astype("int16"),
        short=rows["delay"].astype("float32"),
        kind=rows["carrier"].astype("category"),
        unsigned=rows["hour"].astype("uint32"),
        maybe=rows["hour"].where(rows["hour"] > 2).astype("Int64"),
    )
    for data, answer in [
        (wide, logistic.predict(rows)),
        (rows[["hour"]].to_numpy(), logistic.predict_proba(rows)),
        (wide[["kind"]], rows["carrier"]),
    ]:
        theirs = infer_signature(data, answer).to_dict()
        ours = models.infer_signature(data, answer)

        assert ours.inputs is not None
        assert ours.outputs is not None
        assert json.loads(ours.inputs.to_json()) == json.loads(theirs["inputs"])
        assert json.loads(ours.outputs.to_json()) == json.loads(theirs["outputs"])


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """`mlflow models serve` on a free port of this machine, until it is not needed any more."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder.parent / "served.txt"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(folder),
             "--host", "127.0.0.1", "--port", str(port), "--env-manager", "local"],
            cwd=folder.parent,
            env=_environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(server, f"http://127.0.0.1:{port}/ping", log)
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(10)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(480):
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.25)
    raise AssertionError(f"no answer in two minutes: {log.read_text()[-3000:]}")


def _invoke(url: str, content: bytes) -> Any:
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["predictions"]


@pytest.mark.parametrize(
    "kind", ["logistic", "boosted", pytest.param("prepared", marks=pytest.mark.slow)]
)
def test_mlflow_serves_the_same_predictions(
    kind: str, tmp_path: Path, rows: pd.DataFrame, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "model"
    if kind == "prepared":
        booster = request.getfixturevalue("booster")
        prepare = request.getfixturevalue("prepare")
        models.save(booster, folder, preprocessor=prepare, input_example=rows)
        expected = models.load(folder).predict(rows)
    else:
        model = request.getfixturevalue(kind)
        models.save(model, folder, input_example=rows)
        expected = model.predict(rows)
    split = json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split"))}).encode()

    with _served(folder) as url:
        answer = _invoke(url, split)
        example = _invoke(url, (folder / "serving_input_example.json").read_bytes())

    np.testing.assert_allclose(answer, expected, rtol=1e-6)
    np.testing.assert_allclose(example, expected[:5], rtol=1e-6)
