"""The index: always what the branch says, however it came about."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gitrack.model.run import Code, Dataset, Environment, Run, RunBundle, Status
from gitrack.store.codec.records import dump_run
from gitrack.store.index import Index
from gitrack.store.layout import run_folder
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore


class CountingBranch(MemoryBranch):
    """Counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs = 0
        self.listings = 0

    def read_many(self, ids):  # type: ignore[no-untyped-def]
        ids = list(ids)
        self.blobs += len(ids)
        return super().read_many(ids)

    def entries(self, under="", *, at=None):  # type: ignore[no-untyped-def]
        self.listings += 1
        return super().entries(under, at=at)


def a_run(number: int, **fields: object) -> Run:
    tail = "".join("0123456789abcdefghjkmnpqrstvwxyz"[(number >> s) & 31] for s in (10, 5, 0))
    return Run(
        **{  # type: ignore[arg-type]
            "id": f"202410{1 + number % 28:02}-143012-000{tail}",
            "name": f"run-{number}",
            "experiment": f"exp-{number % 3}",
            "status": Status.FINISHED,
            "started": "2024-10-22T14:30:12.120Z",
            "params": {"lr": number / 10, "depth": number, f"only{number % 3}": "x"},
            "metrics": {"auc": number / 100},
            **fields,
        }
    )


def bundles(*numbers: int) -> list[RunBundle]:
    return [RunBundle(run=a_run(number)) for number in numbers]


@pytest.fixture
def branch() -> CountingBranch:
    return CountingBranch()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def contents(table) -> dict[str, list[object]]:  # type: ignore[no-untyped-def]
    columns = {name: list(map(repr, table.column(name))) for name in table.names()}
    kinds = [table.kind(name) for name in table.names()]
    return {**columns, "kinds": kinds, "faults": [fault.path for fault in table.faults]}


def test_a_branch_that_is_not_there_has_no_runs(branch: CountingBranch, cache: Path):
    table = Index(branch, cache).table()
    assert (table.rows, table.names(), table.faults) == (0, [], [])
    assert table.column("id") == []
    assert len(table.frame_column("id")) == 0


def test_what_a_run_can_be_listed_by(branch: CountingBranch):
    run = a_run(
        1,
        tags={"team": "a", "n": None},
        code=Code(commit="abc", dirty=False),
        environment=Environment(python="3.11", variables={"A": "1"}),
        data=[Dataset(name="flights", version="v1", rows=3), Dataset(name="flights", rows=4)],
        seeds={"numpy": 42},
        curves={"auc.min": 0.1, "auc.min_step": 3},
    )
    store = RunStore(branch)
    store.commit_runs([RunBundle(run=run)])

    table = store.table()

    row = {name: table.column(name)[0] for name in table.names()}
    assert row == {
        "id": run.id,
        "name": "run-1",
        "experiment": "exp-1",
        "status": "finished",
        "started": run.started,
        "code.commit": "abc",
        "code.dirty": False,
        "curves.auc.min": 0.1,
        "curves.auc.min_step": 3,
        "data.flights.name": "flights",
        "data.flights.rows": 3,
        "data.flights.version": "v1",
        "data.flights#2.name": "flights",
        "data.flights#2.rows": 4,
        "environment.python": "3.11",
        "metrics.auc": 0.01,
        "params.depth": 1,
        "params.lr": 0.1,
        "params.only1": "x",
        "path": store.find(run.id),
        "seeds.numpy": 42,
        "tags.team": "a",
    }
    assert table.names()[:5] == ["id", "name", "experiment", "status", "started"]
    assert table.kind("params.lr") == "number"
    assert table.kind("nothing") is None


def test_one_table_in_two_roles_keeps_both(branch: CountingBranch):
    """As a dataset that is split at a date: `dataset.context = 'test'` must find it."""
    run = a_run(1, data=[Dataset(name="flights", role=role) for role in ("train", "test")])
    store = RunStore(branch)
    store.commit_runs([RunBundle(run=run)])

    table = store.table()

    assert table.column("data.flights.role") == ["train"]
    assert table.column("data.flights#2.role") == ["test"]
    assert table.column("data.flights#2.name") == ["flights"]


