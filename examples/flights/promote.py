"""Register the best model of each experiment and promote those that pass: python promote.py

The gates are in `.tracking/policy.yaml`. Who fails stays where it is, and the reason is printed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import gitrack
from features import TARGET
from gitrack.errors import GitrackError, PromotionRefused

MODEL = "late-flights"
ABOUT = "Will a flight out of New York arrive 30 minutes late or more?"
TEST = Path(__file__).parent / "data/test.parquet"


def main() -> None:
    runs = gitrack.search_runs("status = 'finished'", order_by="metrics.test_auc_roc")
    best = runs.groupby("experiment").tail(1).sort_values("started")
    flights = pd.read_parquet(TEST).drop(columns=TARGET).head(1000)
    for run in best.itertuples():
        version = gitrack.register_model(f"runs:/{run.run_id}/model", MODEL)
        check(version, flights)
        promote(version.version, run.name)
    gitrack.describe_model(MODEL, ABOUT)


def check(version, flights: pd.DataFrame) -> None:
    """Does the model come back, and say something sensible about flights? A gate asks for that."""
    function = gitrack.load_model(f"models:/{MODEL}/{version.version}", as_function=True)
    scores = np.asarray(function.predict(flights))
    sensible = bool(np.isfinite(scores).all() and len(scores) == len(flights))
    gitrack.add_evidence(
        MODEL,
        version.version,
        "smoke-test",
        passed=sensible,
        note=f"loaded, and scored {len(flights):,} flights of the test months",
    )


def promote(version: int, name: str) -> None:
    """As far as its gates let it. A team would leave `direct` away, and get a pull request."""
    for stage in ("staging", "production"):
        try:
            gitrack.promote(
                MODEL, version, to=stage, why=f"{name} is the best of its experiment", direct=True
            )
        except PromotionRefused as error:
            failed = [verdict for verdict in error.verdicts if verdict.outcome == "failed"]
            print(f"v{version} ({name}) does not reach {stage}:")
            for verdict in failed:
                print(f"    {verdict.gate}: {verdict.says}")
            return
        except GitrackError as error:  # it stands there since the last time
            print(f"v{version} ({name}): {error.message}")
            return
    print(f"v{version} ({name}) goes to production")


if __name__ == "__main__":
    main()
