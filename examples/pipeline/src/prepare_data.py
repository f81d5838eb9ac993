"""From raw records to training and test data: features that are known before departure."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import yaml


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("input", "output", "test-output", "config"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    chosen = parser.parse_args()
    config = yaml.safe_load(chosen.config.read_text())

    records = pd.read_parquet(chosen.input)
    prepared = records[["month", *config["features"]]].copy()
    prepared = prepared.loc[:, ~prepared.columns.duplicated()]
    for name in ("carrier", "origin"):
        if name in prepared:
            prepared[name] = prepared[name].astype("category").cat.codes
    prepared["late"] = (records["arr_delay"] >= config["late_minutes"]).astype(int)

    is_test = prepared["month"] >= config["test_from_month"]
    for path, part in (
        (chosen.output, prepared[~is_test]),
        (chosen.test_output, prepared[is_test]),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(path, index=False)
        print(f"{path}: {len(part):,} rows, {part['late'].mean():.1%} late")


if __name__ == "__main__":
    main()