def test_rows_are_sorted_by_id_whatever_their_folders(branch: CountingBranch):
    store = RunStore(branch)
    store.commit_runs(bundles(*range(40)))
    ids = store.table().column("id")
    assert ids == sorted(ids)


def test_one_more_run_reads_one_record(branch: CountingBranch, cache: Path):
    store = RunStore(branch, cache)
    store.commit_runs(bundles(*range(20)))
    assert store.table().rows == 20
    branch.blobs = branch.listings = 0

    store.commit_runs(bundles(27))

    assert RunStore(branch, cache).table().rows == 21
    assert (branch.blobs, branch.listings) == (1, 0)


def test_a_commit_elsewhere_reads_nothing(branch: CountingBranch, cache: Path):
    store = RunStore(branch, cache)
    store.commit_runs(bundles(1))
    store.table()
    store.commit_files({"registry/m/model.yaml": b"a: 1\n"}, "model m: new")
    branch.blobs = 0
    assert RunStore(branch, cache).table().rows == 1
    assert branch.blobs == 0


def _histories(seed: int) -> Iterator[dict[str, bytes | None]]:
    """Changes as they come: runs added, edited, removed, broken and mended; strays."""
    rng = random.Random(seed)
    store = RunStore(MemoryBranch())
    for step in range(25):
        number = rng.randrange(30)
        note = rng.choice([None, 1, 2.5, "x", True])
        run = a_run(number, name=f"edited-{step}", tags={"note": note})
        folder = f"runs/{run.experiment}/2024-10/{run.id[6:8]}/{run.id}"
        kind = rng.choice(["run", "run", "run", "remove", "break", "stray", "orphan", "unstray"])
        if kind == "run":
            changes = store._changes(RunBundle(run=run), _NoDays(folder), {})
        elif kind == "remove":
            changes = {f"{folder}/run.yaml": None, f"{folder}/artifacts/a.txt": None}
        elif kind == "break":
            changes = {f"{folder}/run.yaml": b"a: [\n"}
        elif kind == "orphan":
            changes = {f"{folder}/run.yaml": None, f"{folder}/artifacts/a.txt": b"left"}
        elif kind == "stray":
            changes = {f"runs/exp-0/stray-{number % 3}.txt": b"?"}
        else:
            changes = {f"runs/exp-0/stray-{number % 3}.txt": None}
        yield changes


class _NoDays:
    def __init__(self, folder: str) -> None:
        self._folder = folder

    def folder(self, experiment: str, run_id: str) -> tuple[str, bool]:
        return self._folder, False

    def names(self, folder: str) -> set[str]:
        return set()


@pytest.mark.parametrize("seed", range(10))
def test_an_index_kept_up_to_date_equals_one_made_anew(
    seed: int, branch: CountingBranch, cache: Path
):
    kept = Index(branch, cache)
    for changes in _histories(seed):
        branch.commit(changes, "change")
        kept_now = kept.table()
        reopened = Index(branch, cache).table()
        anew = Index(branch, None).table()
        assert contents(kept_now) == contents(anew)
        assert contents(reopened) == contents(anew)
        frame = [str(value) for value in anew.frame_column("name")]
        assert [str(value) for value in kept_now.frame_column("name")] == frame


def test_segments_stay_few(branch: CountingBranch, cache: Path):
    store = RunStore(branch, cache)
    for number in range(60):
        store.commit_runs(bundles(number))
        store.table()
    assert len(store.table()._pieces) <= 6
    assert store.table().rows == 60


