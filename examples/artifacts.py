"""Artifacts: the model with its preprocessing, figures, and a report as HTML and JSON.

Text and pictures lie on the branch, the pipeline in DVC with a pointer on the branch. It has a
name that runs share, and a second run reads it by that.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import skops.io
from matplotlib.figure import Figure
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gitrack


def main() -> None:
    X, y = make_classification(1000, n_features=6, random_state=7)
    X_train, X_test, y_train, y_test = X[:800], X[800:], y[:800], y[800:]

    with gitrack.start_run("logistic-baseline-20241015") as run:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
        auc = roc_auc_score(y_test, pipeline.predict_proba(X_test)[:, 1])
        run.log_metric("test_auc_roc", auc)

        # Scaler and model in one file, in a format that is safe to load
        with tempfile.TemporaryDirectory() as folder:
            skops.io.dump(pipeline, Path(folder, "model.skops"))
            run.log_artifact(
                Path(folder, "model.skops"),
                kind="model",
                flavor="sklearn",
                named="delay-classifier",
                aliases=["best"],
                description=f"Logistic regression, test AUC {auc:.3f}",
            )

        figure = Figure(layout="constrained")
        RocCurveDisplay.from_estimator(pipeline, X_test, y_test, ax=figure.subplots())
        run.log_figure(figure, "plots/roc_curve.png")

        figure = Figure(layout="constrained")
        ConfusionMatrixDisplay.from_estimator(pipeline, X_test, y_test, ax=figure.subplots())
        run.log_figure(figure, "plots/confusion_matrix.png")

        weights = pd.DataFrame(
            {"feature": [f"x{i}" for i in range(6)], "weight": pipeline[-1].coef_[0]}
        )
        run.log_table(weights, "feature_importance.csv")
        figure = Figure(layout="constrained")
        figure.subplots().barh(weights["feature"], weights["weight"].abs())
        run.log_figure(figure, "plots/feature_importance.png")

        run.log_text(f"<h1>Evaluation</h1><p>AUC {auc:.3f}</p>\n", "reports/evaluation.html")
        run.log_dict({"test_auc_roc": auc, "test_rows": len(y_test)}, "reports/evaluation.json")
    # Another run, another day, another clone: the newest version, or the one called best
    with gitrack.start_run("logistic-evaluation-20241022") as evaluation:
        used = evaluation.use_artifact("delay-classifier:best")
        restored = skops.io.load(used.path)
        again = roc_auc_score(y_test, restored.predict_proba(X_test)[:, 1])
        evaluation.log_metric("test_auc_roc", again)
        print(f"{used.name}:v{used.version} has AUC {again:.3f}")
    print(run.id)


if __name__ == "__main__":
    main()
