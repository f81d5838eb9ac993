"""Metrics: curves while it trains, final values when it is judged."""

from __future__ import annotations

import math

import gitrack

# During training: a list with a value per iteration, as libraries give it
training_metrics = {
    "train_logloss": [0.20 + 0.45 * math.exp(-iteration / 60) for iteration in range(424)],
    "val_logloss": [0.23 + 0.42 * math.exp(-iteration / 60) for iteration in range(424)],
    "best_iteration": 423,
}

# Final evaluation metrics
eval_metrics = {
    "test_auc_roc": 0.892,
    "test_f1": 0.814,
    "test_precision": 0.831,
    "test_recall": 0.797,
    "test_pr_auc": 0.856,
    "calibration_ece": 0.023,
    "inference_latency_p99_ms": 12.4,
}


def main() -> None:
    with gitrack.start_run("xgboost-baseline-20241015") as run:
        # With a step, a value is a point of a curve
        curves = zip(
            training_metrics["train_logloss"], training_metrics["val_logloss"], strict=True
        )
        for step, (train_loss, val_loss) in enumerate(curves):
            run.log_metrics({"train_logloss": train_loss, "val_logloss": val_loss}, step=step)
        run.log_metric("best_iteration", training_metrics["best_iteration"])

        # Without a step, the last value counts
        run.log_metrics(eval_metrics)
    print(run.id)


if __name__ == "__main__":
    main()
