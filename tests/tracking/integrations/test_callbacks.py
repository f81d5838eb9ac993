"""Callbacks of XGBoost and LightGBM tell a run what each iteration gave."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb

import gitrack
from gitrack.errors import UsageError
from gitrack.model.run import Run
from gitrack.store import open_store
from gitrack.tracking.integrations.measures import clean, set_names


class Heard:
    """A run that only listens."""

    def __init__(self) -> None:
        self.curves: dict[str, dict[int | None, float]] = {}

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None, /) -> None:
        for name, value in metrics.items():
            self.curves.setdefault(name, {})[step] = value


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    random = np.random.default_rng(0)
    features = random.normal(size=(240, 4))
    return features, (features[:, 0] + random.normal(size=240) > 0).astype(int)


def test_xgboost_tells_curves_and_the_best_iteration(data: Any) -> None:
    features, truth = data
    run, result = Heard(), {}
    model = xgb.train(
        {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "seed": 1},
        xgb.DMatrix(features[:120], truth[:120]),
        num_boost_round=60,
        evals=[
            (xgb.DMatrix(features[:120], truth[:120]), "train"),
            (xgb.DMatrix(features[120:], truth[120:]), "val"),
        ],
        early_stopping_rounds=3,
        evals_result=result,
        verbose_eval=False,
        callbacks=[gitrack.xgboost_callback(run)],
    )

    assert set(run.curves) == {
        "train_logloss", "train_auc", "val_logloss", "val_auc", "best_iteration",
    }  # fmt: skip
    assert list(run.curves["val_auc"].values()) == result["val"]["auc"]
    assert list(run.curves["val_auc"]) == list(range(len(result["val"]["auc"])))
    assert run.curves["best_iteration"] == {None: model.best_iteration}


def test_every_so_many_iterations_and_the_last(data: Any) -> None:
    matrix = xgb.DMatrix(*data)
    run = Heard()
    xgb.train(
        {},
        matrix,
        8,
        evals=[(matrix, "train")],
        verbose_eval=False,
        callbacks=[gitrack.xgboost_callback(run, every=5)],
    )
    other = Heard()
    lgb.train(
        {"verbose": -1},
        lgb.Dataset(*data),
        8,
        valid_sets=[lgb.Dataset(*data)],
        callbacks=[gitrack.lightgbm_callback(other, every=5)],
    )

    assert list(run.curves["train_rmse"]) == [0, 5, 7]
    assert list(other.curves["val_l2"]) == [0, 5, 7]


def test_names_say_which_set_is_which(data: Any) -> None:
    run = Heard()
    model = xgb.XGBClassifier(
        n_estimators=3,
        callbacks=[
            gitrack.xgboost_callback(run, names={"validation_0": "train", "validation_1": "val"})
        ],
    )
    model.fit(*data, eval_set=[data, data], verbose=False)

    assert set(run.curves) == {"train_logloss", "val_logloss"}


def test_a_model_with_its_callback_can_be_saved_and_trained_elsewhere(
    data: Any, project: Path
) -> None:
    with gitrack.start_run("callbacks") as run:
        model = xgb.XGBClassifier(n_estimators=2, callbacks=[gitrack.xgboost_callback(run)])
        model.fit(*data, eval_set=[data], verbose=False)
    again = pickle.loads(pickle.dumps(model))

    again.fit(*data, eval_set=[data], verbose=False)

    assert pickle.loads(pickle.dumps(gitrack.lightgbm_callback(run)))._run is None


def test_cross_validation_tells_means(data: Any) -> None:
    run = Heard()
    xgb.cv(
        {"objective": "binary:logistic"},
        xgb.DMatrix(*data),
        3,
        nfold=2,
        callbacks=[gitrack.xgboost_callback(run)],
    )
    lgb.cv(
        {"objective": "binary", "verbose": -1},
        lgb.Dataset(*data),
        3,
        nfold=2,
        callbacks=[gitrack.lightgbm_callback(run)],
    )

    assert set(run.curves) == {
        "train_logloss", "test_logloss", "valid_binary_logloss", "best_iteration",
    }  # fmt: skip


def test_lightgbm_tells_curves_and_the_best_iteration(data: Any) -> None:
    features, truth = data
    run, result = Heard(), {}
    booster = lgb.train(
        {"objective": "binary", "metric": ["binary_logloss"], "verbose": -1, "seed": 1},
        lgb.Dataset(features[:120], truth[:120]),
        num_boost_round=80,
        valid_sets=[lgb.Dataset(features[120:], truth[120:])],
        callbacks=[
            gitrack.lightgbm_callback(run),
            lgb.early_stopping(3, verbose=False),
            lgb.record_evaluation(result),
        ],
    )

    losses = result["valid_0"]["binary_logloss"]
    # the iteration that ends the training raises before the library records it
    assert list(run.curves["val_binary_logloss"].values())[: len(losses)] == losses
    assert run.curves["best_iteration"] == {None: booster.best_iteration}


def test_without_a_run_the_active_one_hears(
    data: Any, project: Path, runs: Callable[[], list[Run]]
) -> None:
    with gitrack.start_run("callbacks"):
        model = xgb.XGBClassifier(n_estimators=4, callbacks=[gitrack.xgboost_callback()])
        model.fit(*data, eval_set=[data], verbose=False)

    (run,) = runs()
    history = open_store(project).history(run.id)
    assert history is not None
    assert len(history.columns["val_logloss"]) == 4
    with pytest.raises(UsageError, match="no run is active"):
        gitrack.lightgbm_callback()


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "2"])
def test_every_is_a_number_of_iterations(every: Any) -> None:
    with pytest.raises(UsageError, match="is not a number of iterations"):
        gitrack.xgboost_callback(Heard(), every=every)


def test_names_of_sets_and_metrics() -> None:
    assert set_names(["training", "valid_0"]) == {"training": "train", "valid_0": "val"}
    assert set_names(["validation_0", "validation_1"]) == {
        "validation_0": "validation_0",
        "validation_1": "validation_1",
    }
    assert set_names(["eval"]) == {"eval": "eval"}
    assert clean("ndcg@10") == "ndcg_at_10"
    assert clean("quantile loss (p=0.9)") == "quantile_loss_p_0.9"
    assert clean("???") == "metric"
