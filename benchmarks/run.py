"""What logging costs while training goes on, and a whole run from start to commit."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CALLS = 40_000
RUNS = 60

#: What others need, measured once on 2 cores: one call of two values in µs, a whole run in ms.
PEERS_CALL = {"trackio": "17–29", "wandb": "140", "mlflow, files": "325", "mlflow, SQLite": "4,070"}
PEERS_RUN = {"trackio": "3–10", "mlflow": "17–29", "dvclive with experiments": "93"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(_repository(Path(folder)))
        try:
            _calls(Path(folder))
            print()
            _runs()
        finally:
            os.chdir(before)


def _calls(folder: Path) -> None:
    import gitrack

    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    record = b"x" * 37
    run = gitrack.start_run("benchmark")
    cases: dict[str, Callable[[int, dict[str, float]], object]] = {
        "os.write of 37 bytes": lambda step, metrics: os.write(bare, record),
        "run.log_metrics": lambda step, metrics: run.log_metrics(metrics, step),
        "run.log_metrics without step": lambda step, metrics: run.log_metrics(metrics),
        "gitrack.log_metrics": lambda step, metrics: gitrack.log_metrics(metrics, step),
        "run.log_metric": lambda step, metrics: run.log_metric("loss", 0.5, step),
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
    run.end()
    print("\nothers: " + ", ".join(f"{name} {took} µs" for name, took in PEERS_CALL.items()))


def _microseconds(call: Callable[[int, dict[str, float]], object]) -> list[float]:
    clock = time.perf_counter
    times = []
    for step in range(CALLS):
        metrics = {"train/loss": 0.123456789 + step * 1e-7, "val/loss": 1.2345678 + step * 1e-7}
        began = clock()
        call(step, metrics)
        times.append((clock() - began) * 1e6)
    return times


def _runs() -> None:
    """25 params, 10 tags, 15 metrics; code, machine, packages and console captured; committed."""
    times = [_whole_run() for _ in range(RUNS)]
    later = sorted(times[1:])
    print(f"{'a whole run':32}{'median':>10}{'p90':>12}")
    print(f"{'the first of a process':32}{times[0]:7.1f} ms")
    p90 = later[len(later) * 9 // 10]
    print(f"{'every other':32}{statistics.median(later):7.1f} ms{p90:9.1f} ms")
    print("\nothers: " + ", ".join(f"{name} {took} ms" for name, took in PEERS_RUN.items()))


def _whole_run() -> float:
    import gitrack

    began = time.perf_counter()
    with gitrack.start_run(
        "benchmark",
        params={f"param_{number}": number / 3 for number in range(25)},
        tags={f"tag_{number}": "value" for number in range(10)},
    ) as run:
        run.log_metrics({f"metric_{number}": number / 7 for number in range(15)})
    return (time.perf_counter() - began) * 1000


def _repository(folder: Path) -> Path:
    project = folder / "project"
    project.mkdir()
    (project / "train.py").write_text("print('training')\n")
    for line in (
        ["init", "--quiet"],
        ["config", "user.name", "Ada Example"],
        ["config", "user.email", "ada@example.com"],
        ["add", "."],
        ["commit", "--quiet", "--message", "start"],
    ):
        subprocess.run(["git", *line], cwd=project, check=True)
    return project


if __name__ == "__main__":
    main()
