"""Features of a flight, all known before it departs unless the set's name says otherwise."""

from __future__ import annotations

import pandas as pd

#: What is predicted: did the flight arrive half an hour late or more?
TARGET = "late"
LATE_MINUTES = 30

SCHEDULE = [
    "month",
    "weekday",
    "hour",
    "departure_minute",
    "arrival_minute",
    "scheduled_minutes",
    "distance",
    "departures_this_hour",
    "carrier_rate",
    "destination_rate",
    "origin_rate",
]
WEATHER = [
    "temp",
    "dewp",
    "humid",
    "wind_dir",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]
#: `after-departure` knows how late the flight left: right for a forecast made in the air,
#: a leak for any other.
FEATURE_SETS = {
    "schedule": SCHEDULE,
    "schedule-no-month": [name for name in SCHEDULE if name != "month"],
    "schedule-weather": SCHEDULE + WEATHER,
    "after-departure": [*SCHEDULE, *WEATHER, "dep_delay"],
}


def flights_with_weather(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """Flights that arrived, each with its timetable, the weather at its airport, and the target."""
    frame = flights.copy()
    frame["time_hour"] = pd.to_datetime(frame["time_hour"])
    # Counted before cancelled flights are dropped: the timetable did not know of them.
    frame["departures_this_hour"] = frame.groupby(["origin", "time_hour"])["flight"].transform(
        "size"
    )
    frame = frame[frame["arr_delay"].notna()].copy()
    frame[TARGET] = (frame["arr_delay"] >= LATE_MINUTES).astype("int8")
    frame["weekday"] = pd.to_datetime(frame[["year", "month", "day"]]).dt.day_of_week
    frame["departure_minute"] = _minutes(frame["sched_dep_time"])
    frame["arrival_minute"] = _minutes(frame["sched_arr_time"])
    # By the clocks of the two airports, so time zones are in it: fine for a model of trees.
    frame["scheduled_minutes"] = (frame["arrival_minute"] - frame["departure_minute"]) % 1440

    # The last report before the hour of departure: the one of that hour may come too late.
    report = weather[["origin", "time_hour", *WEATHER]].copy()
    # One misread of an anemometer, 1,048 miles an hour, would stretch every scale.
    report.loc[report["wind_speed"] > 200, "wind_speed"] = float("nan")
    report["time_hour"] = pd.to_datetime(report["time_hour"]) + pd.Timedelta(hours=1)
    return frame.merge(report, on=["origin", "time_hour"], how="left")


def _minutes(clock: pd.Series) -> pd.Series:
    """515 is a quarter past five: 315 minutes after midnight."""
    return clock // 100 * 60 + clock % 100


def split_by_date(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Train on January to August, choose on September and October, test on the rest."""
    month = frame["month"]
    return {
        "train": frame[month <= 8].copy(),
        "validation": frame[month.isin([9, 10])].copy(),
        "test": frame[month >= 11].copy(),
    }


def add_rates(parts: dict[str, pd.DataFrame]) -> None:
    """How often a carrier, a destination and an origin were late, in the training months only."""
    train = parts["train"]
    overall = train[TARGET].mean()
    for column, name in [
        ("carrier", "carrier_rate"),
        ("dest", "destination_rate"),
        ("origin", "origin_rate"),
    ]:
        counts = train.groupby(column)[TARGET].agg(["sum", "size"])
        # Few flights say little: fifty flights' worth of the overall rate are mixed in.
        rate = (counts["sum"] + 50 * overall) / (counts["size"] + 50)
        for part in parts.values():
            part[name] = part[column].map(rate).fillna(overall)
