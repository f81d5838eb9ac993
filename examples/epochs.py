"""A loop of epochs, as deep learning has it: settings, curves, the best checkpoint, plots.

The forecast is linear and made with NumPy, so that nothing else is needed; with torch only the
three lines that train and save would differ.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import gitrack


def main() -> None:
    gitrack.set_experiment("linear-7day-forecast-20241015")
    run = gitrack.start_run(
        name="linear-7day-forecast-run-42",
        params={
            "architecture": "linear",
            "learning_rate": 1e-2,
            "batch_size": 64,
            "sequence_length": 30,
            "forecast_horizon": 7,
            "dataset_version": "v3.1",
        },
        tags={"linear": True, "demand-forecast": True, "weekly": True},
        notes="Added the day of the week to the demand of the last 30 days",
    )
    X, y = demand(run.params["sequence_length"], run.params["forecast_horizon"])
    X_train, X_val, y_train, y_val = X[:300], X[300:], y[:300], y[300:]

    generator = np.random.default_rng(42)
    gitrack.log_seeds({"batches": 42})
    weights = np.zeros((X.shape[1], y.shape[1]))
    best = float("inf")
    rate = run.params["learning_rate"]
    checkpoint = Path("model_checkpoint.npy")
    for epoch in range(30):
        for rows in np.array_split(generator.permutation(len(X_train)), 5):
            error = X_train[rows] @ weights - y_train[rows]
            weights -= rate * X_train[rows].T @ error / len(rows)
        val_loss = float(np.mean((X_val @ weights - y_val) ** 2))
        gitrack.log_metrics(
            {
                "train/loss": np.mean((X_train @ weights - y_train) ** 2),
                "val/loss": val_loss,
                "val/mae": np.mean(np.abs(X_val @ weights - y_val)),
                "learning_rate": rate,
            },
            step=epoch,
        )

        # A checkpoint: of those under one name the last one counts. When the run ends, it is
        # the next version of what other runs know as demand-forecast-model:latest
        if val_loss < best:
            best = val_loss
            np.save(checkpoint, weights)
            run.log_artifact(
                checkpoint,
                kind="model",
                named="demand-forecast-model",
                description=f"Linear forecast, epoch {epoch}, val_loss={val_loss:.4f}",
            )
        rate *= 0.98

    checkpoint.unlink()  # the run has its own copy

    gitrack.log_figure(forecast_plot(y_val[0], X_val[0] @ weights), "plots/forecast.png")
    gitrack.log_metrics({"test/final_mae": np.mean(np.abs(X_val @ weights - y_val))})
    gitrack.end_run()
    print(run.id)


def demand(length: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """450 days with a week in them: the last days, and those that come."""
    days = np.arange(450)
    series = np.sin(days * 2 * np.pi / 7) + np.random.default_rng(7).normal(0, 0.1, len(days))
    starts = range(len(days) - length - horizon)
    X = np.array([series[start : start + length] for start in starts])
    y = np.array([series[start + length : start + length + horizon] for start in starts])
    return X, y


def forecast_plot(truth: np.ndarray, forecast: np.ndarray) -> Figure:
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.plot(truth, label="demand")
    axes.plot(forecast, label="forecast")
    axes.legend()
    return figure


if __name__ == "__main__":
    main()
