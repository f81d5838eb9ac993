"""How long whole processes take that import gitrack or run a command."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 15

#: What other tools need for the same, whole processes, measured once on 2 cores, in ms.
PEERS = {"dvc --help": 151, "wandb --help": 550, "aim --help": 1020, "mlflow --help": 3240}


def main(runs: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder)
        _many_runs(repository, runs)
        gitrack = str(Path(sys.executable).with_name("gitrack"))
        cases = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import gitrack": [sys.executable, "-c", "import gitrack"],
            "gitrack --help": [gitrack, "--help"],
            f"gitrack ls ({runs:,} runs, warm)": [gitrack, "ls"],
        }
        for line in cases.values():
            subprocess.run(line, cwd=folder, check=True, capture_output=True, env=_as_installed())
        rounds = [{name: _milliseconds(line, folder) for name, line in cases.items()}]
        for _ in range(REPEATS - 1):  # in turns, so that a busy moment meets all alike
            rounds.append({name: _milliseconds(line, folder) for name, line in cases.items()})
    bare = statistics.median(one["python -c pass"] for one in rounds)
    print(f"{'whole process':32}{'median':>10}{'slowest':>10}{'added':>10}{'ratio':>8}")
    for name in cases:
        times = [one[name] for one in rounds]
        median = statistics.median(times)
        print(
            f"{name:32}{median:7.0f} ms{max(times):7.0f} ms{median - bare:7.0f} ms"
            f"{median / bare:8.1f}"
        )
    print("\nothers: " + ", ".join(f"{name} {ms:,} ms" for name, ms in PEERS.items()))


def _milliseconds(line: list[str], folder: str) -> float:
    started = time.perf_counter()
    subprocess.run(line, cwd=folder, check=True, capture_output=True, env=_as_installed())
    return (time.perf_counter() - started) * 1000


def _as_installed() -> dict[str, str]:
    """An installed package is compiled; where Python may not write, a checkout's never is."""
    return {name: os.environ[name] for name in os.environ if name != "PYTHONDONTWRITEBYTECODE"}


def _many_runs(repository: Path, count: int) -> None:
    """A repository whose branch holds `count` runs of a hundred days, written in batches."""
    from gitrack.model.ids import day_of
    from gitrack.model.run import Run, RunBundle, Status
    from gitrack.store import open_store

    for line in (
        ["init", "--quiet"],
        ["config", "user.name", "Ada Example"],
        ["config", "user.email", "ada@example.com"],
    ):
        subprocess.run(["git", *line], cwd=repository, check=True)
    store = open_store(repository)
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    bundles = []
    for number in range(count):
        tail = "".join(alphabet[(number >> shift) & 31] for shift in range(25, -1, -5))
        day = f"2024{1 + number % 10:02}{1 + number // 10 % 28:02}"
        run_id = f"{day}-120000-{tail}"
        when = f"{'-'.join(day_of(run_id))}T12:00:00.000Z"
        run = Run(
            id=run_id,
            name=f"xgb-{number}",
            experiment=f"xgboost-change{number % 20}-20240101",
            status=Status.FINISHED,
            started=when,
            ended=when,
            params={f"param_{i}": number % (i + 2) for i in range(25)},
            metrics={f"metric_{i}": (number % 997) / (i + 997) for i in range(15)},
            tags={f"tag_{i}": f"value {number % 7}" for i in range(10)},
        )
        bundles.append(RunBundle(run=run))
    for start in range(0, count, 1000):
        store.commit_runs(bundles[start : start + 1000])


if __name__ == "__main__":
    main()
