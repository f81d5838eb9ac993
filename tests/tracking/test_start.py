"""Runs that are resumed or joined, wherever they are."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest

import gitrack
from gitrack.errors import NotFound, UsageError
from gitrack.model.run import Status
from gitrack.store import open_store
from gitrack.tracking.ending import recover
from gitrack.tracking.place import find_place

DIES = """
import gitrack, os, signal
run = gitrack.start_run("e", params={"lr": 0.1}, tags={"a": 1})
for step in range(3):
    run.log_metric("loss", 1.0 / (step + 1), step=step)
print(run.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_on_the_branch_goes_on_with_all_that_it_had(project, runs):
    with gitrack.start_run("e", name="n", params={"lr": 0.1}, tags={"a": 1, "b": 2}) as first:
        first.log_text("old", "a.txt").log_text("old", "b.txt")
        for step in range(3):
            first.log_metrics({"loss": 1 / 3 + step, "only_first": math.pi}, step=step)
    began = runs()[0].started
    with gitrack.start_run(run_id=first.id, params={"depth": 3}) as run:
        assert run.id == first.id
        assert run.params["lr"] == 0.1
        run.delete_tag("b").log_text("new", "b.txt").log_metric("loss", -1.0, step=3)

    (kept,) = runs()
    assert (kept.name, kept.started, kept.status) == ("n", began, Status.FINISHED)
    assert kept.params == {"lr": 0.1, "depth": 3}
    assert kept.tags == {"a": 1}
    assert kept.metrics == {"loss": -1.0, "only_first": math.pi}
    assert kept.curves["loss.count"] == 4
    assert (kept.curves["loss.min"], kept.curves["loss.min_step"]) == (-1.0, 3)
    store = open_store(project)
    history = store.history(first.id)
    assert history.steps == [0, 1, 2, 3]
    base = store.find(first.id) + "/artifacts/"
    assert store.read(base + "a.txt") == b"old"
    assert store.read(base + "b.txt") == b"new"
    assert [artifact.path for artifact in kept.artifacts] == ["a.txt", "b.txt"]


def test_a_failed_run_that_is_resumed_may_finish(project, runs):
    with pytest.raises(ValueError, match="boom"), gitrack.start_run("e") as run:
        raise ValueError("boom")
    with gitrack.start_run(run_id=run.id):
        pass

    (kept,) = runs()
    assert kept.status is Status.FINISHED
    assert kept.error is None


def test_a_run_of_a_dead_process_goes_on_from_the_outbox(project, play, runs):
    run_id = play(project, DIES).stdout.strip()
    with gitrack.start_run(run_id=run_id) as run:
        assert run.params == {"lr": 0.1}
        run.log_metric("loss", 0.1, step=3)

    (kept,) = runs()
    assert kept.status is Status.FINISHED
    assert open_store(project).history(run_id).steps == [0, 1, 2, 3]
    assert kept.tags == {"a": 1}


def test_a_param_of_a_resumed_run_cannot_become_another(project, runs):
    with gitrack.start_run("e", params={"lr": 0.1}) as run:
        pass
    with pytest.raises(UsageError, match="already"):
        gitrack.start_run(run_id=run.id, params={"lr": 0.2})
    assert gitrack.active_run() is None


def test_a_run_that_is_nowhere_cannot_go_on(project):
    with pytest.raises(NotFound, match="20241015-120000-aaaaaa"):
        gitrack.start_run(run_id="20241015-120000-aaaaaa")
    with pytest.raises(UsageError, match="not a run id"):
        gitrack.start_run(run_id="../../etc")


def test_a_run_that_another_process_writes_is_refused(project, play):
    with gitrack.start_run("e") as run:
        done = play(
            project, f"import os; os.setsid()\nimport gitrack; gitrack.start_run(run_id='{run.id}')"
        )
        # a child of this process may join; a process of nobody here may not
        assert done.returncode == 0
        lone = subprocess.run(
            ["setsid", "--fork", sys.executable, "-c", _LONE.format(run.id)],
            cwd=project,
            check=True,
        )
        assert lone.returncode == 0
        until = time.monotonic() + 20
        while not (project / "said").exists() and time.monotonic() < until:
            time.sleep(0.05)
        assert "being written by another process" in (project / "said").read_text()


_LONE = """
import os, time
while os.getppid() != 1 and False: time.sleep(0.01)
import gitrack
try:
    gitrack.start_run(run_id="{}")
    said = "joined"
except Exception as error:
    said = str(error)
open("said.part", "w").write(said)
os.rename("said.part", "said")
"""


def test_a_child_with_the_exported_id_joins(project, play, runs):
    with gitrack.start_run("e") as run:
        run.log_metric("parent", 1.0)
        done = play(
            project,
            "import gitrack\nwith gitrack.start_run() as run: run.log_metric('child', 2.0)",
            GITRACK_RUN_ID=run.id,
        )
        assert done.returncode == 0, done.stderr

    (kept,) = runs()
    assert kept.metrics == {"parent": 1.0, "child": 2.0}


def test_an_exported_id_of_no_run_yet_names_a_new_one(project, monkeypatch, play):
    done = play(
        project,
        "import gitrack\n"
        "with gitrack.start_run('e') as one: pass\n"
        "with gitrack.start_run('e') as two: pass\n"
        "print(one.id, two.id)",
        GITRACK_RUN_ID="20241015-120000-aaaaaa",
    )
    one, two = done.stdout.split()
    assert one == "20241015-120000-aaaaaa"
    assert two != one
    assert {run.id for _, run in open_store(project).all()} == {one, two}


RANKED = """
import gitrack, os, sys, time
rank = int(os.environ["RANK"])
time.sleep(float(sys.argv[1]) if len(sys.argv) > 1 else 0)
for number in range(2):
    with gitrack.start_run("ddp", params={"number": number}) as run:
        run.log_metrics({f"loss_{rank}": rank + number}, step=0)
        if rank == 0:
            time.sleep(0.6)
    print(run.id)
"""


def _launch(project, code: str, ranks: int, delays: list[str]) -> list[str]:
    environment = {**os.environ, "WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    environment |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, delays[rank]],
            cwd=project,
            env={**environment, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks)
    ]
    printed = []
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        printed.append(out)
    return printed


def test_ranks_of_a_launch_write_to_one_run(project, runs):
    printed = _launch(project, RANKED, 3, ["0.2", "0", "0.3"])

    assert len(set(printed)) == 1
    first, second = runs()
    assert printed[0].split() == [first.id, second.id]
    for number, run in enumerate((first, second)):
        assert run.params == {"number": number}
        assert run.metrics == {f"loss_{rank}": rank + number for rank in range(3)}
        assert run.status is Status.FINISHED
    left = list((project / ".tracking/outbox").iterdir())
    assert [path.name for path in left] == [".gitignore"]


LATE = """
import gitrack, os, sys, time
rank = int(os.environ["RANK"])
with gitrack.start_run("ddp") as run:
    run.log_metric(f"early_{rank}", 1.0)
    if rank == 1:
        time.sleep(3.5)  # longer than rank 0 waits
    run.log_metric(f"late_{rank}", 1.0, step=1)
    if rank == 0:
        time.sleep(0.5)
"""


def test_a_rank_that_comes_late_is_united_by_the_next_sync(project, runs, git):
    _launch(project, LATE, 2, ["0", "0"])
    (kept,) = runs()
    assert "early_1" in kept.metrics
    assert "late_1" not in kept.metrics

    done = recover.sync(find_place())

    assert done.left == []
    (kept,) = runs()
    assert kept.metrics == dict.fromkeys(("early_0", "early_1", "late_0", "late_1"), 1.0)
    assert kept.status is Status.FINISHED
    assert open_store(project).history(kept.id).columns.keys() == {"late_0", "late_1"}
    assert not (project / ".tracking/outbox" / kept.id).exists()


def test_a_rank_whose_launch_has_no_rank_0_goes_on_alone(project, play, monkeypatch, runs):
    done = play(
        project,
        "import gitrack\nfrom gitrack.tracking import ranks\nranks.read_note.__kwdefaults__"
        "['patience'] = 0.1\nwith gitrack.start_run('e') as run: run.log_metric('x', 1.0)",
        RANK="1",
        WORLD_SIZE="2",
    )
    assert "found no run of rank 0" in done.stderr
    assert runs()[0].metrics == {"x": 1.0}


def test_a_run_with_a_late_child_journal_only_is_added_to(project, runs, play):
    """The owner has gone and so has the folder; a child of it logs on."""
    with gitrack.start_run("e", params={"a": 1}) as run:
        run.log_metric("x", 1.0, step=0)
    play(
        project,
        f"import os\nos.environ['RANK'] = '1'\nimport gitrack\n"
        f"with gitrack.start_run(run_id='{run.id}') as r: r.log_metric('y', 2.0, step=0)",
    )
    for _ in range(2):
        done = recover.sync(find_place())
        assert done.left == []

    (kept,) = runs()
    assert kept.params == {"a": 1}
    assert kept.metrics == {"x": 1.0, "y": 2.0}
    assert kept.status is Status.FINISHED
