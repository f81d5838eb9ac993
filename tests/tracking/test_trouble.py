"""What goes wrong around a run that is alive: it goes on, and keeps what it can."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

import gitrack
from gitrack.model.run import Status
from gitrack.store import open_store
from gitrack.tracking import outbox
from gitrack.tracking.ending import recover
from gitrack.tracking.journals import journal
from gitrack.tracking.place import find_place


def test_an_outbox_that_is_deleted_under_a_run_loses_no_call(project, runs, caplog):
    run = gitrack.start_run("e", params={"lr": 0.1})
    run.log_metric("loss", 0.5, step=0)
    run.log_text("gone", "gone.txt")
    shutil.rmtree(project / ".tracking")  # as `git clean -fdx` does
    run.log_metric("loss", 0.25, step=1)
    run.log_text("kept", "kept.txt")

    run.end()

    (kept,) = runs()
    assert (kept.params, kept.status) == ({"lr": 0.1}, Status.FINISHED)
    assert open_store(project).history(run.id).columns == {"loss": [0.5, 0.25]}
    assert [artifact.path for artifact in kept.artifacts] == ["kept.txt"]
    assert "was deleted and is written again" in caplog.text
    assert "gone.txt" in caplog.text
    assert outbox.run_folders(project / ".tracking/outbox") == []


def test_a_sign_of_life_writes_a_deleted_journal_again(project):
    run = gitrack.start_run("e")
    run.log_metric("loss", 0.5, step=0)
    shutil.rmtree(run.folder)

    journal.all_alive()

    (found,) = recover.waiting(find_place())
    assert (found.state, found.metrics) == ("running", {"loss": 0.5})


def test_a_run_may_start_in_a_folder_that_is_gone(project, monkeypatch, caplog):
    gone = project / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with gitrack.start_run("e") as run:
        run.log_metric("m", 1)

    assert "the current folder is gone" in caplog.text
    assert run.folder in outbox.run_folders(outbox.users_outbox())


def test_a_disk_that_stays_full_sends_the_run_to_another_one(project, runs, monkeypatch):
    run = gitrack.start_run("e", params={"lr": 0.1})
    run.log_text("before", "before.txt")

    def full(fd: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(journal, "_os_write", full)
        meanwhile.setattr("gitrack.tracking.ending.finish._commit_live", _refuse)
        for step in range(10):
            run.log_metric("loss", step, step=step)
        run.end()

    (found,) = recover.waiting(find_place())
    assert found.state == "finished"
    assert found.folder.parent != project / ".tracking/outbox"
    recover.sync(find_place())
    (kept,) = runs()
    assert (kept.params, kept.status) == ({"lr": 0.1}, Status.FINISHED)
    assert kept.curves["loss.count"] == 10
    assert [artifact.path for artifact in kept.artifacts] == ["before.txt"]


def _refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_with_a_loop_and_a_pipe_is_kept_without_them(project, runs, caplog):
    folder = project / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep/loop").symlink_to("..")
    (folder / "nowhere").symlink_to("not-there")
    (folder / "elsewhere").symlink_to(project / "train.py")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "deep/pipe")

    with gitrack.start_run("e") as run:
        run.log_artifact("data")
        assert run.folder is not None
        kept = {path.name for path in (run.folder / "artifacts/data").rglob("*")}

    assert kept == {"a.txt", "deep", "elsewhere"}
    assert "data/deep/loop" in caplog.text
    assert [artifact.path for artifact in runs()[0].artifacts] == ["data"]


def test_the_folder_in_which_the_run_is_written(project, runs, caplog):
    for name in "abcd":
        (project / "ring" / name).mkdir(parents=True)
        (project / "ring" / name / "file").write_text(name)
        for other in set("abcd") - {name}:
            (project / "ring" / name / other).symlink_to(f"../{other}")
    (project / os.fsdecode(b"caf\xe9")).write_text("not UTF-8")

    with gitrack.start_run("e") as run:
        run.log_artifact(".", "all")
        assert run.folder is not None
        kept = {path.name for path in (run.folder / "artifacts/all").rglob("*")}

    assert {"train.py", "file"} <= kept
    assert not any(name.startswith((".part", "caf")) for name in kept)
    assert ".tracking/outbox" in caplog.text
    assert [artifact.path for artifact in runs()[0].artifacts] == ["all"]


def test_a_folder_of_too_many_files_is_refused_before_it_fills_the_disk(
    project, runs, caplog, monkeypatch
):
    monkeypatch.setattr("gitrack.tracking.logged.copying.MOST_FILES", 5)
    for number in range(6):
        (project / "data").mkdir(exist_ok=True)
        (project / f"data/{number}").touch()
    with gitrack.start_run("e") as run:
        run.log_artifact("data")

    assert "data holds more than 5 files" in caplog.text
    assert runs()[0].artifacts == []


@pytest.mark.parametrize("times", [1, 9])
def test_a_file_that_changes_while_it_is_copied(project, runs, caplog, monkeypatch, times):
    path, copied = project / "state.bin", []

    def meanwhile(source, target, **_):
        Path(target).write_bytes(Path(source).read_bytes())
        copied.append(target)
        if len(copied) <= times:
            path.write_bytes(b"x" * (1 + len(copied)))

    path.write_bytes(b"x")
    monkeypatch.setattr("shutil.copyfile", meanwhile)
    with gitrack.start_run("e") as run:
        run.log_artifact("state.bin")

    assert [artifact.size for artifact in runs()[0].artifacts] == ([2] if times == 1 else [])
    assert ("changed while it was copied" in caplog.text) == (times > 1)


@pytest.mark.parametrize("what", ["file", "folder", "bytes"])
def test_a_full_disk_keeps_no_half_of_a_file(project, runs, monkeypatch, what):
    def full(source, target, **_):
        with Path(target).open("wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with gitrack.start_run("e") as run:
        assert run.folder is not None
        before = set(run.folder.rglob("*"))
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr("shutil.copyfile", full)
            if what == "bytes":
                meanwhile.setattr(Path, "write_bytes", lambda place, data: full(data, place))
                run.log_bytes(b"whole", "train.py")
            else:
                run.log_artifact("train.py" if what == "file" else ".", "some")
        left = set(run.folder.rglob("*")) - before

    assert [path for path in left if path.is_file()] == []
    assert runs()[0].artifacts == []


def test_what_is_logged_last_takes_the_place_of_a_file_or_a_folder(project, runs):
    with gitrack.start_run("e") as run:
        run.log_text("1", "thing")
        run.log_text("2", "thing/inner.txt")
        run.log_text("3", "other/inner.txt")
        run.log_text("4", "other")

    assert [artifact.path for artifact in runs()[0].artifacts] == ["other", "thing/inner.txt"]


def test_two_spellings_of_one_name_are_one_file(project, runs):
    with gitrack.start_run("e") as run:
        run.log_text("composed", "\u00e9.txt")
        run.log_text("decomposed", "e\u0301.txt")

    assert [artifact.path for artifact in runs()[0].artifacts] == ["\u00e9.txt"]


def test_what_is_logged_at_exit_is_kept(project, play, runs):
    code = (
        "import gitrack, atexit\n"
        "atexit.register(lambda: gitrack.log_text('late', 'first.txt'))\n"
        "run = gitrack.start_run('e')\n"
        "atexit.register(lambda: gitrack.log_text('late', 'second.txt'))\n"
    )
    done = play(project, code)

    assert (done.returncode, done.stderr) == (0, "")
    (kept,) = runs()
    assert kept.status is Status.FINISHED
    assert [artifact.path for artifact in kept.artifacts] == ["first.txt", "second.txt"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("sys.exit(0)", "finished"),
        ("sys.exit(3)", "failed"),
        ("raise KeyboardInterrupt", "killed"),
        ("1 / 0", "failed"),
        ("os._exit(0)", "killed"),
        ("os.kill(os.getpid(), 15)", "killed"),
    ],
)
@pytest.mark.parametrize("block", [False, True], ids=["plain", "with"])
def test_every_way_in_which_a_program_ends(project, play, runs, body, status, block):
    start = "run = gitrack.start_run('e')\n"
    text = f"run.log_metric('m', 1, step=1)\n{body}\n"
    if block:
        lines = "".join(f"    {line}\n" for line in text.splitlines())
        text = f"with run:\n{lines}"

    play(project, f"import gitrack, os, sys\n{start}{text}")
    recover.sync(find_place(Path(project)))

    (kept,) = runs()
    assert (kept.status, kept.metrics) == (status, {"m": 1})
