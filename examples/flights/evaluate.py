"""How good a model's scores are: numbers, pictures, and what the model looks at."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn import metrics


def best_threshold(truth: np.ndarray, scores: np.ndarray) -> float:
    """Where F1 is highest. Choose it on validation data, never on the test's."""
    precision, recall, thresholds = metrics.precision_recall_curve(truth, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[np.argmax(f1[:-1])])


def final_metrics(truth: np.ndarray, scores: np.ndarray, threshold: float) -> dict[str, float]:
    guesses = scores >= threshold
    return {
        "test_auc_roc": metrics.roc_auc_score(truth, scores),
        "test_pr_auc": metrics.average_precision_score(truth, scores),
        "test_logloss": metrics.log_loss(truth, scores),
        "test_f1": metrics.f1_score(truth, guesses),
        "test_precision": metrics.precision_score(truth, guesses),
        "test_recall": metrics.recall_score(truth, guesses),
        "calibration_ece": calibration_error(truth, scores),
    }


def calibration_error(truth: np.ndarray, scores: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error: how far forecasts are from what happened, on average."""
    place = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    happened = np.bincount(place, weights=truth, minlength=bins)
    forecast = np.bincount(place, weights=scores, minlength=bins)
    return float(np.abs(happened - forecast).sum() / counts.sum())


def latency_p99_ms(predict, rows: pd.DataFrame, calls: int = 200) -> float:
    """The 99th percentile of predicting one flight, in milliseconds."""
    one = [rows.iloc[[i % len(rows)]] for i in range(calls)]
    predict(one[0])
    took = []
    for row in one:
        start = time.perf_counter()
        predict(row)
        took.append(time.perf_counter() - start)
    return float(np.percentile(took, 99) * 1000)


def importance(predict, rows: pd.DataFrame, truth: np.ndarray, seed: int) -> pd.DataFrame:
    """How much AUC is lost when a feature is shuffled."""
    random = np.random.default_rng(seed)
    whole = metrics.roc_auc_score(truth, predict(rows))
    lost = {}
    for column in rows.columns:
        shuffled = rows.copy()
        shuffled[column] = random.permutation(shuffled[column].to_numpy())
        lost[column] = whole - metrics.roc_auc_score(truth, predict(shuffled))
    table = pd.DataFrame({"feature": list(lost), "auc_lost": list(lost.values())})
    return table.sort_values("auc_lost", ascending=False, ignore_index=True)


def roc_figure(truth: np.ndarray, scores: np.ndarray) -> Figure:
    wrong, right, _ = metrics.roc_curve(truth, scores)
    figure, axes = _square("ROC on the test months")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, label="guessing")
    axes.plot(wrong, right, label=f"AUC {metrics.roc_auc_score(truth, scores):.3f}")
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    axes.legend(loc="lower right")
    return figure


def calibration_figure(truth: np.ndarray, scores: np.ndarray) -> Figure:
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, 16)))
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, len(edges) - 2)
    table = pd.DataFrame({"place": place, "truth": truth, "score": scores})
    bins = table.groupby("place").mean()
    figure, axes = _square("Calibration on the test months")
    limit = float(bins.to_numpy().max()) * 1.05
    axes.plot([0, limit], [0, limit], color="#999999", linewidth=1, label="perfect")
    axes.plot(bins["score"], bins["truth"], marker="o", label="a fifteenth of the flights each")
    axes.set(xlabel="forecast share late", ylabel="share that was late")
    axes.legend(loc="upper left")
    return figure


def importance_figure(table: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(6, 0.28 * len(table) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh(table["feature"][::-1], table["auc_lost"][::-1])
    axes.set(xlabel="AUC lost when the feature is shuffled")
    return figure


def _square(title: str):
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    return figure, axes
