"""Measure a model on the test data, once."""

from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path

import pandas as pd
import xgboost
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score, roc_curve

#: Points of the curve that are kept: more are not seen.
POINTS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "data", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    chosen = parser.parse_args()

    # a pickle runs whatever its writer wants: this one was written by train.py next door
    model: xgboost.Booster = pickle.loads(chosen.model.read_bytes())
    data = pd.read_parquet(chosen.data)
    late = data["late"]
    scores = model.predict(xgboost.DMatrix(data.drop(columns="late")))

    measured = {
        "test_auc_roc": roc_auc_score(late, scores),
        "test_average_precision": average_precision_score(late, scores),
        "test_brier": brier_score_loss(late, scores),
    }
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(measured, indent=2) + "\n")

    false_positives, true_positives, _ = roc_curve(late, scores)
    every = max(1, len(false_positives) // POINTS)
    curve = [
        {"fpr": float(fpr), "tpr": float(tpr)}
        for fpr, tpr in zip(false_positives[::every], true_positives[::every], strict=True)
    ]
    (chosen.output.parent / "roc_curve.json").write_text(json.dumps(curve, indent=1) + "\n")


if __name__ == "__main__":
    main()
