"""Many processes end their runs at once: each run is on the branch, and nothing is left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gitrack.model.run import Run, Status
from gitrack.store import open_store

TRAIN = """
import sys, gitrack
worker, count = int(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    with gitrack.start_run("crowd", params={"worker": worker, "number": number}) as run:
        run.log_metrics({"loss": number / 7, "acc": float(worker)}, step=number)
"""


PROCESSES = 16
RUNS = 25

_BUSY = "the run ended before its code and environment were captured"


@pytest.mark.parametrize("collecting", [False, True], ids=["alone", "beside git gc"])
def test_runs_that_end_at_once_are_all_there(repo, git, collecting):
    over = threading.Event()
    collector = threading.Thread(target=_collect_garbage, args=(repo, over))
    if collecting:
        collector.start()
    try:
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", TRAIN, str(worker), str(RUNS)],
                cwd=repo,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for worker in range(PROCESSES)
        ]
        for process in workers:
            _, said = process.communicate(timeout=300)
            assert process.returncode == 0, said
            # on a machine this busy a process may end before it has found out everything
            assert [line for line in said.splitlines() if _BUSY not in line] == []
    finally:
        over.set()
        if collecting:
            collector.join()

    runs = [run for _, run in open_store(repo).all()]
    assert all(isinstance(run, Run) and run.status is Status.FINISHED for run in runs)
    wanted = {(worker, number) for worker in range(PROCESSES) for number in range(RUNS)}
    assert {(run.params["worker"], run.params["number"]) for run in runs} == wanted
    assert len(runs) == PROCESSES * RUNS
    commits = git(repo, "log", "--format=%B", "gitrack")
    assert sorted(_runs_named(commits)) == sorted(run.id for run in runs)
    git(repo, "fsck", "--strict")
    assert git(repo, "status", "--porcelain") == ""
    assert not list((repo / ".git").rglob("*.lock"))
    assert not list((repo / ".git/objects/pack").glob("*.keep"))
    assert [path.name for path in (repo / ".tracking/outbox").iterdir()] == [".gitignore"]


def _runs_named(commits: str) -> list[str]:
    """By the trailers: each run was committed once, alone or in a group."""
    return [line.removeprefix("Run: ") for line in commits.splitlines() if line.startswith("Run: ")]


def _collect_garbage(repo: Path, over: threading.Event) -> None:
    while not over.is_set():
        subprocess.run(
            ["git", "gc", "--prune=now", "--quiet"], cwd=repo, capture_output=True, check=False
        )
