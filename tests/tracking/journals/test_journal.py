"""One write per call, nothing lost, and a torn end is no damage."""

from __future__ import annotations

import errno
import math
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.errors import InvalidName, UsageError
from gitrack.tracking.journals import journal as journals
from gitrack.tracking.journals.journal import MAGIC, DamagedJournal, Journal, MetricSet, read


def hello() -> dict[str, str]:
    return {"kind": "start"}


def written(folder: Path, name: str = "owner-1") -> list[bytes]:
    paths = sorted(folder.glob(f"{name}*.journal"), key=lambda path: (len(path.name), path.name))
    return [path.read_bytes() for path in paths]


def sets(segments: list[bytes]) -> list[tuple[int | None, dict[str, float | int]]]:
    return [
        (item.step, dict(zip(item.shape.names, item.values, strict=True)))
        for item in read(segments)
        if isinstance(item, MetricSet)
    ]


def test_what_is_logged_is_in_the_file_when_the_call_returns(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)
    journal.metrics({"loss": 0.5, "epoch": 3}, 7)
    journal.metrics({"loss": float("nan")})

    first, second = sets(written(tmp_path))
    assert first == (7, {"loss": 0.5, "epoch": 3})
    assert isinstance(first[1]["epoch"], int)
    assert second[0] is None
    assert math.isnan(second[1]["loss"])


def test_a_set_that_comes_again_is_one_fixed_record(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)
    journal.metrics({"a": 1.0, "b": 2.0}, 0)
    before = len(written(tmp_path)[0])
    journal.metrics({"a": 1.0, "b": 2.0}, 1)

    assert len(written(tmp_path)[0]) - before == 1 + 4 + 8 + 8 + 2 * 8


names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20).filter(
    lambda name: name == name.strip()
)
numbers = st.floats() | st.integers(-(2**63), 2**63 - 1)


@given(
    logged=st.lists(
        st.tuples(st.none() | st.integers(-(2**63), 2**63 - 1), st.dictionaries(names, numbers)),
        max_size=8,
    )
)
def test_any_numbers_come_back_as_they_were(tmp_path_factory, logged):
    import unicodedata

    folder = tmp_path_factory.mktemp("run")
    journal = Journal(folder, "owner-1", hello)
    for step, metrics in logged:
        journal.metrics(metrics, step)
    journal.close()

    expected = [
        (step, {unicodedata.normalize("NFC", name): value for name, value in metrics.items()})
        for step, metrics in logged
        if metrics
    ]
    assert repr(sets(written(folder))) == repr(expected)


def test_every_cut_of_a_journal_reads_as_a_beginning_of_it(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)
    for step in range(3):
        journal.metrics({"loss": step / 2}, step)
        journal.event("tags", values={"at": step})
    journal.close()
    (whole,) = written(tmp_path)
    everything = [repr(item) for item in read([whole])]

    for cut in range(len(whole)):
        found = [repr(item) for item in read([whole[:cut]])]
        assert found == everything[: len(found)]


def test_damage_in_the_middle_is_told_from_a_cut_end(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)
    journal.metrics({"loss": 1.0}, 0)
    journal.close()
    (whole,) = written(tmp_path)

    with pytest.raises(DamagedJournal, match="unknown kind"):
        list(read([whole + b"\x00" * 40]))
    with pytest.raises(DamagedJournal, match="begin"):
        list(read([b"something else"]))
    with pytest.raises(DamagedJournal, match="unknown shape"):
        list(read([MAGIC + b"M" + b"\x09\0\0\0" + b"\0" * 30]))


def test_an_int_then_a_float_then_a_numpy_number(tmp_path):
    import numpy

    journal = Journal(tmp_path, "owner-1", hello)
    for value in (1, 0.5, numpy.float32(0.25), numpy.int64(7), numpy.array([3.5]), True, 2**70):
        journal.metrics({"x": value})

    assert [found["x"] for _, found in sets(written(tmp_path))] == [
        1, 0.5, 0.25, 7, 3.5, 1, float(2**70),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["0.5", None, [1.0, 2.0], b"1", object(), 1j])
