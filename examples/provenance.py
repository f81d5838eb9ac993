"""Code, data and environment: what a run needs so that it can be understood years later.

The code (commit, branch, uncommitted changes) and the environment (Python, packages, processor,
memory, GPU) are recorded by gitrack itself. The data are named here, since only you know which
they are; their md5 is the one that DVC computes. `gitrack show @last` prints it all.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pandas as pd

import gitrack

# The image in which this runs, where the container does not tell it by itself
os.environ.setdefault("GITRACK_IMAGE", "ml-training:2024.10.15")


def main() -> None:
    deliveries = pd.DataFrame(
        {"distance_km": [1.5, 7.0, 3.2, 9.9, 4.1], "rain": [0, 1, 0, 1, 1], "late": [0, 1, 0, 1, 0]}
    )
    train, test = deliveries[:4], deliveries[4:]
    Path("data").mkdir(exist_ok=True)
    train.to_csv("data/train.csv", index=False)
    test.to_csv("data/test.csv", index=False)

    with gitrack.start_run("xgboost-baseline-20241015") as run:
        # Version, md5, rows, columns and size are kept with each of them
        run.log_dataset("data/train.csv", role="train", version="v1.4.2")
        run.log_dataset("data/test.csv", role="test", version="v1.4.2")
        run.log_params(
            {
                "data.row_count": len(deliveries),
                "data.feature_set_hash": feature_set_hash(train.drop(columns="late")),
                "environment.dependencies": "requirements-lock.txt",
            }
        )
    print(run.id)


def feature_set_hash(features: pd.DataFrame) -> str:
    """The same for the same columns of the same types in the same order."""
    columns = "\n".join(f"{name} {kind}" for name, kind in features.dtypes.items())
    return f"sha256:{hashlib.sha256(columns.encode()).hexdigest()}"


if __name__ == "__main__":
    main()
