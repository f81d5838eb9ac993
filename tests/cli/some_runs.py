"""A repository with a few runs on its branch, some of them hostile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitrack.model.run import Artifact, Code, Dataset, Environment, Run, RunBundle, Status
from gitrack.store import open_store

#: Moves the cursor, colours, reverses the reading direction, and pretends to be markup.
HOSTILE = "\x1b[31mred\x1b[0m \u202egnp.exe <script>alert(1)</script> [bold]x[/bold]"

EXPERIMENT = "xgboost-weather-features-20241022"

HISTORY = b"step\ttime\tval_logloss\n0\t0.5\t0.69\n1\t1\t0.2113\n"


def a_run(number: int, **fields: Any) -> Run:
    record: dict[str, Any] = {
        "id": f"202410{20 + number}-143012-7k3f9{number}",
        "name": f"lr00{number}",
        "experiment": EXPERIMENT,
        "status": Status.FINISHED,
        "started": f"2024-10-{20 + number}T14:30:12.120Z",
        "ended": f"2024-10-{20 + number}T14:34:02.870Z",
        "author": "Jane Smith <jane.smith@example.com>",
        "params": {"learning_rate": 0.05 * number, "booster": "gbtree", "flag": number == 1},
        "metrics": {"test_auc_roc": 0.88 + number / 100},
        "tags": {"team": "logistics-ml", "hypothesis": f"Weather helps {number}"},
    }
    return Run(**{**record, **fields})


FULL = a_run(
    3,
    status=Status.FAILED,
    command="python train.py --lr 0.05",
    notes="first line\nsecond \x1b[2Jline",
    error="Traceback\nValueError: no",
    metrics={"test_auc_roc": float("nan"), "val_logloss": 0.2113},
    curves={
        "val_logloss.count": 2,
        "val_logloss.max": 0.69,
        "val_logloss.max_step": 0,
        "val_logloss.min": 0.2113,
        "val_logloss.min_step": 1,
    },
    tags={"team": "logistics-ml", "hostile": HOSTILE},
    code=Code(commit="a3f8" * 10, branch="main", dirty=True, patch="code.patch", untracked=2),
    data=[Dataset(name="flights", role="train", dvc="md5:" + "a" * 32, rows=3619113)],
    environment=Environment(python="3.11.7", memory=16_000_000_000, variables={"JOB": "7"}),
    seeds={"numpy": 42},
    artifacts=[
        Artifact(
            path="model",
            kind="model",
            flavor="xgboost",
            store="dvc",
            size=483920,
            files=3,
            inputs="distance: long",
            outputs="double\x1b[2J",
        ),
        Artifact(path="roc.png", size=900),
    ],
)


def with_runs(repo: Path) -> Path:
    """Three runs of one experiment, the last with everything, and one of another."""
    bundles = [RunBundle(run=a_run(number)) for number in (1, 2)]
    bundles.append(RunBundle(run=FULL, files={"history.tsv": HISTORY}))
    other = a_run(4, experiment="baseline-20241001", name="tiny", params={"depth": 3}, tags={})
    bundles.append(RunBundle(run=other))
    open_store(repo).commit_runs(bundles)
    return repo
