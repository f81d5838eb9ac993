"""System metrics: a short table, however long the run."""

from __future__ import annotations

from itertools import pairwise

from gitrack.tracking.capture.system import MOST_ROWS, SystemMetrics


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def table(data: bytes) -> list[dict[str, str]]:
    names, *rows = [line.split("\t") for line in data.decode().splitlines()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_readings_have_a_time_and_plausible_values() -> None:
    clock = Clock()
    system = SystemMetrics(10.0, began=90.0, clock=clock)
    system.read()
    clock.now += 10
    system.read()

    rows = table(system.tsv())
    assert [row["time"] for row in rows] == ["10", "20"]
    assert system.due == 120.0
    for row in rows:
        assert 0 <= float(row["cpu_percent"]) <= 100
        assert float(row["process_memory_mb"]) > 5
        assert float(row["memory_mb"]) > float(row["process_memory_mb"])


def test_a_long_run_is_thinned_evenly_and_keeps_its_peaks() -> None:
    clock = Clock()
    system = SystemMetrics(1.0, clock=clock)
    peak = 0.0
    for number in range(1000):
        clock.now += 1
        if clock.now < system.due:
            continue
        system.read()
        if number == 300:
            peak = system.rows[-1]["memory_mb"] = 1e9

    times = [float(row["time"]) for row in table(system.tsv())]
    assert 50 < len(times) <= MOST_ROWS
    assert times == sorted(times)
    assert times[-1] > 980
    gaps = [b - a for a, b in pairwise(times)]
    assert max(gaps) <= 3 * min(gaps)
    assert max(row["memory_mb"] for row in system.rows) == peak


def test_nothing_read_is_no_table() -> None:
    assert SystemMetrics(1.0).tsv() == b""
