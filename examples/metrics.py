"""Metrics: curves while it trains, final values when it is judged."""

from __future__ import annotations

import math

import gitrack

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
        # During training: with a step, a value is a point of a curve
        for iteration in range(424):
            run.log_metrics(
                {
                    "train_logloss": 0.20 + 0.45 * math.exp(-iteration / 60),
                    "val_logloss": 0.23 + 0.42 * math.exp(-iteration / 60),
                },
                step=iteration,
            )
        run.log_metric("best_iteration", 423)

        # Final evaluation: without a step, the last value counts
        run.log_metrics(eval_metrics)
    print(run.id)


if __name__ == "__main__":
    main()
