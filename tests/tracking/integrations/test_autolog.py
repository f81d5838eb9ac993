"""Fits log themselves, outermost ones only, and never fail because of it."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gitrack
from gitrack.errors import UsageError
from gitrack.model.run import Run, Status
from gitrack.store import open_store

Runs = Callable[[], list[Run]]


def in_order(runs: Runs) -> list[Run]:
    """As they were started; ids tell no more than the second."""
    return sorted(runs(), key=lambda run: run.started)


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    features = random.normal(size=(120, 4))
    return features, (features[:, 0] + random.normal(size=120) > 0).astype(int)


@pytest.fixture(autouse=True)
def _off_afterwards() -> Iterator[None]:
    yield
    gitrack.autolog(disable=True)


def test_a_fit_tells_settings_time_and_score(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("sklearn"):
        model = LogisticRegression(C=2.0, max_iter=50).fit(*data)

    (run,) = runs()
    assert run.params["C"] == 2.0
    assert run.params["max_iter"] == 50
    assert run.params["class_weight"] is None
    assert "deprecated" not in run.params.values()
    assert run.tags["estimator"] == "LogisticRegression"
    assert run.metrics["training_score"] == pytest.approx(model.score(*data))
    assert run.metrics["fit_seconds"] > 0


def test_a_pipeline_is_one_fit_with_the_settings_of_its_steps(
    data: Any, project: Path, runs: Runs
) -> None:
    gitrack.autolog()

    with gitrack.start_run("sklearn"):
        StandardScaler().fit(data[0])
        make_pipeline(StandardScaler(), LogisticRegression(C=3.0)).fit(*data)

    (run,) = runs()
    assert run.params["logisticregression"] == "LogisticRegression"
    assert run.params["logisticregression__C"] == 3.0
    assert not any(name.startswith("fit2.") for name in run.params)
    assert run.tags["estimator"] == "Pipeline"


def test_a_search_is_one_fit_with_its_table(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("sklearn"):
        search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0]}, cv=2).fit(*data)

    (run,) = runs()
    assert run.params["best_C"] == search.best_params_["C"]
    assert run.metrics["best_cv_score"] == pytest.approx(search.best_score_)
    assert run.metrics["candidates"] == 2
    assert not any("fit2" in name for name in [*run.params, *run.metrics])
    (table,) = run.artifacts
    assert table.path == "cv_results.csv"


@pytest.mark.parametrize("validate", [cross_validate, cross_val_score])
def test_cross_validation_is_one_fit(data: Any, project: Path, runs: Runs, validate: Any) -> None:
    gitrack.autolog()
    # as one who imports it after autolog
    from sklearn import model_selection

    with gitrack.start_run("sklearn"):
        getattr(model_selection, validate.__name__)(LogisticRegression(), *data, cv=3)

    (run,) = runs()
    assert 0.5 < run.metrics["cv_test_score_mean"] <= 1
    assert "cv_test_score_std" in run.metrics
    assert "training_score" not in run.metrics
    assert [artifact.path for artifact in run.artifacts] == ["cv_results.csv"]


def test_folds_that_were_imported_before_are_not_fits(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("sklearn"):
        cross_validate(LogisticRegression(), *data, cv=3)

    (run,) = runs()
    assert "training_score" not in run.metrics


@pytest.mark.parametrize("backend", ["threading", "sequential"])
def test_members_of_ensembles_are_parts_even_in_threads(
    data: Any, project: Path, runs: Runs, backend: str
) -> None:
    gitrack.autolog()
    members = [("a", LogisticRegression()), ("b", BaggingClassifier(n_estimators=3))]

    with gitrack.start_run("sklearn"), joblib.parallel_backend(backend, n_jobs=2):
        VotingClassifier(members).fit(*data)

    (run,) = runs()
    assert run.tags["estimator"] == "VotingClassifier"
    assert run.params["b__n_estimators"] == 3
    assert not any("fit2" in name for name in run.params)


def test_further_fits_of_a_run_are_numbered(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("sklearn", params={"C": 1.0}):
        LogisticRegression(C=5.0).fit(*data)
        LogisticRegression(C=6.0).fit(*data)
        KMeans(2, n_init=1).fit(data[0])

    (run,) = runs()
    assert run.params["C"] == 1.0
    assert run.params["estimator.C"] == 5.0
    assert run.params["fit2.C"] == 6.0
    assert run.params["fit3.n_clusters"] == 2
    assert {"training_score", "fit2.training_score", "fit3.training_score"} <= set(run.metrics)


def test_without_a_run_only_a_named_experiment_logs(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()
    LogisticRegression().fit(*data)
    assert gitrack.active_run() is None

    gitrack.autolog("auto-20241015")
    LogisticRegression(C=7.0).fit(*data)
    with pytest.raises(ValueError, match="NaN"):
        LinearRegression().fit(np.full((3, 1), np.nan), [1, 2, 3])

    fitted, failed = in_order(runs)
    assert (fitted.experiment, fitted.status) == ("auto-20241015", Status.FINISHED)
    assert fitted.params["C"] == 7.0
    assert failed.status is Status.FAILED
    assert "NaN" in (failed.error or "")
    assert gitrack.active_run() is None


def test_xgboost_estimators_tell_their_curves(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("boosting"):
        model = xgb.XGBClassifier(n_estimators=30, early_stopping_rounds=2, max_depth=3)
        model.fit(*data, eval_set=[(data[0][:40], data[1][::-1][:40])], verbose=False)

    (run,) = runs()
    assert run.params["max_depth"] == 3
    assert "gamma" not in run.params
    assert run.metrics["best_iteration"] == model.best_iteration
    assert run.curves["val_logloss.count"] == len(model.evals_result()["validation_0"]["logloss"])


def test_lightgbm_in_a_pipeline_tells_its_curves(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog(every=2)

    with gitrack.start_run("boosting"):
        make_pipeline(StandardScaler(), lgb.LGBMClassifier(n_estimators=5, verbose=-1)).fit(
            *data, lgbmclassifier__eval_set=[data], lgbmclassifier__eval_names=["test"]
        )

    (run,) = runs()
    assert run.curves["test_binary_logloss.count"] == 3
    assert run.params["lgbmclassifier__n_estimators"] == 5


def test_train_of_the_boosting_libraries(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()
    matrix = xgb.DMatrix(*data)

    with gitrack.start_run("boosting"):
        xgb.train({"max_depth": 2}, matrix, 4, evals=[(matrix, "train")], verbose_eval=False)
    with gitrack.start_run("boosting"):
        lgb.train({"verbose": -1}, lgb.Dataset(*data), 4, valid_sets=[lgb.Dataset(*data)])

    first, second = in_order(runs)
    assert first.params == {"max_depth": 2, "num_boost_round": 4}
    assert first.curves["train_rmse.count"] == 4
    assert second.params == {"verbose": -1, "num_boost_round": 4}
    assert second.curves["val_l2.count"] == 4


def test_a_callback_of_ones_own_is_not_doubled(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()
    matrix = xgb.DMatrix(*data)

    with gitrack.start_run("boosting") as run:
        callback = gitrack.xgboost_callback(run, names={"train": "mine"})
        xgb.train({}, matrix, 4, evals=[(matrix, "train")], verbose_eval=0, callbacks=[callback])

    assert set(runs()[0].metrics) == {"mine_rmse", "fit_seconds"}


def test_candidates_of_a_search_draw_no_curves(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with gitrack.start_run("boosting"):
        model = xgb.XGBClassifier(n_estimators=3)
        GridSearchCV(model, {"max_depth": [1, 2]}, cv=2).fit(*data, eval_set=[data], verbose=False)

    assert not any("logloss" in name for name in runs()[0].metrics)


class Own(ClassifierMixin, BaseEstimator):
    """An estimator of the user's, which is there before autolog."""

    def __init__(self, size: int = 1, helper: object = None) -> None:
        self.size = size
        self.helper = helper

    def fit(self, X: Any, y: Any, *, fail: bool = False) -> Own:  # noqa: N803 - scikit-learn's
        if fail:
            raise ZeroDivisionError
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's
        return np.zeros(len(X), dtype=int)


