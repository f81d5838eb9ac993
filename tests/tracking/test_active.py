"""Which run the functions of `gitrack` write to, and what ends a run that nobody ended."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import pytest

import gitrack
from gitrack.errors import UsageError
from gitrack.model.run import Status
from gitrack.store import open_store


def test_the_functions_write_to_the_active_run(project, runs):
    run = gitrack.start_run("e")
    assert gitrack.active_run() is run
    gitrack.log_param("a", 1)
    gitrack.log_params({"b": 2})
    gitrack.log_metric("m", 0.5, step=1)
    gitrack.log_metrics({"n": 1.5})
    gitrack.set_tag("t", "x")
    gitrack.set_tags({"u": "y"})
    gitrack.delete_tag("u")
    gitrack.set_notes("n")
    gitrack.log_seeds({"python": 1})
    gitrack.log_text("x", "x.txt")
    gitrack.log_dict({"x": 1}, "x.json")
    gitrack.log_artifact("train.py")
    gitrack.end_run()

    (kept,) = runs()
    assert kept.params == {"a": 1, "b": 2}
    assert kept.metrics == {"m": 0.5, "n": 1.5}
    assert kept.tags == {"t": "x"}
    assert [artifact.path for artifact in kept.artifacts] == ["train.py", "x.json", "x.txt"]
    assert gitrack.active_run() is None


def test_without_a_run_they_say_how_to_start_one(project):
    with pytest.raises(UsageError, match="start_run"):
        gitrack.log_metric("m", 1.0)
    gitrack.end_run()  # nothing to end


def test_a_thread_that_started_no_run_writes_to_the_only_one(project, runs):
    with gitrack.start_run("e"):
        _in_thread(lambda: gitrack.log_metric("from_thread", 1.0))

    assert runs()[0].metrics == {"from_thread": 1.0}


def test_a_thread_has_to_say_which_of_several_runs_it_means(project):
    outer = gitrack.start_run("e")
    with gitrack.start_run("e", nested=True), pytest.raises(UsageError, match="2 runs are open"):
        _in_thread(lambda: gitrack.log_metric("m", 1.0))
    outer.end()


def test_every_thread_may_have_a_run_of_its_own(project, runs):
    barrier = threading.Barrier(6)

    def train(number: int) -> None:
        with gitrack.start_run("e", params={"number": number}):
            barrier.wait()
            for step in range(20):
                gitrack.log_metric("m", number, step=step)
            barrier.wait()

    threads = [threading.Thread(target=train, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((run.params["number"], run.metrics["m"]) for run in runs()) == [
        (number, number) for number in range(6)
    ]


def test_every_task_may_have_a_run_of_its_own(project, runs):
    async def train(number: int) -> None:
        with gitrack.start_run("e", params={"number": number}):
            await asyncio.sleep(0.01)
            gitrack.log_metric("m", number)

    async def both() -> None:
        await asyncio.gather(train(1), train(2))

    # in a thread: pytest's own may have a loop, the browser tests leave one behind
    thread = threading.Thread(target=asyncio.run, args=(both(),))
    thread.start()
    thread.join()

    assert sorted((run.params["number"], run.metrics["m"]) for run in runs()) == [(1, 1), (2, 2)]


def test_the_experiment_may_be_set_once_for_all(project, runs, monkeypatch):
    with gitrack.start_run():
        pass
    monkeypatch.setenv("GITRACK_EXPERIMENT", "from-outside")
    with gitrack.start_run():
        pass
    gitrack.set_experiment("set")
    with gitrack.start_run():
        pass

    assert sorted(run.experiment for run in runs()) == ["default", "from-outside", "set"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("", Status.FINISHED),
        ("raise ValueError('boom')", Status.FAILED),
        ("raise KeyboardInterrupt", Status.KILLED),
    ],
)
def test_what_is_open_at_exit_is_ended(project, play, code, status):
    play(project, f"import gitrack\ngitrack.start_run('e').log_metric('m', 1.0)\n{code}")

    ((_, run),) = open_store(project).all()
    assert run.status is status
    assert run.metrics == {"m": 1.0}
    if status is Status.FAILED:
        assert "ValueError: boom" in run.error


def test_another_excepthook_still_hears_of_it(project, play):
    done = play(
        project,
        "import sys, gitrack\nsys.excepthook = lambda *a: print('mine heard', a[0].__name__)\n"
        "gitrack.start_run('e')\n1/0",
    )
    assert "mine heard ZeroDivisionError" in done.stdout


def test_a_forked_child_adds_to_the_run_and_does_not_end_it(project, play):
    done = play(
        project,
        """
import gitrack, os, sys
run = gitrack.start_run("e")
run.log_metric("parent", 1.0)
child = os.fork()
if child == 0:
    gitrack.log_metric("child", 2.0)
    sys.exit(0)
os.waitpid(child, 0)
run.log_metric("after", 3.0)
run.end()
""",
    )
    assert done.returncode == 0, done.stderr
    ((_, run),) = open_store(project).all()
    assert run.metrics == {"parent": 1.0, "child": 2.0, "after": 3.0}
    assert run.status is Status.FINISHED


def test_workers_of_a_pool_may_log(project, play):
    done = play(
        project,
        """
import gitrack, multiprocessing
def work(number):
    gitrack.log_metric(f"w{number}", number)
if __name__ == "__main__":
    with gitrack.start_run("e"):
        with multiprocessing.get_context("fork").Pool(3) as pool:
            pool.map(work, range(6))
""",
    )
    assert done.returncode == 0, done.stderr
    ((_, run),) = open_store(project).all()
    assert run.metrics == {f"w{number}": number for number in range(6)}


def _in_thread(work) -> None:
    raised: list[UsageError] = []

    def guarded() -> None:
        try:
            work()
        except UsageError as error:
            raised.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    with suppress(IndexError):
        raise raised[0]
