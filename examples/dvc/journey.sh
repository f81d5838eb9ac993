#!/usr/bin/env bash
# DVC versions the data, gitrack the runs, in one repository; on another machine both come back.
#
#   bash journey.sh [URL]
#
# URL is where the large data goes, such as s3://ml-team-data/dvc-store. Without it everything
# stays in this folder: "shared" stands for the git host, "store" for the buckets.
set -euo pipefail

here=$PWD
data_url=${1:-$here/store/data}
runs_url=${data_url%/*}/gitrack

git init --quiet --bare shared.git

# Initialize DVC in a Git repo
git init --quiet project && cd project
git remote add origin "$here/shared.git"
dvc init --quiet
git add .dvc .dvcignore
git commit --quiet -m "Initialize DVC"

# Configure remote storage (S3, GCS, Azure, local)
dvc remote add -d s3remote "$data_url"
case $data_url in s3://*) dvc remote modify s3remote region us-east-1 ;; esac
git add .dvc/config
git commit --quiet -m "Configure S3 DVC remote"

# gitrack in the same repository, with a place of its own for what runs leave
gitrack init --artifacts "$runs_url"
git add .tracking
git commit --quiet -m "Track experiments with gitrack"

# Track a large dataset
mkdir -p data/raw
cat > deliveries.py <<'PYTHON'
import sys

import numpy as np
import pandas as pd

rows, out = int(sys.argv[1]), sys.argv[2]
draw = np.random.default_rng(2024)
km = draw.gamma(2.0, 4.0, rows)
late = draw.random(rows) < 1 / (1 + np.exp(2 - km / 6))
pd.DataFrame({"km": km, "stops": draw.integers(1, 20, rows), "late": late}).to_parquet(out)
PYTHON
python deliveries.py 20000 data/raw/delivery_records_2024.parquet
dvc add --quiet data/raw/delivery_records_2024.parquet

# The .dvc file is a small pointer file tracked in Git
git add data/raw/.gitignore data/raw/delivery_records_2024.parquet.dvc deliveries.py
git commit --quiet -m "Add delivery records dataset v1.0"

# A run: its data is identified by what DVC says of it, its model goes to DVC, too
cat > train.py <<'PYTHON'
import numpy as np
import pandas as pd

import gitrack

frame = pd.read_parquet("data/raw/delivery_records_2024.parquet")
with gitrack.start_run("threshold-baseline-20241015", params={"quantile": 0.8}) as run:
    run.log_dataset("data/raw/delivery_records_2024.parquet", role="train", version="v1.0")
    limit = float(frame["km"].quantile(run.params["quantile"]))
    run.log_metric("accuracy", float(((frame["km"] > limit) == frame["late"]).mean()))
    np.save("model.npy", np.full(50_000, limit))
    run.log_artifact("model.npy", kind="model")
PYTHON
git add train.py
git commit --quiet -m "Train a baseline"
python train.py
rm model.npy

# Push data to remote storage, then code, runs and their models
dvc push --quiet
git push --quiet -u origin HEAD
gitrack push

# On another machine: pull data
cd "$here"
git clone --quiet shared.git colleague && cd colleague
git pull --quiet
dvc pull --quiet
gitrack pull
gitrack ls
gitrack artifact get @last/model.npy
python - <<'PYTHON'
import numpy as np
import pandas as pd

frame = pd.read_parquet("data/raw/delivery_records_2024.parquet")
late = frame["km"] > np.load("model.npy")[0]
print(f"accuracy {(late == frame['late']).mean():.4f}")
PYTHON
