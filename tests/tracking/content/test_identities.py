"""What identifies data: DVC's record and what became of it, Delta's log, arrays, what changes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gitrack.artifacts.hashes import Hashes
from gitrack.errors import UsageError
from gitrack.model.run import Dataset
from gitrack.store.git.repository import Repository
from gitrack.tracking.content import describe_dataset, fingerprints

deltalake = pytest.importorskip("deltalake")
Git = Callable[..., str]


def dvc(folder: Path, *arguments: str) -> str:
    script = "import sys; from dvc.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC project with a tracked file, a tracked folder, an ignored file and a `dvc.lock`."""
    folder = tmp_path_factory.mktemp("template") / "project"
    (folder / "raw" / "deep").mkdir(parents=True)
    environment = {**os.environ, "HOME": str(folder), "DVC_NO_ANALYTICS": "1"}
    for arguments in (["git", "init", "-q"], ["git", "config", "user.name", "Ada"]):
        subprocess.run(arguments, cwd=folder, check=True, env=environment)
    subprocess.run(["git", "config", "user.email", "a@example.com"], cwd=folder, check=True)
    dvc(folder, "init", "-q")
    (folder / ".dvcignore").write_text("# not data\n*.tmp\nraw/deep/*\n!raw/deep/keep*\n/cache/\n")
    (folder / "one.csv").write_text("a,b\n1,2\n")
    for name in ("raw/a.csv", "raw/deep/keep.csv", "raw/deep/lost.csv", "raw/x.tmp"):
        (folder / name).write_text(f"a\n{len(name)}\n")
    (folder / "raw" / "cache").mkdir()
    (folder / "raw" / "cache" / "kept.csv").write_text("a\n1\n")
    dvc(folder, "add", "-q", "one.csv", "raw")
    stage = ["stage", "add", "-q", "-n", "make", "-d", "one.csv", "-o", "out/made.csv"]
    dvc(folder, *stage, "mkdir -p out && cp one.csv out/made.csv && echo 3,4 >> out/made.csv")
    dvc(folder, "repro", "-q")
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    subprocess.run(["git", "commit", "-qm", "data"], cwd=folder, check=True)
    return folder


