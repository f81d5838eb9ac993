"""Data sets are identified as DVC would, and described as far as that is cheap."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gitrack.errors import UsageError
from gitrack.tracking.content import describe_dataset, fingerprints
from gitrack.tracking.content.fingerprints import frame_digest
from gitrack.tracking.content.profiles import profile_of_path
from gitrack.tracking.content.texts import count_lines
from gitrack.tracking.content.tracked import recorded


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "carrier": ["AA", None, "UA"],
            "delay": [1.5, np.nan, -2.0],
            "flight": [1, 2, 3],
            "day": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
            "late": [True, False, True],
        }
    )


def test_a_csv_file(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "data/flights.csv"
    path.parent.mkdir()
    frame.to_csv(path, index=False)

    dataset, files = describe_dataset(path, role="train", version="v1", root=tmp_path)

    assert (dataset.name, dataset.role, dataset.version) == ("flights", "train", "v1")
    assert (dataset.path, dataset.uri) == ("data/flights.csv", None)
    assert dataset.dvc == "md5:" + hashlib.md5(path.read_bytes()).hexdigest()
    assert (dataset.rows, dataset.columns, dataset.size) == (3, 5, path.stat().st_size)
    columns = json.loads(files["data/flights-train.json"])["columns"]
    assert [column["name"] for column in columns] == list(frame.columns)


def test_a_parquet_file_and_a_folder_of_them(tmp_path: Path, frame: pd.DataFrame) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    for number in range(2):
        frame.to_parquet(parts / f"{number}.parquet", index=False)

    one, files = describe_dataset(str(parts / "0.parquet"))
    both, _ = describe_dataset(parts)

    assert (one.rows, one.columns) == (3, 5)
    flight = json.loads(files["data/0.json"])["columns"][2]
    assert (flight["name"], flight["type"], flight["distinct"]) == ("flight", "int64", 3)
    assert flight["quantiles"] == [1, 1, 1, 1, 2, 3, 3, 3, 3]
    assert (both.rows, both.columns) == (6, 5)
    assert (both.dvc or "").endswith(".dir")


@pytest.mark.parametrize(
    ("text", "rows", "columns"),
    [
        ("a,b\n1,2\n", 1, 2),
        ("a,b\n1,2", 1, 2),
        ("a,b\r\n1,2\r\n\r\n\r\n", 1, 2),
        ("a,b\n", 0, 2),
        ("", 0, 0),
        ('a,b\n"two\nlines",2\n"say ""x""\n",3\n', 2, 2),
        ("a;b;c\n1;2;3\n", 1, 3),
        ('\ufeff"a","b"\n1,2\n', 1, 2),
    ],
)
def test_lines_of_csv(tmp_path: Path, text: str, rows: int, columns: int) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode())

    got = profile_of_path(path)

    assert (got.rows, got.columns) == (rows, columns)


def test_quotes_across_chunks_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitrack.tracking.content.texts._BLOCK", 3)
    path = tmp_path / "x.csv"
    path.write_text('a,b\n"1\n2\n3",2\n4,"5\n"\n')

    assert count_lines(path) == 3


def test_other_files_are_hashed_and_a_wrong_name_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"\0" * 10)
    (tmp_path / "fake.parquet").write_text("not parquet")
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n{"a": 2}\n')

    assert describe_dataset(tmp_path / "weights.bin")[0].size == 10
    assert describe_dataset(tmp_path / "fake.parquet")[0].rows is None
    assert describe_dataset(tmp_path / "log.jsonl")[0].rows == 2


def test_paths_outside_the_repository_are_not_recorded(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (root / "linked.csv").symlink_to(tmp_path / "outside.csv")

    assert describe_dataset(tmp_path / "outside.csv", root=root)[0].path is None
    assert describe_dataset(root / "linked.csv", root=root)[0].path == "linked.csv"
    assert describe_dataset((root / "linked.csv").as_uri(), root=root)[0].path == "linked.csv"


def test_a_uri_is_taken_as_it_is_but_for_its_credentials() -> None:
    dataset, files = describe_dataset("https://ada:pw@example.com/v1/flights.parquet?sig=x")

    assert (dataset.name, dataset.uri) == ("flights", "https://example.com/v1/flights.parquet")
    assert (dataset.dvc, files) == (None, {})


def test_a_frame_is_identified_by_its_values(frame: pd.DataFrame) -> None:
    dataset, files = describe_dataset(frame, "train set!", role="train")

    assert (dataset.rows, dataset.columns) == (3, 5)
    assert dataset.dvc == f"frame-md5:{frame_digest(frame)}"
    columns = json.loads(files["data/train-set-train.json"])["columns"]
    assert columns[1].pop("histogram")["counts"][0] == 1
    assert columns[1] == {
        "name": "delay", "type": "float64", "missing": 1,
        "distinct": 2, "min": -2.0, "max": 1.5, "mean": -0.25, "std": 2.474874,
        "quantiles": [-2.0, -2.0, -2.0, -2.0, -2.0, 1.5, 1.5, 1.5, 1.5],
    }  # fmt: skip


def test_the_digest_of_a_frame_is_what_the_docs_say_it_is() -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, None]})
    digest = hashlib.md5(b"gitrack-frame-1\n")
    digest.update(b'["n", "int", 2]\n' + np.array([1, 2], dtype="<i8").tobytes())
    digest.update(b'["x", "float", 2]\n' + np.array([0.5, np.nan], dtype="<f8").tobytes())

    assert frame_digest(frame) == digest.hexdigest()
    # this value must never change: data sets of earlier runs are known by it
    assert frame_digest(pd.DataFrame({"a": ["x", None, "\u00fc"]})) == (
        "03adb6c0f49fcedcbec30937900f916a"
    )


def test_equal_values_have_equal_digests_and_others_do_not(frame: pd.DataFrame) -> None:
    known = frame_digest(frame)
    same = [
        frame.copy(),
        frame.astype({"flight": "int32"}),
        frame.astype({"carrier": object}),
        frame.astype({"carrier": "category"}),
        frame.astype({"day": "datetime64[s]"}),
    ]
    others = [
        frame.iloc[::-1],
        frame[["delay", "carrier", "flight", "day", "late"]],
        frame.rename(columns={"delay": "dep_delay"}),
        frame.assign(flight=[1, 2, 4]),
        frame.fillna({"carrier": ""}),
        frame.set_index("flight"),
        frame.head(2),
    ]

    assert {frame_digest(other) for other in same} == {known}
    assert len({known, *(frame_digest(other) for other in others)}) == len(others) + 1


def test_odd_columns_have_a_digest_too() -> None:
    frame = pd.DataFrame({"lists": [[1], [2]], 7: [{"a": 1}, None], "mixed": [1, "x"]})

    assert frame_digest(frame) == frame_digest(frame.copy())
    assert describe_dataset(frame, "odd")[0].columns == 3


def test_arrays() -> None:
    array = np.arange(6.0).reshape(3, 2)

    one, _ = describe_dataset(array, "X")
    assert (one.rows, one.columns, one.size) == (3, 2, 48)
    assert one.dvc == describe_dataset(array.astype(">f8"), "X")[0].dvc
    assert one.dvc == describe_dataset(np.asfortranarray(array), "X")[0].dvc
    assert one.dvc != describe_dataset(array.reshape(2, 3), "X")[0].dvc


@pytest.mark.parametrize(
    ("data", "options", "why"),
    [
        ("no/such/file.csv", {}, "does not exist"),
        (pd.DataFrame({"a": [1]}), {}, "has no name"),
        (7, {"name": "x"}, "not a table"),
        ("s3://b/x", {"name": " "}, "name of a data set is ' '"),
        ("s3://b/x", {"role": 3}, "role of a data set is 3"),
        (np.float64(1), {"name": "x"}, "not a data set"),
    ],
)
def test_misuse_is_refused(data: object, options: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        describe_dataset(data, **options)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no files"):
        describe_dataset(tmp_path)


def dvc(folder: Path, *arguments: str) -> None:
    script = "import sys; from dvc.cli import main; sys.exit(main(sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, check=True, capture_output=True
    )


@pytest.fixture
def dvc_project(repo: Path) -> Path:
    dvc(repo, "init", "-q")
    return repo


def test_real_dvc_gives_the_same_md5s(dvc_project: Path) -> None:
    folder = dvc_project / "data"
    for name in ("a.b/\u00e9 x.txt", "a/z.csv", "a-1", "deep/er/still/x", ".hidden"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}\r\n")
    (dvc_project / "one.csv").write_text("a,b\n1,2\n")
    dvc(dvc_project, "add", "-q", "data", "one.csv")

    for name in ("data", "one.csv"):
        pointer = (dvc_project / f"{name}.dvc").read_text()
        dataset, _ = describe_dataset(dvc_project / name)
        assert f"md5: {(dataset.dvc or '').removeprefix('md5:')}\n" in pointer
        assert f"size: {dataset.size}\n" in pointer


def test_a_pointer_is_believed_only_while_it_speaks_of_this_file(
    dvc_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "_BELIEVE_FROM", 1)
    monkeypatch.setattr(fingerprints, "_SAMPLE", 4)
    path = dvc_project / "big.csv"
    path.write_text("a,b\n" + "1,2\n" * 100)
    dvc(dvc_project, "add", "-q", "big.csv")
    true = hashlib.md5(path.read_bytes()).hexdigest()
    with monkeypatch.context() as patched:
        patched.setattr(fingerprints, "_hashed", lambda _: pytest.fail("hashed"))
        assert fingerprints.fingerprint(path, recorded(path)).md5 == true

    # as after `git checkout` of a branch with other data: same size, older than its pointer
    other = "a,b\n" + "3,4\n" * 100
    path.unlink()
    path.write_text(other)
    os.utime(path, (1_000_000, 1_000_000))

    assert describe_dataset(path)[0].dvc == "md5:" + hashlib.md5(other.encode()).hexdigest()
    assert describe_dataset(path)[0].changed
