"""A whole run: start, 25 params, 10 tags, 15 metrics, capture, commit on the branch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.table import milliseconds, print_table, summary

RUNS = 60

#: What others need, measured once on 2 cores, in ms. None of them captures code or commits.
PEERS = {"trackio": "3–10", "mlflow": "17–29", "dvclive with experiments": "93"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(new_repository(Path(folder)))
        try:
            first = [_first(before) for _ in range(5)]
            whole_run(0)
            later = milliseconds(whole_run, RUNS)
        finally:
            os.chdir(before)
    rows = [
        [name, *(f"{value:.1f} ms" for value in (summary(taken)[0], max(taken)))]
        for name, taken in (
            ("the first of a process, which waits for the capture", first),
            ("every other", later),
        )
    ]
    print_table("a whole run", ["", "median", "slowest"], rows)
    print("\nothers: " + ", ".join(f"{name} {took} ms" for name, took in PEERS.items()))


def whole_run(number: int) -> None:
    import gitrack

    with gitrack.start_run(
        "benchmark",
        params={f"param_{n}": number + n / 3 for n in range(25)},
        tags={f"tag_{n}": "value" for n in range(10)},
    ) as run:
        run.log_metrics({f"metric_{n}": n / 7 for n in range(15)})


def _first(home: Path) -> float:
    code = (
        "from benchmarks.run import whole_run\nfrom benchmarks.table import milliseconds\n"
        "print(milliseconds(whole_run, 1)[0])"
    )
    environment = {**os.environ, "PYTHONPATH": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def new_repository(folder: Path) -> Path:
    """A repository with one commit."""
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