def test_estimators_of_the_users_before_and_after(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    class Later(Own):
        def fit(self, X: Any, y: Any, *, fail: bool = False) -> Later:  # noqa: N803
            super().fit(X, y, fail=fail)
            return self

    with gitrack.start_run("own"):
        Own(helper=len).fit(*data)
        Later(size=2).fit(*data)

    (run,) = runs()
    assert run.params == {
        "size": 1, "helper": "builtins.len", "fit2.size": 2, "fit2.helper": None,
    }  # fmt: skip
    assert run.tags["fit2.estimator"] == "Later"


def test_an_estimators_error_is_the_users(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()

    with pytest.raises(ZeroDivisionError), gitrack.start_run("own"):
        Own().fit(*data, fail=True)
    with gitrack.start_run("own"):
        Own().fit(*data)

    assert [run.status for run in in_order(runs)] == [Status.FAILED, Status.FINISHED]


def test_trouble_in_logging_is_said_once_and_no_fit_fails(
    data: Any, project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no more room")

    gitrack.autolog()
    with gitrack.start_run("own") as run:
        monkeypatch.setattr(run, "log_params", broken)
        monkeypatch.setattr(run, "log_metrics", broken)
        monkeypatch.setattr(run, "set_tags", broken)
        for _ in range(2):
            model = xgb.XGBClassifier(n_estimators=2).fit(*data, eval_set=[data], verbose=False)
            assert model.n_features_in_ == 4
        monkeypatch.undo()

    said = [record.message for record in caplog.records if "autolog" in record.message]
    assert said == ["gitrack: autolog could not log everything: RuntimeError: no more room"]


def test_everything_is_put_back(data: Any, project: Path) -> None:
    import lightgbm.sklearn
    import sklearn.model_selection
    import xgboost.sklearn

    watched = [
        (LogisticRegression, "fit"), (xgb.XGBModel, "fit"), (Own, "fit"),
        (BaseEstimator, "__init_subclass__"), (xgb, "train"), (xgboost.sklearn, "train"),
        (lgb, "train"), (lightgbm.sklearn, "train"),
        (sklearn.model_selection, "cross_validate"),
        (sklearn.model_selection._validation, "_fit_and_score"),
    ]  # fmt: skip
    before = [vars(owner).get(name) for owner, name in watched]

    gitrack.autolog()
    gitrack.autolog(every=3)
    between = [vars(owner).get(name) for owner, name in watched]
    gitrack.autolog(lightgbm=False)
    assert vars(lgb)["train"] is before[6]
    gitrack.autolog(disable=True)
    gitrack.autolog(disable=True)

    assert not any(a is b for a, b in zip(before, between, strict=True))
    assert [vars(owner).get(name) for owner, name in watched] == before
    with gitrack.start_run("own") as run:
        LogisticRegression().fit(*data)
        assert run.params == {}


def test_wrapped_estimators_are_like_others(data: Any) -> None:
    import inspect

    gitrack.autolog()

    model = pickle.loads(pickle.dumps(make_pipeline(LogisticRegression()).fit(*data)))
    assert model.predict(data[0]).shape == (120,)
    assert pickle.loads(pickle.dumps(LogisticRegression().fit)).__self__.C == 1.0
    assert list(inspect.signature(LogisticRegression.fit).parameters)[:3] == ["self", "X", "y"]
    assert LogisticRegression.fit.__doc__ is not None


def test_threads_with_runs_of_their_own_do_not_mix(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog()
    together = threading.Barrier(2)

    class Slow(Own):
        def fit(self, X: Any, y: Any, *, fail: bool = False) -> Slow:  # noqa: N803
            together.wait(20)
            super().fit(X, y)
            together.wait(20)
            return self

    def work(size: int) -> None:
        with gitrack.start_run("own", name=f"size-{size}"):
            Slow(size=size).fit(*data)

    threads = [threading.Thread(target=work, args=(size,)) for size in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {run.name: run.params["size"] for run in runs()} == {"size-1": 1, "size-2": 2}


@pytest.mark.parametrize("options", [{"every": 0}, {"experiment": ""}, {"experiment": "a\nb"}])
def test_misuse_is_refused(options: Any) -> None:
    with pytest.raises(UsageError):
        gitrack.autolog(**options)


_SCRIPT = """
import sys
import gitrack
gitrack.autolog()
assert not {"sklearn", "xgboost", "lightgbm"} & set(sys.modules), "autolog loads nothing"
import xgboost
from sklearn.linear_model import LogisticRegression
with gitrack.start_run("late") as run:
    LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    assert run.params["C"] == 1.0
    xgboost.train({}, xgboost.DMatrix([[0.0], [1.0]], [0, 1]), 2)
    assert run.params["fit2.num_boost_round"] == 2
"""


def test_libraries_imported_after_autolog_are_wrapped_when_they_come(
    project: Path, runs: Runs
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], cwd=project, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert len(runs()) == 1


def test_a_store_reads_what_autolog_wrote(data: Any, project: Path) -> None:
    gitrack.autolog()
    with gitrack.start_run("sklearn") as run:
        GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(*data)
    store = open_store(project)

    table = store.read(f"{store.find(run.id)}/artifacts/cv_results.csv").decode()

    assert table.startswith("mean_fit_time,")
    assert ",param_C," in table.splitlines()[0]


def test_models_are_kept_if_they_are_asked_for(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog(log_models=True, xgboost=False, lightgbm=False)

    with gitrack.start_run("sklearn"):
        model = LogisticRegression().fit(*data)
        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(*data)
    gitrack.autolog(disable=True)
    with gitrack.start_run("sklearn"):
        LogisticRegression().fit(*data)

    logged, silent = in_order(runs)
    kept = {each.path: each.flavor for each in logged.artifacts if each.kind == "model"}
    assert kept == {"model": "sklearn", "fit2-model": "sklearn"}
    assert silent.artifacts == []
    again = gitrack.load_model(f"{logged.id}/model", as_function=True)
    assert str(again.signature) != "Signature(inputs=None, outputs=None)"
    np.testing.assert_array_equal(again.predict(data[0]), model.predict(data[0]))
    best = gitrack.load_model(f"{logged.id}/fit2-model")
    assert search.best_params_["C"] == best.C


def test_a_booster_is_kept_if_it_is_asked_for(data: Any, project: Path, runs: Runs) -> None:
    gitrack.autolog(log_models=True)

    with gitrack.start_run("xgboost"):
        booster = xgb.train({}, xgb.DMatrix(data[0], label=data[1]), 2)

    (run,) = runs()
    assert [each.flavor for each in run.artifacts if each.kind == "model"] == ["xgboost"]
    matrix = xgb.DMatrix(data[0])
    again = gitrack.load_model("@last/model")
    np.testing.assert_array_equal(again.predict(matrix), booster.predict(matrix))
