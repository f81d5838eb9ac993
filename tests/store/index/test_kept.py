"""Records that were kept say what the branch says, whatever became of the files of the cache."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest

from gitrack.model.run import Artifact, Code, Fault, Run, RunBundle, Status
from gitrack.store.codec.records import dump_run
from gitrack.store.index import kept
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore

HUGE = 10**40


def a_run(number: int, **fields: object) -> Run:
    chance = random.Random(number)
    values: dict[str, object] = {
        "id": f"20241022-14{number // 60:02}{number % 60:02}-7k3f9q",
        "name": f"é 🚀 {number}",
        "experiment": "weather",
        "status": chance.choice(list(Status)),
        "started": "2024-10-22T14:30:12.120Z",
        "params": {
            "lr": 0.1,
            "n": 3,
            "one": 1.0,
            "on": True,
            "none": None,
            "x": "1",
            "b": -(2**63),
        },
        "metrics": {"nan": float("nan"), "inf": float("-inf"), "whole": 1, "real": 1.0},
        "code": Code(commit="a" * 40, dirty=bool(number % 2)),
        "artifacts": [Artifact(path="model", kind="model", store="dvc", md5="0" * 32)],
    }
    return Run(**{**values, **fields})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_PER_FILE", 5)


@pytest.fixture
def branch() -> MemoryBranch:
    made = MemoryBranch()
    store = RunStore(made)
    for number in range(12):
        store.commit_runs([RunBundle(run=a_run(number))])
    return made


def shown(store: RunStore) -> str:
    return repr(list(store.all()))  # equal to itself, with NaN


def test_what_was_kept_is_what_the_branch_says(branch: MemoryBranch, tmp_path: Path) -> None:
    told = shown(RunStore(branch))
    reads: list[str] = []
    many = branch.read_many
    branch.read_many = lambda ids: many([reads.append(id) or id for id in ids])  # type: ignore

    assert shown(RunStore(branch, tmp_path)) == told
    reads.clear()
    assert shown(RunStore(branch, tmp_path)) == told
    assert reads == []
    assert len(list(tmp_path.glob("records-*"))) == 3


def test_a_new_run_is_read_alone_and_its_file_alone_is_written(
    branch: MemoryBranch, tmp_path: Path
) -> None:
    list(RunStore(branch, tmp_path).all())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("records-*")}
    RunStore(branch).commit_runs([RunBundle(run=a_run(12))])

    assert shown(RunStore(branch, tmp_path)) == shown(RunStore(branch))
    after = {path: path.stat().st_mtime_ns for path in tmp_path.glob("records-*")}
    assert {path.name for path in after if after[path] != before.get(path)} == {
        "records-gitrack-2.bin"
    }


def test_a_record_that_changes_goes_or_comes_back(branch: MemoryBranch, tmp_path: Path) -> None:
    chance = random.Random(7)
    paths = [entry.path for entry in branch.entries("runs") if entry.path.endswith("run.yaml")]
    for step in range(40):
        path = chance.choice(paths)
        number = paths.index(path)
        data = chance.choice(
            [None, b"id: [", dump_run(a_run(number)), dump_run(a_run(number, notes=str(step)))]
        )
        branch.commit({path: data}, "change")
        assert shown(RunStore(branch, tmp_path)) == shown(RunStore(branch))


@pytest.mark.parametrize("harm", ["cut", "flip", "word", "empty", "foreign", "another", "folder"])
def test_a_damaged_file_counts_as_not_read(
    branch: MemoryBranch, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = shown(RunStore(branch, tmp_path))
    file = tmp_path / "records-gitrack-0.bin"
    data = file.read_bytes()
    # it can be read, and is not what was kept
    other = data[4:].replace("🚀".encode(), "🛸".encode())
    if harm == "folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(
            {
                "cut": data[:-7],
                "flip": data[:99] + bytes([data[99] ^ 1]) + data[100:],
                "empty": b"",
                "foreign": b"\0" * 500,
                "word": data[:4] + other,
                "another": zlib.crc32(other).to_bytes(4, "big") + other,
            }[harm]
        )
    if harm == "another":  # code that reads records in another way
        monkeypatch.setattr(kept, "_reader", lambda: b"another")

    assert shown(RunStore(branch, tmp_path)) == told
    assert shown(RunStore(branch, tmp_path)) == told


def test_a_folder_that_cannot_be_written_costs_time_only(
    branch: MemoryBranch, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    assert shown(RunStore(branch, tmp_path / "cache")) == shown(RunStore(branch))


def test_what_cannot_be_kept_hides_no_others(branch: MemoryBranch, tmp_path: Path) -> None:
    path = next(e.path for e in branch.entries("runs") if e.path.endswith("run.yaml"))
    data = branch.read(path).replace(b"whole: 1\n", b"whole: %d\n" % HUGE)
    branch.commit({path: data}, "huge")
    (run,) = [
        r
        for _, r in RunStore(branch).all()
        if not isinstance(r, Fault) and HUGE in r.metrics.values()
    ]

    for _ in range(2):
        assert shown(RunStore(branch, tmp_path)) == shown(RunStore(branch))
    assert run.id in shown(RunStore(branch, tmp_path))


def test_a_branch_that_became_short_leaves_no_files(branch: MemoryBranch, tmp_path: Path) -> None:
    list(RunStore(branch, tmp_path).all())
    paths = [entry.path for entry in branch.entries("runs")]
    branch.commit(dict.fromkeys(paths[3:]), "gone")
    list(RunStore(branch, tmp_path).all())

    assert [path.name for path in tmp_path.glob("records-*")] == ["records-gitrack-0.bin"]
