"""What is written: safe formats, versions, examples; and what cannot be, said in time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gitrack import models
from gitrack.errors import UsageError
from gitrack.models import environment


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_equal_models_are_equal_bytes(
    tmp_path: Path, boosted: Any, booster: Any, prepare: Any, rows: pd.DataFrame
) -> None:
    for name in "ab":
        models.save(boosted, tmp_path / name, input_example=rows)
        models.save(booster, tmp_path / f"p{name}", preprocessor=prepare, input_example=rows)

    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    assert _files(tmp_path / "pa") == _files(tmp_path / "pb")


def test_formats_are_those_that_run_no_code(tmp_path: Path, boosted: Any, booster: Any) -> None:
    models.save(boosted, tmp_path / "pipeline")
    models.save(booster, tmp_path / "booster")

    assert {"MLmodel", "model.skops", "requirements.txt"} <= _files(tmp_path / "pipeline").keys()
    assert (tmp_path / "booster/model.ubj").read_bytes()[:1] == b"{"


def test_requirements_are_exact_and_of_the_library_itself(
    tmp_path: Path, boosted: Any, rows: pd.DataFrame
) -> None:
    import sklearn
    import xgboost

    saved = models.save(boosted, tmp_path / "model", input_example=rows)

    assert f"scikit-learn=={sklearn.__version__}" in saved.requirements
    assert f"xgboost=={xgboost.__version__}" in saved.requirements  # not the build for one system
    assert (tmp_path / "model/requirements.txt").read_text().splitlines() == saved.requirements
    conda = yaml.safe_load((tmp_path / "model/conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": [*saved.requirements, "mlflow"]}
    assert not any(line.startswith("mlflow") for line in saved.requirements)


def test_requirements_that_are_given_are_kept(tmp_path: Path, logistic: Any) -> None:
    saved = models.save(logistic, tmp_path / "model", requirements=["scikit-learn>=1.4", "./mine"])

    assert saved.requirements == ["scikit-learn>=1.4", "./mine"]


@pytest.mark.parametrize("wrong", [["a\nb"], [7], "", 7])
def test_requirements_are_lines(tmp_path: Path, logistic: Any, wrong: Any) -> None:
    with pytest.raises(UsageError, match="requirement"):
        models.save(logistic, tmp_path / "model", requirements=wrong)

    assert not (tmp_path / "model").exists()


def test_at_most_five_rows_are_kept_and_gaps_are_null(
    tmp_path: Path, logistic: Any, rows: pd.DataFrame
) -> None:
    saved = models.save(logistic, tmp_path / "model", input_example=rows)

    example = json.loads(
        (tmp_path / "model/input_example.json").read_text(), parse_constant=lambda word: 1 / 0
    )
    assert saved.example_rows == len(example["data"]) == 5
    assert example["columns"] == ["hour", "delay", "carrier"]
    assert example["data"][0][1] is None
    assert isinstance(example["data"][0][0], int)


@pytest.mark.parametrize(
    ("example", "why"),
    [
        (pd.DataFrame({"hour": []}), "has no rows"),
        (np.empty((0, 3)), "has no rows"),
        (pd.DataFrame([[1, 2]], columns=["hour", "hour"]), "two columns named 'hour'"),
        (pd.DataFrame([[1, 2]]), "column name 0, which is no text"),
        (pd.DataFrame({"hour": [None]}), "holds nothing, so its type is unknown"),
        (pd.DataFrame({"hour": [1, "a"]}), "both int and str"),
        (pd.DataFrame({"hour": [[1]]}), "holds list"),
        (pd.DataFrame({"hour": [1 + 2j]}), "holds complex128"),
        (7, "the input example is a int"),
        ([[1, 2], [3]], "no array"),
        (pd.DataFrame({"other": [1.0]}), "cannot predict its input example"),
    ],
)
def test_an_example_that_says_nothing_is_refused(
    tmp_path: Path, logistic: Any, example: Any, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        models.save(logistic, tmp_path / "model", input_example=example)

    assert not (tmp_path / "model").exists()


def test_signatures_can_be_given(tmp_path: Path, logistic: Any, rows: pd.DataFrame) -> None:
    given = models.infer_signature(rows, np.zeros(3))

    for name, signature in {"one": given, "pair": (rows, np.zeros(3)), "none": False}.items():
        saved = models.save(logistic, tmp_path / name, signature=signature)
        assert saved.signature == (given if signature is not False else models.Signature())
    inputs_alone = models.save(logistic, tmp_path / "inputs", signature=rows)
    assert str(inputs_alone.signature.outputs) == "int64[-1]"


def test_sparse_rows_become_an_example(tmp_path: Path) -> None:
    from scipy import sparse
    from sklearn.linear_model import LinearRegression

    matrix = sparse.random_array((30, 4), density=0.3, rng=7).tocsr()
    model = LinearRegression().fit(matrix, matrix.sum(axis=1))

    models.save(model, tmp_path / "model", input_example=matrix)

    function = models.load_function(tmp_path / "model")
    np.testing.assert_allclose(function.predict(matrix), model.predict(matrix))
    assert json.loads((tmp_path / "model/input_example.json").read_text()) == {
        "inputs": matrix[:5].toarray().tolist()
    }


def test_what_skops_cannot_hold_says_what_to_change(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    def local(values: Any) -> Any:
        return values

    ones = np.ones((3, 2))
    for function in (lambda values: values, local):
        model = make_pipeline(FunctionTransformer(function), LinearRegression()).fit(ones, ones)
        with pytest.raises(UsageError, match="no place from which it could be imported") as error:
            models.save(model, tmp_path / "model")
        assert error.value.hint is not None
        assert "allow_pickle=True" in error.value.hint
        assert not (tmp_path / "model").exists()
    saved = models.save(model, tmp_path / "model", allow_pickle=True)

    assert saved.pickled
    assert models.load(tmp_path / "model", allow_pickle=True).predict(ones).shape == (3, 2)
    with pytest.raises(UsageError, match=r"model\.pkl is a pickle"):
        models.load(tmp_path / "model")


def test_without_skops_it_is_said_what_to_install(
    tmp_path: Path, logistic: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(UsageError, match="needs skops, which is not installed") as error:
        models.save(logistic, tmp_path / "model")
    assert error.value.hint == "pip install 'gitrack-ml[models]'"


def test_a_pickle_is_the_last_resort_even_if_allowed(tmp_path: Path, logistic: Any) -> None:
    assert not models.save(logistic, tmp_path / "model", allow_pickle=True).pickled


def test_the_callbacks_of_a_training_are_no_part_of_the_model(
    tmp_path: Path, prepare: Any, rows: pd.DataFrame, late: np.ndarray
) -> None:
    from sklearn.pipeline import make_pipeline
    from xgboost import XGBClassifier
    from xgboost.callback import EvaluationMonitor

    watching = EvaluationMonitor(logger=lambda text: None)
    model = make_pipeline(prepare, XGBClassifier(n_estimators=2, callbacks=[watching]))
    model.fit(rows, late)

    models.save(model, tmp_path / "model")

    assert models.load(tmp_path / "model")[-1].callbacks is None
    assert model[-1].callbacks == [watching]


def test_an_unfitted_model_is_refused(tmp_path: Path) -> None:
    from xgboost import XGBClassifier

    with pytest.raises(UsageError, match="this XGBClassifier cannot be saved"):
        models.save(XGBClassifier(), tmp_path / "model")

    assert not (tmp_path / "model").exists()


def test_a_preprocessor_needs_a_model_that_it_can_travel_with(
    tmp_path: Path, logistic: Any
) -> None:
    with pytest.raises(UsageError, match="preprocessor is a int, which has no transform"):
        models.save(logistic, tmp_path / "model", preprocessor=7)
    with pytest.raises(UsageError, match="cannot travel with a function"):
        models.save(lambda rows: rows, tmp_path / "model", preprocessor=logistic[0])


def test_an_estimator_and_its_preprocessor_are_one_pipeline(
    tmp_path: Path, boosted: Any, rows: pd.DataFrame
) -> None:
    models.save(boosted[-1], tmp_path / "model", preprocessor=boosted[0], input_example=rows)

    loaded = models.load(tmp_path / "model")

    np.testing.assert_array_equal(loaded.predict_proba(rows), boosted.predict_proba(rows))


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path, logistic: Any) -> None:
    (tmp_path / "model").mkdir()

    with pytest.raises(UsageError, match="exists already"):
        models.save(logistic, tmp_path / "model")


def test_a_class_of_the_project_goes_into_the_pickle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess
    import sys

    (tmp_path / "scoring.py").write_text(
        "class Twice:\n    def predict(self, rows):\n        return [2 * row for row in rows]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import scoring

    models.save(scoring.Twice(), tmp_path / "model", allow_pickle=True)
    (tmp_path / "scoring.py").unlink()

    code = (
        "from pathlib import Path; from gitrack import models\n"
        f"print(models.load(Path({str(tmp_path / 'model')!r}), allow_pickle=True).predict([4]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[8]\n", done.stderr


def test_a_version_without_its_local_part_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.13.0+cpu")

    assert environment.pinned(["torch"]) == ["torch==2.13.0"]


_ALONE = """
import sys
from pathlib import Path
from sklearn.preprocessing import StandardScaler
from gitrack import models

models.save(StandardScaler().fit([[1.0], [3.0]]), Path(sys.argv[1]))
assert "torch" not in sys.modules, "a library that the model has nothing to do with"
import sklearn.externals.array_api_compat.torch as adapter
assert adapter.__file__, "the adapter itself is not to be had any more"
"""


def test_a_model_of_scikit_learn_brings_no_other_library_in(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn.externals.array_api_compat")

    done = subprocess.run(
        [sys.executable, "-c", _ALONE, str(tmp_path / "m")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
