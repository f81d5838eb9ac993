"""The models to choose from: each trains, logs its curves, and gives its scores of lateness."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gitrack
from features import TARGET

Options = argparse.Namespace
Fit = Callable[[Options, pd.DataFrame, pd.DataFrame, gitrack.Run], object]


def fit_xgboost(options, train, validation, run):
    model = xgboost.XGBClassifier(
        n_estimators=options.rounds,
        learning_rate=options.learning_rate,
        max_depth=options.max_depth,
        subsample=0.8,
        colsample_bytree=0.8,
        min_child_weight=20,
        eval_metric="logloss",
        early_stopping_rounds=20,
        random_state=options.seed,
        n_jobs=options.jobs,
        callbacks=[
            gitrack.xgboost_callback(run, names={"validation_0": "train", "validation_1": "val"})
        ],
    )
    parts = [(_inputs(part), part[TARGET]) for part in (train, validation)]
    model.fit(*parts[0], eval_set=parts, verbose=False)
    model.set_params(callbacks=None)  # the run is not part of the model
    return model


def fit_logistic(options, train, validation, run):
    """Logistic regression by stochastic gradient descent, so that it has a curve too."""
    prepare = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    classifier = SGDClassifier(loss="log_loss", alpha=1e-4, average=True, random_state=options.seed)
    inputs = prepare.fit_transform(_inputs(train))
    watched = _watched(train, validation, prepare.transform)
    order = np.random.default_rng(options.seed)
    for epoch in range(options.epochs):
        rows = order.permutation(len(inputs))
        classifier.partial_fit(inputs[rows], train[TARGET].to_numpy()[rows], classes=[0, 1])
        _log_losses(run, classifier, watched, epoch)
    return make_pipeline(prepare, classifier)


def fit_forest(options, train, validation, run):
    model = RandomForestClassifier(
        n_estimators=0,
        max_depth=options.max_depth,
        min_samples_leaf=50,
        max_samples=0.3,
        warm_start=True,
        random_state=options.seed,
        n_jobs=options.jobs,
    )
    watched = _watched(train, validation)
    for step in range(options.epochs):
        model.n_estimators += 5
        model.fit(_inputs(train), train[TARGET])
        _log_losses(run, model, watched, step)
    return model


def fit_boosting(options, train, validation, run):
    model = HistGradientBoostingClassifier(
        learning_rate=options.learning_rate,
        max_depth=options.max_depth,
        max_iter=options.rounds,
        early_stopping=False,
        random_state=options.seed,
    )
    model.fit(_inputs(train), train[TARGET])
    stages = [model.staged_predict_proba(inputs) for _, inputs, _ in _watched(train, validation)]
    truths = [truth for _, _, truth in _watched(train, validation)]
    for step, scores in enumerate(zip(*stages, strict=True)):
        losses = [log_loss(truth, s) for truth, s in zip(truths, scores, strict=True)]
        run.log_metrics({"train_logloss": losses[0], "val_logloss": losses[1]}, step=step)
    return model


#: Each model, and which of the options it heeds.
MODELS: dict[str, tuple[Fit, list[str]]] = {
    "xgboost": (fit_xgboost, ["learning_rate", "max_depth", "rounds"]),
    "logistic": (fit_logistic, ["epochs"]),
    "forest": (fit_forest, ["max_depth", "epochs"]),
    "boosting": (fit_boosting, ["learning_rate", "max_depth", "rounds"]),
}


def _inputs(part: pd.DataFrame) -> pd.DataFrame:
    return part.drop(columns=TARGET)


def _watched(train, validation, transform=lambda inputs: inputs):
    """A sample of each part, for the curves: (name, inputs, truth)."""
    parts = {"train": train, "val": validation}
    return [
        (name, transform(_inputs(part.iloc[::10])), part[TARGET].iloc[::10])
        for name, part in parts.items()
    ]


def _log_losses(run: gitrack.Run, model: object, watched: list, step: int) -> None:
    run.log_metrics(
        {
            f"{name}_logloss": log_loss(truth, model.predict_proba(inputs)[:, 1])
            for name, inputs, truth in watched
        },
        step=step,
    )
