"""Several clones and one remote: everybody trains, everybody pushes, everybody has it all."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gitrack
from gitrack import artifacts
from gitrack.sharing.exchange.pull import pull
from gitrack.sharing.exchange.push import push
from gitrack.store import open_store
from tests.s3 import Bucket
from tests.sharing.clones import (
    EXPERIMENT,
    Clones,
    fsck,
    git,
    objects_in,
    runs_of,
    standing_in,
)

#: Trains and pushes some times in the current folder, as a person with two terminals would.
TRAIN_AND_PUSH = """
import os, sys
import gitrack
from gitrack.sharing.exchange.push import push

for number in range(int(sys.argv[1])):
    with gitrack.start_run("shared-runs-20241022", params={"number": number}) as run:
        run.log_metrics({"loss": 1 / (number + 1)}, step=number)
        run.log_bytes(os.urandom(120_000), "model.bin", kind="model")
    print(run.id, flush=True)
    done = push()
    assert done.complete, done
"""

KILLS = 8


@pytest.fixture
def clones(tmp_path: Path) -> Clones:
    return Clones(tmp_path)


def heavy_of(clone: Path) -> set[str]:
    """The md5s of all that runs left in DVC."""
    return {
        str(artifact.md5)
        for run in runs_of(clone).values()
        for artifact in run.artifacts
        if artifact.store == "dvc"
    }


def cache_of(clone: Path) -> set[str]:
    """The md5s that the clone has."""
    return objects_in(artifacts.cache_of(clone, clone / ".git").folder)


def tracked(clone: Path) -> dict[str, object]:
    """What is the user's in a checkout."""
    return {
        "files": {
            path.name: path.read_bytes()
            for path in sorted(clone.iterdir())
            if path.is_file() and path.name != ".git"
        },
        "status": git(clone, "status", "--porcelain=v2", "--branch"),
        "stash": git(clone, "stash", "list"),
        "index": (clone / ".git/index").read_bytes(),
        "head": (clone / ".git/HEAD").read_bytes(),
        "config": (clone / ".git/config").read_bytes(),
    }


def test_one_trains_and_another_uses_the_model(clones):
    sklearn = pytest.importorskip("sklearn.linear_model")
    trainer, user = clones.new("trainer"), clones.new("user")
    for clone in (trainer, user):
        clones.share_objects(clone)
    inputs = [[float(n), float(n * n % 7)] for n in range(40)]
    model = sklearn.LinearRegression().fit(inputs, [3 * a - b for a, b in inputs])
    with standing_in(trainer), gitrack.start_run(EXPERIMENT) as run:
        run.log_model(model, "model")
        run.log_bytes(bytes(range(256)) * 1000, "weights.bin")

    assert push(trainer).complete
    assert pull(user).complete

    with standing_in(user):
        loaded = gitrack.load_model(f"runs:/{run.id}/model")
    assert list(loaded.predict(inputs)) == list(model.predict(inputs))
    assert cache_of(user) >= heavy_of(trainer)


def test_plain_dvc_fetches_what_was_pushed(clones, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "dvc"))
    trainer = clones.new("trainer")
    data = os.urandom(120_000)
    run = clones.train(trainer, files={"weights.bin": data})
    clones.share_objects(trainer)
    assert push(trainer).complete
    path = open_store(trainer).find(run)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    wanted = (f"{path}/artifacts/weights.bin", "--rev", "gitrack")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "get", f"file://{clones.hub}", *wanted],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (elsewhere / "weights.bin").read_bytes() == data


def test_all_train_at_once_and_nothing_is_lost(clones):
    places = [clones.new(f"clone{number}") for number in range(4)]
    for place in places:
        clones.share_objects(place)
        (place / "work.py").write_text("in the middle of something\n")
        (place / "train.py").write_text("changed\n")
        git(place, "add", "work.py")
        git(place, "status")  # brings the index up to date
    before = [tracked(place) for place in places]

    started = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN_AND_PUSH, "3"],
            cwd=place,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in places
    ]
    said = [process.communicate(timeout=200) for process in started]

    assert [process.returncode for process in started] == [0] * 4, [err for _, err in said]
    assert [tracked(place) for place in places] == before
    ids = {run for out, _ in said for run in out.split()}
    assert len(ids) == 12
    reader = clones.new("reader")
    clones.share_objects(reader)
    for place in (*places, reader):
        assert pull(place).complete
        assert runs_of(place).keys() == ids
        assert cache_of(place) == heavy_of(place)
        fsck(place)
    fsck(clones.hub)
    assert len(heavy_of(reader)) == 12
    assert {git(place, "rev-parse", "gitrack") for place in places} == {
        git(clones.hub, "rev-parse", "gitrack")
    }