@pytest.fixture
def tracked(_template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    subprocess.run(["cp", "-a", str(_template), str(folder)], check=True)
    return folder


def described(path: Path, top: Path) -> Dataset:
    return describe_dataset(path, root=top, repository=Repository.discover(top))[0]


def test_what_dvc_tracks_has_its_md5_and_the_commit_of_its_record(tracked: Path, git: Git) -> None:
    first = git(tracked, "rev-parse", "HEAD")
    (tracked / "other.txt").write_text("x")
    git(tracked, "add", "other.txt")
    git(tracked, "commit", "-qm", "something else")

    for name, source in (("one.csv", "one.csv.dvc"), ("raw", "raw.dvc"), ("out/made.csv", "")):
        dataset = described(tracked / name, tracked)
        record = (tracked / (source or "dvc.lock")).read_text()
        assert f"md5: {(dataset.dvc or '').removeprefix('md5:')}" in record
        assert (dataset.revision, dataset.changed) == (first, None), name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such files")
def test_a_pipe_among_the_files_of_dvc_is_not_waited_for(tracked: Path) -> None:
    os.mkfifo(tracked / "raw/.dvcignore")

    with pytest.raises(UsageError, match=r"it is a pipe, not a regular file; look at .*dvcignore"):
        described(tracked / "raw", tracked)


def test_a_pointer_of_dvc_2_tells_the_commit(tracked: Path, git: Git) -> None:
    """Its md5 may be another for the same text, so nothing is said to have changed."""
    pointer = tracked / "one.csv.dvc"
    (tracked / "one.csv").write_bytes(b"a,b\r\n1,2\r\n")
    pointer.write_text(pointer.read_text().replace("  hash: md5\n", ""))
    assert "hash" not in pointer.read_text()
    git(tracked, "commit", "-qam", "an old pointer")

    dataset = described(tracked / "one.csv", tracked)

    md5 = hashlib.md5((tracked / "one.csv").read_bytes()).hexdigest()
    assert dataset.dvc == f"md5:{md5}"
    assert (dataset.revision, dataset.changed) == (git(tracked, "rev-parse", "HEAD"), None)


def test_ignored_files_are_no_part_of_a_folder(tracked: Path) -> None:
    before = described(tracked / "raw", tracked)
    (tracked / "raw" / "more.tmp").write_text("x")
    (tracked / "raw" / "deep" / "again.csv").write_text("x")

    assert described(tracked / "raw", tracked) == before
    (tracked / "raw" / "deep" / "keep2.csv").write_text("x")
    assert described(tracked / "raw", tracked).changed


def test_a_file_in_a_tracked_folder_is_known_by_it(tracked: Path) -> None:
    path = tracked / "raw" / "a.csv"
    dataset = described(path, tracked)
    assert (dataset.changed, dataset.revision is not None) == (None, True)

    path.chmod(0o644)
    path.write_text("a\nother\n")

    dataset = described(path, tracked)
    assert dataset.changed
    assert dataset.dvc == "md5:" + hashlib.md5(path.read_bytes()).hexdigest()


def test_changed_data_are_marked_as_dvc_status_says(tracked: Path) -> None:
    assert "up to date" in dvc(tracked, "status")
    for name in ("one.csv", "out/made.csv"):
        path = tracked / name
        path.unlink()
        path.write_text("a,b\n9,9\n")

    assert "one.csv" in dvc(tracked, "status")
    for name in ("one.csv", "out/made.csv"):
        dataset = described(tracked / name, tracked)
        assert dataset.changed
        assert dataset.dvc == "md5:" + hashlib.md5(b"a,b\n9,9\n").hexdigest()


def test_a_record_that_is_not_committed_has_no_commit(tracked: Path) -> None:
    (tracked / "one.csv").unlink()
    (tracked / "one.csv").write_text("a,b\n5,5\n")
    dvc(tracked, "add", "-q", "one.csv")

    dataset = described(tracked / "one.csv", tracked)

    assert (dataset.revision, dataset.changed) == (None, None)


def test_a_link_into_the_cache_is_not_read_again(
    tracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_BELIEVE_FROM", 1)
    true = described(tracked / "one.csv", tracked).dvc
    dvc(tracked, "config", "cache.type", "symlink")
    dvc(tracked, "checkout", "-q", "--relink", "one.csv")
    assert (tracked / "one.csv").is_symlink()
    fingerprints._known.clear()
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "_hashed", lambda _: pytest.fail("hashed"))
        assert described(tracked / "one.csv", tracked).dvc == true

    # somebody has written through the link, into the cache itself
    cached = (tracked / "one.csv").resolve()
    cached.chmod(0o644)
    cached.write_text("a,b\n7,7\n")
    fingerprints._known.clear()

    assert described(tracked / "one.csv", tracked).changed


def test_a_large_file_is_read_once_for_all_runs(
    tracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_BELIEVE_FROM", 1)
    path = tracked / "big.csv"
    path.write_text("a\n1\n")
    os.utime(path, (1_000_000, 1_000_000))
    true = described(path, tracked).dvc
    fingerprints._known.clear()  # another process
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "_hashed", lambda _: pytest.fail("hashed"))
        assert described(path, tracked).dvc == true

    path.write_text("a\n2\n")

    assert described(path, tracked).dvc == "md5:" + hashlib.md5(b"a\n2\n").hexdigest()


def test_a_file_that_was_written_just_now_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("1")
    hashes = Hashes(tmp_path / "hashes")

    hashes.put(path, "0" * 32)

    assert hashes.get(path) is None


def test_a_broken_memory_of_hashes_is_said_and_does_no_harm(
    tracked: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fingerprints, "_BELIEVE_FROM", 1)
    database = tracked / ".git/gitrack/hashes/hashes/local/cache.db"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database" * 100)
    path = tracked / "big.csv"
    path.write_text("a\n1\n")
    os.utime(path, (1_000_000, 1_000_000))

    assert described(path, tracked).dvc == "md5:" + hashlib.md5(b"a\n1\n").hexdigest()
    assert "cannot be remembered" in caplog.text


def test_a_file_that_changes_while_it_is_read_has_no_md5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "log.txt"
    path.write_text("1\n")

    def growing(file: Any) -> str:
        with path.open("a") as end:
            end.write("2\n")
        return "0" * 32

    monkeypatch.setattr(fingerprints, "_hashed", growing)

    dataset, _ = describe_dataset(path)

    assert (dataset.dvc, dataset.name) == (None, "log")
    assert "changes while it is being read" in caplog.text


def test_a_folder_with_links_is_what_dvc_says_it_is(
    tracked: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tracked / "linked"
    folder.mkdir()
    (folder / "x").write_text("x")
    (tracked / "outside").mkdir()
    (tracked / "outside" / "y").write_text("y")
    (folder / "out").symlink_to(tracked / "outside")
    (folder / "file").symlink_to(tracked / "outside" / "y")
    (folder / "empty").write_bytes(b"")
    dvc(tracked, "add", "-q", "linked")

    dataset = described(folder, tracked)

    pointer = (tracked / "linked.dvc").read_text()
    assert f"md5: {(dataset.dvc or '').removeprefix('md5:')}" in pointer
    assert "linked/out is a link to a folder" in caplog.text


# Delta tables


@pytest.fixture
def table(tmp_path: Path) -> Path:
    folder = tmp_path / "trips"
    deltalake.write_deltalake(folder, pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]}))
    deltalake.write_deltalake(folder, pd.DataFrame({"a": [4], "b": ["z"]}), mode="append")
    return folder


