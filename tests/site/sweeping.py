"""A made-up sweep: sixty runs over five settings, of which two matter, and one run that blew up."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from gitrack.model.run import Run, RunBundle, Status
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.store.sweeps import AllSweeps

ID = "20260910-120000-swp001"
EXPERIMENT = "xgboost-sweep-20260910"


def sweep(**fields) -> Sweep:
    """Its record, without any run."""
    return Sweep(
        **{
            "id": ID,
            "name": "depth-and-rate",
            "description": "How deep, how fast, with how much of the data.",
            "method": "bayes",
            "metric": SweepMetric(name="val_auc", goal="maximize"),
            "parameters": {
                "learning_rate": Parameter(distribution="log_uniform_values", min=0.001, max=0.3),
                "max_depth": Parameter(values=[4, 6, 8, 10, 12]),
                "subsample": Parameter(distribution="uniform", min=0.6, max=1.0),
                "booster": Parameter(values=["gbtree", "dart"]),
                "n_estimators": Parameter(value=400),
            },
            "early_terminate": {"type": "hyperband", "min_iter": 5},
            "limit": 80,
            "command": "python train.py",
            "created": "2026-09-10T12:00:00.000Z",
            "by": "Jane Smith <jane.smith@example.com>",
            **fields,
        }
    )


def bundles(count: int = 60) -> list[RunBundle]:
    """Its runs; every tenth failed."""
    chance = random.Random(11)
    day = datetime(2026, 9, 10, 12, 0, 0, tzinfo=UTC)
    made = []
    for place in range(count):
        day += timedelta(minutes=chance.uniform(3, 9))
        rate = round(10 ** chance.uniform(-3, math.log10(0.3)), 5)
        depth = chance.choice([4, 6, 8, 10, 12])
        failed = place % 10 == 7
        auc = 0.80 - 0.05 * (math.log10(rate) + 1.2) ** 2 - 0.0006 * (depth - 8) ** 2
        tail = "".join(chance.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(6))
        run = Run(
            id=f"{day:%Y%m%d-%H%M%S}-{tail}",
            name=f"sweep-{place + 1:02}",
            experiment=EXPERIMENT,
            status=Status.FAILED if failed else Status.FINISHED,
            started=f"{day:%Y-%m-%dT%H:%M:%S}.000Z",
            ended=f"{day + timedelta(seconds=90):%Y-%m-%dT%H:%M:%S}.000Z",
            params={
                "learning_rate": rate,
                "max_depth": depth,
                "subsample": round(chance.uniform(0.6, 1.0), 3),
                "booster": chance.choice(["gbtree", "dart"]),
                "n_estimators": 400,
            },
            metrics={} if failed else {"val_auc": round(auc + chance.gauss(0, 0.003), 6)},
            tags={"sweep": ID} if place % 2 else {},
        )
        made.append(RunBundle(run=run))
    return made


def sweeps(runs: list[RunBundle], **fields) -> AllSweeps:
    """The sweep that lists every other run; the rest carry its tag."""
    listed = [bundle.run.id for bundle in runs if not bundle.run.tags]
    return AllSweeps(sweeps=(sweep(runs=listed, **fields),))