def killed_at_random(place: Path, command: str, longest: float) -> bool:
    """Start `gitrack COMMAND` there and kill it; True if it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gitrack.cli.main", command],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(random.uniform(0.1, longest))
    at_work = process.poll() is None
    if at_work:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return at_work


def took(place: Path, command: str) -> float:
    """Seconds of the whole process."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "gitrack.cli.main", command],
        cwd=place,
        check=True,
        capture_output=True,
    )
    return time.monotonic() - began


def test_a_killed_push_is_made_whole_by_the_next_one(clones):
    trainer, other = clones.new("trainer"), clones.new("other")
    for clone in (trainer, other):
        clones.share_objects(clone)
        clones.train(clone, files={"model.bin": os.urandom(120_000)})
    longest = took(other, "push")
    cut = 0
    for number in range(KILLS):
        files = {f"{n}.bin": os.urandom(120_000) for n in range(10)}
        clones.train(trainer, name=f"run{number}", files=files)
        if number % 3 == 0:  # and the remote moves
            clones.train(other, files={"model.bin": os.urandom(120_000)})
            assert push(other).complete
        cut += killed_at_random(trainer, "push", longest * 1.3)
        witness = clones.new(f"witness{number}")
        # whoever sees a pointer can get its bytes
        assert heavy_of(witness) <= objects_in(clones.objects)
    assert cut
    git(trainer, "fetch", "-q", "origin")
    for lock in (trainer / ".git/refs/gitrack/seen").rglob("*.lock"):
        os.utime(lock, (0, 0))  # as old as what was killed some time ago
    clones.train(trainer, name="last")

    assert push(trainer).complete

    assert pull(other).complete
    assert runs_of(other).keys() == runs_of(trainer).keys()
    assert cache_of(other) == heavy_of(other) == objects_in(clones.objects)
    for place in (trainer, other, clones.hub):
        fsck(place)
    assert not [*(trainer / ".git/refs").rglob("*.lock")]


def test_a_killed_pull_is_made_whole_by_the_next_one(clones):
    trainer = clones.new("trainer")
    clones.share_objects(trainer)
    for number in range(3):
        files = {f"{n}.bin": os.urandom(120_000) for n in range(20)}
        clones.train(trainer, name=f"run{number}", files=files)
    assert push(trainer).complete
    first = clones.new("first")
    clones.share_objects(first)
    longest = took(first, "pull")
    cut = 0
    for number in range(KILLS):
        place = clones.new(f"place{number}")
        clones.share_objects(place)
        if number % 2:
            clones.train(place, files={"own.bin": os.urandom(120_000)})
        cut += killed_at_random(place, "pull", longest * 1.2)
        assert pull(place).complete
        assert cache_of(place) == heavy_of(place)
        assert runs_of(place).keys() >= runs_of(trainer).keys()
        fsck(place)
    assert cut


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    pytest.importorskip("moto")
    made = Bucket()
    yield made
    made.close()


def test_over_s3_a_fault_half_way_and_on_it_goes(clones, bucket):
    trainer, user = clones.new("trainer"), clones.new("user")
    for clone in (trainer, user):
        clones.share_objects(clone, "s3://bucket/project")
        lines = [f"    {key} = {value}\n" for key, value in bucket.settings.items()]
        (clone / ".dvc").mkdir()
        (clone / ".dvc/config.local").write_text(
            "['remote \"gitrack\"']\n    url = s3://bucket/project\n" + "".join(lines)
        )
    for number in range(3):
        files = {f"{n}.bin": os.urandom(110_000) for n in range(10)}
        clones.train(trainer, name=f"run{number}", files=files)

    bucket.fault = lambda method, path: "cut" if bucket.count("PUT") > 8 else None
    broken = push(trainer)
    assert not broken.complete
    assert broken.held_back
    assert 0 < broken.objects.sent < 30
    assert git(clones.hub, "branch", "--list", "gitrack") == ""

    bucket.fault = lambda method, path: None
    whole = push(trainer)
    assert whole.complete
    assert whole.pushed
    assert whole.objects.sent + broken.objects.sent == 30

    bucket.asked.clear()
    bucket.fault = lambda method, path: "half" if bucket.count("GET") > 12 else None
    part = pull(user)
    assert (part.complete, part.runs) == (False, 3)
    assert 0 < part.objects.sent < 30
    bucket.fault = lambda method, path: None
    assert pull(user).objects.sent + part.objects.sent == 30
    assert cache_of(user) == heavy_of(user)


def test_two_clones_that_each_began_the_branch(clones):
    places = [clones.new(name) for name in ("one", "two")]
    for place in places:
        clones.share_objects(place)
    ids = {clones.train(place, files={"m.bin": os.urandom(120_000)}) for place in places}

    assert all(push(place).complete for place in places)

    assert pull(places[0]).complete
    for place in places:
        assert runs_of(place).keys() == ids
        assert json.loads(json.dumps(open_store(place).read("format.yaml").decode()))
        fsck(place)
    roots = git(clones.hub, "rev-list", "--max-parents=0", "gitrack").split()
    assert len(roots) == 2