def test_what_is_not_a_number_is_refused_at_once(tmp_path, value):
    journal = Journal(tmp_path, "owner-1", hello)
    with pytest.raises(UsageError, match="not a"):
        journal.metrics({"loss": value}, 1)
    assert sets(written(tmp_path)) == []


@pytest.mark.parametrize("name", ["", " a", "a\tb", "a\nb", "x" * 251, 3])
def test_a_bad_name_is_refused_at_once(tmp_path, name):
    journal = Journal(tmp_path, "owner-1", hello)
    with pytest.raises(InvalidName):
        journal.metrics({name: 1.0})


@pytest.mark.parametrize("step", [0.5, "1", 2**63, True])
def test_a_bad_step_is_refused_at_once(tmp_path, step):
    journal = Journal(tmp_path, "owner-1", hello)
    journal.metrics({"loss": 1.0}, 1)  # the shape is known already
    with pytest.raises(UsageError, match="step"):
        journal.metrics({"loss": 1.0}, step)


def test_many_threads_lose_nothing(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)

    def log(who: int) -> None:
        for step in range(500):
            journal.metrics({f"m{who}": float(step), "all": 1.0}, step)

    threads = [threading.Thread(target=log, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sets(written(tmp_path))) == 8 * 500


class FullDisk:
    """The system call that writes, on a disk with so much room left."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, fd: int, data: bytes) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = os.write(fd, data[: self.room])
        self.room -= taken
        return taken


@pytest.mark.parametrize("room", [0, 1, 9, 60, 200, 333, 500])
def test_a_full_disk_never_raises_and_loses_nothing_once_there_is_room(
    tmp_path, monkeypatch, caplog, room
):
    journal = Journal(tmp_path, "owner-1", hello)
    disk = FullDisk(room)
    monkeypatch.setattr(journals, "_os_write", disk)
    monkeypatch.setattr(journals, "RETRY_AFTER", 0.0)
    for step in range(20):
        journal.metrics({"loss": step / 2}, step)
        journal.event("tags", values={"step": step})
    assert len(caplog.records) == 1
    assert "kept in memory" in caplog.text

    disk.room = 10**9
    journal.metrics({"loss": 10.0}, 20)
    journal.close()

    assert journal.kept == []
    assert sets(written(tmp_path)) == [(step, {"loss": step / 2}) for step in range(21)]
    tags = [item for item in read(written(tmp_path)) if isinstance(item, dict)]
    assert [tag["values"]["step"] for tag in tags if tag["kind"] == "tags"] == list(range(20))


def test_without_a_folder_everything_stays_in_memory():
    journal = Journal(None, "owner-1", hello)
    journal.metrics({"loss": 1.0}, 1)
    journal.close()

    assert sets([MAGIC + b"".join(journal.kept)]) == [(1, {"loss": 1.0})]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_writes_to_a_file_of_its_own(tmp_path):
    journal = Journal(tmp_path, "owner-1", lambda: {"kind": "start", "pid": os.getpid()})
    journal.metrics({"loss": 1.0}, 1)
    child = os.fork()
    if child == 0:
        journal.metrics({"loss": 2.0}, 2)
        os._exit(0)
    os.waitpid(child, 0)
    journal.metrics({"loss": 3.0}, 3)

    assert [step for step, _ in sets(written(tmp_path))] == [1, 3]
    (mine,) = tmp_path.glob("member-*.journal")
    first, *_ = read([mine.read_bytes()])
    assert first == {"kind": "start", "pid": child}
    assert sets([mine.read_bytes()]) == [(2, {"loss": 2.0})]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_that_logs_nothing_leaves_nothing(tmp_path):
    journal = Journal(tmp_path, "owner-1", hello)
    child = os.fork()
    if child == 0:
        journal.close()
        os._exit(0)
    os.waitpid(child, 0)

    assert [path.name for path in tmp_path.iterdir()] == ["owner-1.journal"]
    journal.close()
