"""A process may be killed at any moment: every call that had returned is on the branch, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitrack.model.run import Run
from gitrack.store import open_store

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: Plays many kills from one process that has imported everything: a fresh fork is killed each
#: time. Prints what every child had said, and the ids of the runs that were started.
PLAY = """
import json, os, random, signal, sys, time
import gitrack, gitrack.tracking.ending.finish, gitrack.tracking.capture.session
from gitrack.tracking import active
from gitrack.tracking.ending import recover
from gitrack.tracking.place import find_place

def log(say, steps, end):
    run = gitrack.start_run("killed", params={"lr": 0.1})
    run.log_bytes(run.id.encode() * 10_000, "heavy.bin", kind="model")
    say(run.id)
    for step in range(steps):
        run.log_metrics({"loss": step / 3, "acc": float(step)}, step=step)
        if step % 50 == 0:
            run.log_text(str(step), f"step-{step}.txt")
        say(str(step))
    if end:
        say("end")
        run.end()
        say("ended")

def child(work, *arguments):
    # gives (pid, file that says how far it got)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            work(lambda word: os.write(writing, (word + "\\n").encode()), *arguments)
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    return pid, os.fdopen(reading)

def killed(pid, said, delay, wait_for=None):
    words = []
    if wait_for:
        for line in said:
            words.append(line.strip())
            if words[-1] == wait_for:
                break
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return words + said.read().split()

def sync_child(say):
    say("sync")
    recover.sync(find_place())
    say("done")

kind, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
told = []
cut = 0  # kills that came before what they were meant for was over

def took(work, *arguments, since):
    # seconds from one word of a child to its last
    pid, said = child(work, *arguments)
    words = []
    for line in said:
        words.append(line.strip())
        if words[-1] == since:
            began = time.monotonic()
        ended = time.monotonic()
    assert os.waitpid(pid, 0)[1] == 0
    return ended - began, words

if kind == "logging":
    for _ in range(count):
        told.append(killed(*child(log, 10**9, False), chance.uniform(0, 0.06)))
        cut += 1
        recover.sync(find_place())
elif kind == "ending":
    for _ in range(2):  # the first makes the branch, and has not yet what the parent imports
        whole, words = took(log, 5, True, since="end")
        told.append(words)
        told.append(killed(*child(log, 5, False), 0, "4"))
        recover.sync(find_place())
    for _ in range(count):
        told.append(killed(*child(log, 5, True), chance.uniform(0, whole), "end"))
        cut += "ended" not in told[-1]
        recover.sync(find_place())
elif kind == "syncing":
    for _ in range(3):
        told.append(killed(*child(log, 40, False), 0, "39"))
    whole, _ = took(sync_child, since="sync")
    for _ in range(count):
        told.append(killed(*child(log, 40, False), 0, "39"))
        if chance.random() < 0.5:
            told.append(killed(*child(log, 40, False), 0, "39"))
        cut += "done" not in killed(*child(sync_child), chance.uniform(0, whole), "sync")
recover.STARTING = 0  # what was killed before its first record need not be waited for
done = recover.sync(find_place())
print(json.dumps({"told": told, "cut": cut, "left": [left.why for left in done.left]}))
"""


#: In each of the three. Fewer would not come upon the short moments.
KILLS = 50


@pytest.mark.parametrize("kind", ["logging", "ending", "syncing"])
def test_every_call_that_had_returned_is_on_the_branch_once(repo, git, kind):
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    done = subprocess.run(
        [sys.executable, "-c", PLAY, kind, str(KILLS), str(seed)],
        cwd=repo,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["left"] == []
    assert said["cut"] >= KILLS / 10
    store = open_store(repo)
    on_branch = [run for _, run in store.all()]
    assert all(isinstance(run, Run) for run in on_branch)
    ids = [run.id for run in on_branch]
    assert len(ids) == len(set(ids))
    for words in filter(None, said["told"]):
        _everything_is_there(store, dict(zip(ids, on_branch, strict=True)), words)
    _nothing_is_broken(repo, git)


def _everything_is_there(store, runs: dict[str, Run], words: list[str]) -> None:
    run_id, *more = words
    steps = [int(word) for word in more if word.isdigit()]
    assert run_id in runs
    run = runs[run_id]
    assert run.params == {"lr": 0.1}
    heavy = next(artifact for artifact in run.artifacts if artifact.path == "heavy.bin")
    pointed = store.branch.repository.home / "dvc-cache/files/md5" / heavy.md5[:2] / heavy.md5[2:]
    assert pointed.read_bytes() == run_id.encode() * 10_000
    if "ended" in more:
        assert run.status == "finished"
    if not steps:
        return
    # one call may have been under way: written, but not yet acknowledged
    assert run.curves["loss.count"] in (len(steps), len(steps) + 1)
    assert run.curves["acc.max"] >= steps[-1]
    paths = {artifact.path for artifact in run.artifacts}
    assert paths >= {f"step-{step}.txt" for step in steps if step % 50 == 0}
    history = store.history(run_id)
    if history.sampled_from is None:
        assert history.steps[: len(steps)] == steps


def _nothing_is_broken(repo: Path, git) -> None:
    git(repo, "fsck", "--strict")
    assert git(repo, "status", "--porcelain") == ""
    left = [path.name for path in (repo / ".tracking/outbox").iterdir()]
    assert left in ([".gitignore"], [])
    assert not list((repo / ".git").rglob("*.lock"))
