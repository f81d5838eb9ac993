"""What one call costs while training goes on, and what a kill leaves of such calls."""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.run import new_repository

CALLS = 40_000
KILLS = 10

#: What others need for one call of two values, measured once on 2 cores, in µs.
PEERS = {"trackio": "17–29", "wandb": "140", "mlflow, files": "325", "mlflow, SQLite": "4,070"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(new_repository(Path(folder)))
        try:
            _calls(Path(folder))
            _kills()
        finally:
            os.chdir(before)


def _calls(folder: Path) -> None:
    import gitrack

    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record = b"x" * 37
    with gitrack.start_run("benchmark") as run:
        cases: dict[str, Callable[[int, dict[str, float]], object]] = {
            "os.write of 37 bytes": lambda step, metrics: os.write(bare, record),
            "run.log_metrics": lambda step, metrics: run.log_metrics(metrics, step),
            "run.log_metrics without step": lambda step, metrics: run.log_metrics(metrics),
            "gitrack.log_metrics": lambda step, metrics: gitrack.log_metrics(metrics, step),
        }
        print(f"{'one call of two values':32}{'median':>10}{'p99':>12}{'ratio':>8}")
        first = 0.0
        for name, call in cases.items():
            times = sorted(_microseconds(call))
            median = statistics.median(times)
            first = first or median
            p99 = times[len(times) * 99 // 100]
            print(f"{name:32}{median:7.2f} µs{p99:9.2f} µs{median / first:8.1f}")
    os.close(bare)
    print("\nothers: " + ", ".join(f"{name} {took} µs" for name, took in PEERS.items()))


def _microseconds(call: Callable[[int, dict[str, float]], object]) -> list[float]:
    clock = time.perf_counter
    times = []
    for step in range(CALLS):
        metrics = {"train/loss": 0.123456789 + step * 1e-7, "val/loss": 1.2345678 + step * 1e-7}
        began = clock()
        call(step, metrics)
        times.append((clock() - began) * 1e6)
    return times


#: Says after each call that it has returned.
_LOGS = """
import gitrack, os
run = gitrack.start_run("killed")
print(run.id, flush=True)
for step in range(10**9):
    run.log_metrics({"loss": 0.5}, step)
    os.write(1, b"%d\\n" % step)
"""


def _kills() -> None:
    from gitrack.tracking.ending import recover
    from gitrack.tracking.place import find_place

    returned, lost = 0, 0
    for _ in range(KILLS):
        with Path("said").open("wb") as said:
            process = subprocess.Popen([sys.executable, "-c", _LOGS], stdout=said)
            while not Path("said").stat().st_size and process.poll() is None:
                time.sleep(0.01)
            time.sleep(random.uniform(0.05, 0.5))
            process.send_signal(signal.SIGKILL)
            process.wait()
        run_id, *steps = Path("said").read_text().split()
        place = find_place()
        recover.sync(place)
        kept = place.store().run(run_id).curves["loss.count"]
        returned += len(steps)
        lost += max(0, len(steps) - int(kept))
    print(f"\nkill -9 at {KILLS} moments: {returned:,} calls had returned, {lost} lost")
