"""What waits in the outbox comes to the branch once, and what still lives is left alone."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import gitrack
from gitrack.model.run import Status
from gitrack.store import open_store
from gitrack.tracking import outbox
from gitrack.tracking.ending import finish, recover
from gitrack.tracking.journals.fold import fold
from gitrack.tracking.journals.journal import MAGIC
from gitrack.tracking.place import find_place
from gitrack.tracking.process import ProcessMark, this_process

DIES = """
import gitrack, os, signal
run = gitrack.start_run("e", name="n", params={"lr": 0.1})
for step in range(100):
    run.log_metrics({"loss": 1.0 / (step + 1), "acc": step / 100}, step=step)
run.log_text("kept", "notes.txt")
open("model.bin", "wb").write(bytes(200_000))
run.log_artifact("model.bin", kind="model")
print(run.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _sync(project, **more):
    return recover.sync(find_place(project), **more)


def test_a_run_whose_process_was_killed_is_committed_with_all_that_it_logged(
    project, play, runs, git
):
    run_id = play(project, DIES).stdout.strip()

    done = _sync(project)

    assert [(run.id, run.status) for run in done.committed] == [(run_id, Status.KILLED)]
    (kept,) = runs()
    assert kept.status is Status.KILLED
    assert kept.author == "Ada Example <ada@example.com>"
    assert kept.params == {"lr": 0.1}
    assert kept.curves["loss.count"] == 100
    assert kept.ended >= kept.started
    store = open_store(project)
    assert len(store.history(run_id)) == 100
    assert store.read(f"{store.find(run_id)}/artifacts/notes.txt") == b"kept"
    assert {artifact.path: artifact.store for artifact in kept.artifacts} == {
        "notes.txt": "git",
        "model.bin": "dvc",
    }
    assert not (project / ".tracking/outbox" / run_id).exists()
    again = _sync(project)
    assert (again.committed, again.left) == ([], [])
    assert git(project, "rev-list", "--count", "gitrack") == "1"


def test_a_run_that_lives_is_left_alone(project):
    with gitrack.start_run("e") as run:
        run.log_metric("loss", 0.5, step=3)
        done = _sync(project)
        assert (done.committed, done.running, done.left) == ([], [run.id], [])
        (seen,) = recover.waiting(find_place())
        assert (seen.state, seen.step, seen.metrics) == ("running", 3, {"loss": 0.5})


def test_a_run_that_could_not_be_committed_comes_later(project, monkeypatch, runs, caplog):
    commit = finish.commit_bundle
    monkeypatch.setattr(finish, "commit_bundle", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with gitrack.start_run("e", params={"lr": 0.1}) as run:
        run.log_text("t", "t.txt")
    assert runs() == []
    assert [found.state for found in recover.waiting(find_place())] == ["finished"]

    monkeypatch.setattr(finish, "commit_bundle", commit)
    done = _sync(project)

    assert [(brought.id, brought.status) for brought in done.committed] == [
        (run.id, Status.FINISHED)
    ]
    (kept,) = runs()
    assert kept.params == {"lr": 0.1}
    assert kept.code is not None
    assert kept.command is not None


def test_a_kill_between_the_commit_and_the_removal_doubles_nothing(project, monkeypatch, runs, git):
    monkeypatch.setattr(outbox, "discard", lambda folder, seen: False)
    with gitrack.start_run("e") as run:
        run.log_metric("loss", 1 / 3, step=0)
    monkeypatch.undo()
    assert (project / ".tracking/outbox" / run.id).is_dir()

    done = _sync(project)

    assert [brought.id for brought in done.committed] == [run.id]
    assert len(runs()) == 1
    assert git(project, "rev-list", "--count", "gitrack") == "1"
    assert not (project / ".tracking/outbox" / run.id).exists()


def test_the_same_of_a_resumed_run_doubles_no_step(project, monkeypatch, runs):
    with gitrack.start_run("e") as run:
        run.log_metric("loss", 1 / 3, step=0)
    monkeypatch.setattr(outbox, "discard", lambda folder, seen: False)
    with gitrack.start_run(run_id=run.id) as run:
        run.log_metric("loss", 2 / 3, step=1)
    monkeypatch.undo()

    _sync(project)

    assert runs()[0].curves["loss.count"] == 2
    assert open_store(project).history(run.id).steps == [0, 1]


def test_a_damaged_folder_is_named_and_kept(project, play):
    run_id = play(project, DIES).stdout.strip()
    journal = project / ".tracking/outbox" / run_id / "owner-1.journal"
    data = bytearray(journal.read_bytes())
    data[60:80] = bytes(20)
    journal.write_bytes(data)

    done = _sync(project)

    assert done.committed == []
    (left,) = done.left
    assert left.id == run_id
    assert str(journal.parent) == str(left.folder)
    assert journal.exists()


@pytest.mark.parametrize("content", [b"", b"gtr", b"gtrjrn1\n", b"gtrjrn1\nJ\xff\0\0\0{"])
def test_a_process_that_died_while_starting_leaves_nothing(project, content):
    folder = project / ".tracking/outbox/20241015-120000-aaaaaa"
    folder.mkdir(parents=True)
    (folder / "owner-1.journal").write_bytes(content)
    assert [found.state for found in recover.waiting(find_place())] == ["starting"]
    old = time.time() - 1000
    os.utime(folder, (old, old))

    done = _sync(project)

    assert (done.committed, done.left) == ([], [])
    assert not folder.exists()


def test_folders_that_are_not_runs_are_none_of_ours(project):
    stranger = project / ".tracking/outbox/mine"
    stranger.mkdir(parents=True)
    (stranger / "owner-1.journal").write_bytes(b"x")

    assert _sync(project) == recover.Synced()
    assert stranger.is_dir()


def test_a_journal_in_a_folder_of_another_run_is_damage(project, play):
    run_id = play(project, DIES).stdout.strip()
    box = project / ".tracking/outbox"
    (box / run_id).rename(box / "20241015-120000-aaaaaa")

    (left,) = _sync(project).left
    assert run_id in left.why


def test_a_run_of_another_machine_is_dead_when_it_gave_no_sign_for_long(project, play):
    run_id = play(project, DIES).stdout.strip()
    folder = project / ".tracking/outbox" / run_id
    journal = folder / "owner-1.journal"
    data = journal.read_bytes()
    here = f'"host":"{this_process().host}"'.encode()
    there = here[:-2] + (b"~" if here[-2:-1] != b"~" else b"-") + here[-1:]
    assert here in data
    journal.write_bytes(data.replace(here, there))

    assert [found.state for found in recover.waiting(find_place())] == ["running"]
    old = time.time() - recover.STALE - 1
    os.utime(journal, (old, old))
    assert [found.state for found in recover.waiting(find_place())] == ["dead"]


def test_a_process_number_that_is_used_again_does_not_make_a_run_live():
    me = this_process()
    assert me.life() == "alive"
    assert ProcessMark(**{**_fields(me), "started": "1"}).life() == "dead"
    assert ProcessMark(**{**_fields(me), "boot": "another"}).life() == "unknown"
    assert ProcessMark(**{**_fields(me), "pid": 2**22 + 1}).life() == "dead"


def _fields(mark: ProcessMark) -> dict[str, object]:
    return {name: getattr(mark, name) for name in mark.__struct_fields__}


def test_a_zombie_is_dead():
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        time.sleep(0.1)
        mark = ProcessMark(**{**_fields(this_process()), "pid": child, "started": None})
        assert mark.life() == "dead"
    finally:
        os.waitpid(child, 0)


def test_runs_made_outside_any_repository_are_brought_into_one(tmp_path, repo, play, monkeypatch):
    lone = tmp_path / "lone"
    lone.mkdir()
    run_id = play(lone, "import gitrack\nwith gitrack.start_run('e') as r: print(r.id)").stdout
    here = find_place(repo)

    assert recover.sync(here).committed == []
    done = recover.sync(here, into=True)

    assert [run.id for run in done.committed] == [run_id.strip()]
    assert open_store(repo).run(run_id.strip()).status is Status.FINISHED


def test_another_command_brings_in_the_dead_and_costs_nothing_without(project, play, runs):
    assert recover.bring_in() == []
    run_id = play(project, DIES).stdout.strip()
    with gitrack.start_run("e"):
        assert [run.id for run in recover.bring_in()] == [run_id]
    assert len(runs()) == 2


def test_only_one_of_many_syncs_brings_a_run_in(project, play, runs, git):
    for _ in range(3):
        play(project, DIES)
    syncs = [
        subprocess.Popen(
            [sys.executable, "-m", "gitrack.cli.main", "sync", "--json"],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    brought = []
    for process in syncs:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        brought += [run["id"] for run in json.loads(out)["committed"]]

    assert len(brought) == len(set(brought)) == 3
    assert len(runs()) == 3


def test_interrupted_removals_are_finished(project):
    left = project / ".tracking/outbox/.done-20241015-120000-aaaaaa-1"
    left.mkdir(parents=True)
    (left / "owner-1.journal").write_bytes(b"x")

    _sync(project)

    assert not left.exists()


def test_what_is_written_during_the_commit_is_not_removed(tmp_path):
    folder = tmp_path / "20241015-120000-aaaaaa"
    folder.mkdir()
    (folder / "owner-1.journal").write_bytes(b"1")
    seen = outbox.sizes(folder)
    (folder / "member-1-2-x.journal").write_bytes(b"late")

    assert outbox.discard(folder, seen) is False
    assert (folder / "member-1-2-x.journal").read_bytes() == b"late"
    assert outbox.discard(folder, outbox.sizes(folder)) is True
    assert list(tmp_path.iterdir()) == []


def test_segments_come_in_order_and_owners_first(tmp_path):
    for name in ("owner-1.10", "owner-1", "owner-1.2", "owner-2", "member-1-5-a", "owner-10"):
        (tmp_path / f"{name}.journal").touch()
    (tmp_path / "stranger.journal").touch()

    found = outbox.journals(tmp_path)

    assert list(found) == ["owner-1", "owner-2", "owner-10", "member-1-5-a"]
    assert [path.name for path in found["owner-1"]] == [
        "owner-1.journal",
        "owner-1.2.journal",
        "owner-1.10.journal",
    ]


def test_a_claim_is_for_one(tmp_path):
    with outbox.claim(tmp_path) as mine:
        assert mine
        with outbox.claim(tmp_path) as theirs:
            assert not theirs
    with outbox.claim(tmp_path) as again:
        assert again
    with outbox.claim(tmp_path / "gone") as nothing:
        assert not nothing


def test_clocks_that_jump_back_do_not_change_what_came_last(project):
    with gitrack.start_run("e") as run:
        run.log_metric("x", 1.0, timestamp=2_000_000_000)
        run.log_metric("x", 2.0, timestamp=1_000_000_000)
        assert fold(run.folder).metrics == {"x": 2.0}


def test_a_long_history_is_a_sample_on_the_branch_and_whole_in_dvc(project, runs):
    import pyarrow.parquet

    from gitrack.artifacts import cache_of

    with gitrack.start_run("e") as run:
        for step in range(2500):
            run.log_metrics({"loss": step / 7, "spike": 100.0 if step == 1234 else 0.0}, step=step)

    (kept,) = runs()
    (whole,) = kept.artifacts
    assert (whole.path, whole.kind, whole.store) == ("history.parquet", "history", "dvc")
    shown = open_store(project).history(run.id)
    assert shown.sampled_from == 2500
    assert 1234 in shown.steps
    assert kept.curves["loss.count"] == 2500
    place = find_place()
    cache = cache_of(place.repository.worktree, place.repository.common_dir)
    table = pyarrow.parquet.read_table(cache.path(whole.md5))
    assert table.column_names == ["step", "time", "loss", "spike"]
    assert table.num_rows == 2500

    with gitrack.start_run(run_id=run.id) as run:
        run.log_metric("loss", -1.0, step=2500)
    (kept,) = runs()
    assert [artifact.path for artifact in kept.artifacts] == [
        "history-2.parquet",
        "history.parquet",
    ]
    assert kept.curves["loss.count"] == 2501
    assert kept.curves["loss.min"] == -1.0


def test_a_resumed_run_may_log_more_than_any_table_that_is_read(project, runs, monkeypatch):
    monkeypatch.setattr("gitrack.model.history._MAX_READ", 60_000)
    with gitrack.start_run("e") as run:
        run.log_metric("loss", 2.0, step=0)
    with gitrack.start_run(run_id=run.id) as run:
        for step in range(5000):
            run.log_metric("loss", step / 7, step=1 + step)

    (kept,) = runs()
    assert kept.curves["loss.count"] == 5001
    assert open_store(project).history(run.id).sampled_from == 5001


def _hostile(project, *events: dict) -> Path:
    """A folder in the outbox that somebody else has made."""
    run_id = "20241015-120000-aaaaaa"
    folder = project / ".tracking/outbox" / run_id
    folder.mkdir(parents=True)
    mark = msgspec.to_builtins(ProcessMark(**{**_fields(this_process()), "pid": 2**22 + 1}))
    start = {"kind": "start", "time": 1, "id": run_id, "name": "n", "experiment": "e"}
    journal = MAGIC
    for event in ({**start, "process": mark}, *events):
        data = json.dumps(event).encode()
        journal += b"J" + struct.pack("<I", len(data)) + data
    (folder / "owner-1.journal").write_bytes(journal)
    return folder


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "start", "id": "x", "name": 3, "experiment": "e", "time": 1},
        {"kind": "params", "values": {"a": {"b": 1}}},
        {"kind": "params", "values": [1]},
        {"kind": "tags"},
        {"kind": "notes", "text": {"a": 1}},
        {"kind": "seeds", "values": {"a": "b"}},
        {"kind": "artifact", "path": "../../../train.py", "artifact": "file"},
        {"kind": "artifact", "path": "/etc/hostname", "artifact": "file"},
        {"kind": "artifact", "path": "link", "artifact": "file"},
        {"kind": "artifact", "path": 7},
        {"kind": "file", "path": "../../../train.py"},
        {"kind": "data", "dataset": {"name": 3}},
        {"kind": "end", "status": "excellent", "time": 1},
        {"kind": "end", "status": "finished", "time": "now"},
        {"kind": "take"},
        {"kind": "_init__"},
        {"kind": "surprise"},
    ],
)
def test_a_folder_that_somebody_else_has_made_does_no_harm(project, play, runs, event):
    folder = _hostile(project, event)
    (folder / "artifacts").mkdir()
    (folder / "artifacts/link").symlink_to(project / "train.py")
    good = play(project, DIES).stdout.strip()

    done = _sync(project)

    assert [left.id for left in done.left] == [folder.name]
    assert [run.id for run in done.committed] == [good]
    assert [run.id for run in runs()] == [good]


@pytest.mark.parametrize("experiment", ["../../x", "", "a\nb", ".git"])
def test_an_experiment_that_is_no_folder_is_left(project, experiment):
    folder = _hostile(project, {"kind": "end", "status": "finished", "time": 2})
    path = folder / "owner-1.journal"
    data = path.read_bytes()
    event = json.loads(data[13 : 13 + struct.unpack_from("<I", data, 9)[0]])
    body = json.dumps({**event, "experiment": experiment}).encode()
    path.write_bytes(MAGIC + b"J" + struct.pack("<I", len(body)) + body)

    (left,) = _sync(project).left
    assert left.id == folder.name
