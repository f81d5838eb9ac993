"""Train a model on the earlier part of the training data, and watch it on the later part."""

from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path

import pandas as pd
import xgboost
import yaml

import gitrack

METRICS = Path("reports/metrics.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "config", "output"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    chosen = parser.parse_args()
    config = yaml.safe_load(chosen.config.read_text())

    data = pd.read_parquet(chosen.data)
    cut = int(len(data) * (1 - config["validation_share"]))
    parts = {
        name: xgboost.DMatrix(part.drop(columns="late"), part["late"])
        for name, part in (("train", data[:cut]), ("val", data[cut:]))
    }
    # within `gitrack repro` this is the run of the whole pipeline
    with gitrack.start_run("xgboost-late-flights") as run:
        seen: dict[str, dict[str, list[float]]] = {}
        model = xgboost.train(
            {
                **config["model"],
                "objective": "binary:logistic",
                "eval_metric": ["logloss", "auc"],
                "seed": config["seed"],
            },
            parts["train"],
            num_boost_round=config["rounds"],
            evals=[(part, name) for name, part in parts.items()],
            evals_result=seen,
            verbose_eval=False,
            callbacks=[gitrack.xgboost_callback(run)],
        )
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_bytes(pickle.dumps(model))
    METRICS.parent.mkdir(parents=True, exist_ok=True)
    last = {
        name: {metric: steps[-1] for metric, steps in metrics.items()}
        for name, metrics in seen.items()
    }
    METRICS.write_text(json.dumps(last, indent=2) + "\n")


if __name__ == "__main__":
    main()