def test_a_delta_table(table: Path, tmp_path: Path) -> None:
    dataset, files = describe_dataset(table, root=tmp_path)

    assert (dataset.name, dataset.path, dataset.kind) == ("trips", "trips", "delta")
    assert (dataset.table_version, dataset.rows, dataset.columns) == (1, 4, 2)
    assert (dataset.committed or "").endswith("Z")
    assert dataset.size == sum(path.stat().st_size for path in table.glob("*.parquet"))
    assert b'"name": "a", "type": "int64", "distinct": 4' in files["data/trips.json"]


def test_an_earlier_version_of_a_delta_table(table: Path, tmp_path: Path) -> None:
    earlier = deltalake.DeltaTable(table, version=0)

    dataset, _ = describe_dataset(earlier, root=tmp_path)

    assert (dataset.table_version, dataset.rows, dataset.path) == (0, 3, "trips")
    assert dataset.dvc != describe_dataset(table)[0].dvc


def test_removed_rows_are_not_counted(table: Path) -> None:
    deltalake.DeltaTable(table).delete("a = 2")

    dataset, _ = describe_dataset(table)

    assert (dataset.table_version, dataset.rows) == (2, 3)


def test_without_the_package_the_version_is_known_by_its_log(
    table: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    known = describe_dataset(table)[0]
    monkeypatch.setitem(sys.modules, "deltalake", None)

    dataset, files = describe_dataset(table)

    assert (dataset.dvc, dataset.table_version) == (known.dvc, 1)
    assert dataset.committed == known.committed
    assert (dataset.rows, files) == (None, {})
    assert "pip install deltalake" in caplog.text


def test_a_torn_delta_log_is_said_and_does_no_harm(
    table: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (table / "_delta_log" / f"{1:020}.json").write_text("{")

    dataset, _ = describe_dataset(table)

    assert dataset.table_version == 1
    assert "cannot be read as a Delta table" in caplog.text


# arrays


def test_a_sparse_matrix_is_known_by_its_values() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(50, 8, 0.2, random_state=0)

    one = describe_dataset(matrix, "X")[0]

    assert (one.rows, one.columns, one.kind) == (50, 8, "sparse")
    assert one.dvc == describe_dataset(matrix.tocsc(), "X")[0].dvc
    assert one.dvc != describe_dataset(matrix * 2, "X")[0].dvc


def test_a_tensor_is_known_like_the_array_it_is() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(6.0).reshape(3, 2)

    one = describe_dataset(tensor, "X")[0]

    assert one == describe_dataset(np.arange(6, dtype="f4").reshape(3, 2), "X")[0]
    assert describe_dataset(tensor.to(torch.bfloat16), "X")[0].rows == 3
