"""Many processes that finish runs at once, on one core: throughput, waiting, losses."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sample import make_repository, new_run
from benchmarks.table import print_table, summary
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.repository import Repository

_HELD = 2_000


def write(folder: Path, name: int, runs: int, start: float) -> None:
    """One writer: prints how long each commit took, when it began and ended."""
    branch = GitBranch(Repository.discover(folder))
    work = [new_run(name * 1000 + number, total=_HELD) for number in range(runs)]
    for module in ("hashlib", "msgspec", "random", "gitrack.store.git.writer"):
        importlib.import_module(module)  # paid once a process, not by those who wait for each other
    time.sleep(max(0.0, start - time.time()))
    began, taken = time.time(), []
    for number, files in enumerate(work):
        before = time.perf_counter()
        branch.commit(files, f"run {name}-{number}: finished\n\nRun: {name}-{number}")
        taken.append((time.perf_counter() - before) * 1000)
    print(json.dumps([began, time.time(), taken]))


def race(folder: Path, writers: int, runs: int) -> list[str]:
    """A row: runs a second, p50, p99, commits made, runs lost."""
    before = _runs(folder)
    commits = _count(folder)
    start = time.time() + 0.5 + 0.15 * writers
    arguments = [sys.executable, "-m", "benchmarks.writers", str(folder)]
    processes = [
        subprocess.Popen([*arguments, str(name), str(runs), str(start)], stdout=subprocess.PIPE)
        for name in range(writers)
    ]
    told = [json.loads(process.communicate()[0]) for process in processes]
    taken = [time for _, _, times in told for time in times]
    seconds = max(end for _, end, _ in told) - min(begin for begin, _, _ in told)
    median, _, worst = summary(taken)
    lost = before + writers * runs - _runs(folder)
    made = _count(folder) - commits
    return [
        f"{writers} x {runs}",
        f"{writers * runs / seconds:.0f}",
        f"{median:.0f}",
        f"{worst:.0f}",
        f"{max(taken):.0f}",
        str(made),
        str(lost),
    ]


def _runs(folder: Path) -> int:
    listed = _git(folder, "ls-tree", "-r", "--name-only", "gitrack")
    return sum(line.endswith("run.yaml") for line in listed.splitlines())


def _count(folder: Path) -> int:
    return int(_git(folder, "rev-list", "--count", "gitrack"))


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print the table."""
    rows: list[list[str]] = []
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if cores:
        os.sched_setaffinity(0, {min(cores)})
    try:
        with tempfile.TemporaryDirectory() as place:
            folder = make_repository(Path(place) / "runs", _HELD)
            for number, (writers, runs) in enumerate(((1, 100), (8, 25), (32, 25), (32, 25))):
                copy = Path(place) / f"copy-{number}"
                shutil.copytree(folder, copy)
                rows.append(race(copy, writers, runs))
                _git(copy, "fsck", "--connectivity-only")
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
    heads = ["writers x runs", "runs/s", "p50 ms", "p99 ms", "max ms", "commits", "lost"]
    print_table("Writers that meet, all on one core", heads, rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    else:
        main()