def damage(cache: Path, how: str) -> None:
    for file in cache.iterdir():
        data = bytearray(file.read_bytes())
        if how == "empty":
            file.write_bytes(b"")
        elif how == "cut":
            file.write_bytes(data[: len(data) // 2])
        elif how == "flip manifest" and file.suffix == ".json":
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
        elif how == "flip columns" and file.suffix == ".seg":
            data[-10:] = bytes(byte ^ 0xFF for byte in data[-10:])
            half = len(data) // 2
            data[half:] = bytes(byte ^ 0xFF for byte in data[half:])
            file.write_bytes(data)
        elif how == "no segments" and file.suffix == ".seg":
            file.unlink()


@pytest.mark.parametrize("how", ["empty", "cut", "flip manifest", "flip columns", "no segments"])
def test_a_damaged_cache_is_built_again(how: str, branch: CountingBranch, cache: Path):
    store = RunStore(branch, cache)
    store.commit_runs(bundles(*range(10)))
    wanted = contents(store.table())
    damage(cache, how)

    assert contents(RunStore(branch, cache).table()) == wanted
    branch.listings = 0
    assert contents(RunStore(branch, cache).table()) == wanted
    assert branch.listings == 0, "the cache was not mended"


def test_a_cache_that_cannot_be_written_is_done_without(branch: CountingBranch, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    store = RunStore(branch, tmp_path / "file" / "cache")
    store.commit_runs(bundles(1, 2))
    assert store.table().rows == 2
    store.commit_runs(bundles(3))
    assert store.table().rows == 3


def test_old_files_are_swept(branch: CountingBranch, cache: Path, monkeypatch: pytest.MonkeyPatch):
    cache.mkdir()
    (cache / "notes.txt").write_text("not ours")
    old = time.time() - 10_000
    for number in range(40):
        file = cache / f"v0-{number}.seg"
        file.write_bytes(b"x")
        os.utime(file, (old, old))
    (cache / "v1-young.seg").write_bytes(b"x")
    store = RunStore(branch, cache)
    store.commit_runs(bundles(1))
    store.table()
    names = {file.name for file in cache.iterdir()}
    assert {"notes.txt", "v1-young.seg"} <= names
    assert not any(name.startswith("v0-") for name in names)
    assert RunStore(branch, cache).table().rows == 1


def test_another_branch_keeps_its_segments(cache: Path):
    for name in ("one", "two"):
        branch = MemoryBranch(name)
        store = RunStore(branch, cache)
        store.commit_runs(bundles(*range(3)))
        assert store.table().rows == 3
    assert len([file for file in cache.iterdir() if file.suffix == ".json"]) == 2


def test_columns_are_read_without_numpy_or_yaml(branch: CountingBranch, cache: Path):
    store = RunStore(branch, cache)
    store.commit_runs(bundles(1, 2))
    store.table()
    script = f"""
import sys
from pathlib import Path
from gitrack.store.index.cache import Index
class Branch:
    name = "gitrack"
    def tip(self): return {branch.tip()!r}
table = Index(Branch(), Path({str(cache)!r})).table()
assert table.rows == 2, table.rows
assert table.column("params.depth") == [1, 2]
print(sorted({{"yaml", "numpy", "pandas", "git"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_pipeline_beside_a_record_is_known_however_it_came(tmp_path):
    branch = MemoryBranch()
    store = RunStore(branch, tmp_path / "cache")
    runs = [a_run(number) for number in range(4)]
    folders = [run_folder(run.experiment, run.id) for run in runs]
    beside = {"pipeline.yaml": b"format: 1\nstages: []\n"}
    store.commit_runs([RunBundle(run=runs[0]), RunBundle(run=runs[1], files=beside)])
    ids = {entry.path: entry.id for entry in branch.entries()}
    first = ids[f"{folders[1]}/pipeline.yaml"]

    def told() -> list[object]:
        warm = RunStore(branch, tmp_path / "cache").table().column("pipeline")
        assert warm == RunStore(branch).table().column("pipeline")
        return warm

    assert told() == [None, first]
    assert "pipeline" not in store.table().names()

    # a record that changes keeps what lies beside it
    changed = msgspec.structs.replace(runs[1], notes="again")
    branch.commit({f"{folders[1]}/run.yaml": dump_run(changed)}, "notes")
    assert told() == [None, first]
    # a pipeline that comes, changes or goes alone
    branch.commit({f"{folders[0]}/pipeline.yaml": b"format: 1\n"}, "late")
    second = RunStore(branch).table().column("pipeline")[0]
    assert second not in (None, first)
    assert told() == [second, first]
    branch.commit({f"{folders[1]}/pipeline.yaml": None}, "gone")
    assert told() == [second, None]
    # a broken record that is mended
    good = branch.read(f"{folders[0]}/run.yaml")
    branch.commit({f"{folders[0]}/run.yaml": b"x: [\n"}, "broken")
    assert told() == [None]
    branch.commit({f"{folders[0]}/run.yaml": good}, "mended")
    assert told() == [second, None]
    # and with a new run
    store.commit_runs([RunBundle(run=runs[2], files=beside), RunBundle(run=runs[3])])
    assert told() == [second, None, first, None]
