"""A launcher starts four ranks that all log to one run; it is whole whoever of them dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitrack.model.run import Run
from gitrack.store import open_store
from gitrack.tracking.ending import recover
from gitrack.tracking.place import find_place

RANKS, STEPS = 4, 50

TRAIN = """
import os, pathlib, signal, sys, time, gitrack
rank, dies, met = int(os.environ["RANK"]), sys.argv[1], pathlib.Path(sys.argv[2])
with gitrack.start_run("ddp", name="four-ranks", params={"world": 4}) as run:
    run.log_param(f"device_{rank}", f"cuda:{rank}")
    run.set_tag(f"rank.{rank}", True)
    for step in range(rank, 200, 4):
        run.log_metrics({"loss": step / 7, f"seconds_{rank}": rank}, step=step)
    run.log_text(f"of {rank}", f"ranks/{rank}.txt")
    (met / str(rank)).touch()
    if str(rank) == dies:
        os.kill(os.getpid(), signal.SIGKILL)
    for _ in range(600 if rank == 0 else 0):  # a barrier, as trainings have
        if len(list(met.iterdir())) == 4:
            break
        time.sleep(0.1)
    time.sleep(0.5 if rank == 0 else 0)
"""


def _launch(project: Path, *, dies: str) -> list[int]:
    common = {"WORLD_SIZE": str(RANKS), "LOCAL_WORLD_SIZE": str(RANKS)}
    common |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "29511"}
    met = project.parent / "met"
    met.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, dies, str(met)],
            cwd=project,
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(RANKS)
    ]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert said == ""
    return [process.returncode for process in processes]


@pytest.mark.parametrize(
    ("dies", "status"), [("nobody", "finished"), ("3", "finished"), ("0", "killed")]
)
def test_four_ranks_are_one_run(repo, git, dies, status):
    codes = _launch(repo, dies=dies)
    assert [code for code in codes if code] == ([] if dies == "nobody" else [-9])
    recover.sync(find_place(repo))

    (run,) = [run for _, run in open_store(repo).all()]

    assert isinstance(run, Run)
    assert (run.name, run.status) == ("four-ranks", status)
    ranks = range(RANKS)
    assert run.params == {"world": 4, **{f"device_{rank}": f"cuda:{rank}" for rank in ranks}}
    assert run.tags == {f"rank.{rank}": True for rank in ranks}
    assert run.curves["loss.count"] == RANKS * STEPS
    assert {run.curves[f"seconds_{rank}.count"] for rank in ranks} == {STEPS}
    history = open_store(repo).history(run.id)
    assert history.steps == list(range(RANKS * STEPS))
    assert history.columns["loss"] == pytest.approx([step / 7 for step in history.steps])
    assert [artifact.path for artifact in run.artifacts] == [f"ranks/{rank}.txt" for rank in ranks]
    assert [path.name for path in (repo / ".tracking/outbox").iterdir()] == [".gitignore"]
    git(repo, "fsck", "--strict")
