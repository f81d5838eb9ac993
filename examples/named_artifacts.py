"""Named artifacts: one run prepares data, others train on a version of it and leave a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import skops.io
from sklearn.linear_model import LogisticRegression

import gitrack


def prepare(rows: int) -> None:
    """Leave the data as the next version of `flights`."""
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"hour": random.integers(0, 24, rows), "rain": random.random(rows)})
    frame["late"] = (frame["hour"] / 24 + frame["rain"] > 1).astype(int)
    with gitrack.start_run("prepare-flights-20241015", params={"rows": rows}) as run:
        run.log_table(frame, "flights.csv", named="flights", description=f"{rows} flights")


def train(reference: str) -> float:
    """Train on one version; the record says which it was."""
    with gitrack.start_run("baseline-20241016") as run:
        data = run.use_artifact(reference)
        frame = pd.read_csv(data.path)
        X, y = frame[["hour", "rain"]].to_numpy(), frame["late"].to_numpy()
        model = LogisticRegression().fit(X, y)
        score = float(model.score(X, y))
        run.log_metric("accuracy", score)
        with open("model.skops", "wb") as file:
            file.write(skops.io.dumps(model))
        run.log_artifact("model.skops", kind="model", flavor="sklearn", named="late-or-not")
        print(f"{data.name}:v{data.version} gave {score:.3f}")
    return score


def main() -> None:
    prepare(200)
    prepare(2_000)
    prepare(200)  # the same contents: still version 1
    train("flights:v1")
    train("flights:latest")


if __name__ == "__main__":
    main()
