"""Profiles of columns: exact where that is cheap, in part where it is not, and never a crash."""

from __future__ import annotations

import decimal
import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gitrack.model.profile import ColumnProfile, dump_profile, load_profile
from gitrack.tracking.content import describe_dataset, survey, tables, texts
from gitrack.tracking.content.profiles import Profile, profile_of_frame, profile_of_path


def by_name(profile: Profile) -> dict[str, ColumnProfile]:
    assert profile.table is not None
    return {column.name: column for column in profile.table.columns}


@pytest.fixture
def numbers() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": generator.normal(10, 3, 5000),
            "n": generator.integers(0, 1000, 5000),
            "kind": generator.choice(["a", "b", "c"], 5000, p=[0.6, 0.3, 0.1]),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(5000), "h"),
            "who": [f"person {number}" for number in range(5000)],
        }
    )


def test_numbers_agree_with_pandas(numbers: pd.DataFrame) -> None:
    found = by_name(profile_of_frame(numbers))["x"]

    about = numbers["x"].describe()
    assert found.mean == pytest.approx(about["mean"], rel=1e-6)
    assert found.std == pytest.approx(about["std"], rel=1e-6)
    assert (found.min, found.max) == pytest.approx((about["min"], about["max"]), rel=1e-6)
    assert found.quantiles is not None
    assert found.quantiles[4] == pytest.approx(about["50%"], abs=0.01)
    assert found.histogram is not None
    counted = found.histogram.below + sum(found.histogram.counts) + found.histogram.above
    assert counted == 5000
    first = found.histogram.start + found.histogram.width
    assert found.histogram.below + found.histogram.counts[0] == (numbers["x"] < first).sum()


def test_a_table_has_one_profile_however_it_is_kept(tmp_path: Path, numbers: pd.DataFrame) -> None:
    numbers.to_csv(tmp_path / "t.csv", index=False)
    numbers.to_csv(tmp_path / "t.csv.gz", index=False)
    numbers.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    numbers.to_parquet(tmp_path / "t.parquet", row_group_size=700)
    numbers.to_json(tmp_path / "t.jsonl", orient="records", lines=True, date_format="iso")

    expected = profile_of_frame(numbers).table

    for name in ("t.csv", "t.csv.gz", "t.tsv", "t.parquet"):
        assert profile_of_path(tmp_path / name).table == expected, name
    lines = by_name(profile_of_path(tmp_path / "t.jsonl"))
    assert lines["n"] == by_name(profile_of_frame(numbers))["n"]


def test_the_bytes_are_the_same_each_time_and_are_read_back(numbers: pd.DataFrame) -> None:
    one, other = (profile_of_frame(numbers).table for _ in range(2))
    assert one is not None
    assert other is not None

    data = dump_profile(one)

    assert data == dump_profile(other)
    assert load_profile("data/t.json", data) == one
    assert len(data.splitlines()) == 2 + len(numbers.columns)


def test_few_values_are_named_and_names_of_people_are_not(numbers: pd.DataFrame) -> None:
    found = by_name(profile_of_frame(numbers))

    assert found["kind"].top is not None
    assert [value for value, _ in found["kind"].top] == ["a", "b", "c"]
    assert (found["who"].top, found["who"].distinct) == (None, 5000)
    assert (found["who"].min, found["who"].max) == (None, None)


def test_a_value_that_few_rows_have_is_not_named() -> None:
    frame = pd.DataFrame({"diagnosis": ["common"] * 95 + ["rare"] * 4 + ["x" * 90]})

    assert by_name(profile_of_frame(frame))["diagnosis"].top == [("common", 95)]


def test_how_much_is_told_can_be_set(numbers: pd.DataFrame) -> None:
    less = by_name(profile_of_frame(numbers, "numbers"))
    least = by_name(profile_of_frame(numbers, "off"))

    assert (less["kind"].top, less["kind"].distinct) == (None, 3)
    assert less["x"].mean is not None
    assert least["x"] == ColumnProfile(name="x", type="float64")


def test_a_large_table_is_looked_at_in_part_and_says_so(
    tmp_path: Path, numbers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers.to_parquet(tmp_path / "t.parquet", row_group_size=100)
    numbers.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(tables, "MOST_CELLS", 10_000)
    monkeypatch.setattr(texts, "MOST_TEXT", 65_536)
    monkeypatch.setattr(texts, "_PIECES", 16)
    monkeypatch.setattr(survey, "MOST_KEPT", 10_000)

    for profile in (
        profile_of_frame(numbers),
        profile_of_path(tmp_path / "t.parquet"),
        profile_of_path(tmp_path / "t.csv"),
    ):
        table = profile.table
        assert table is not None
        assert (table.rows, profile.rows) == (5000, 5000)
        assert table.read is not None
        assert 500 < table.read < 4000
        assert by_name(profile)["x"].mean == pytest.approx(10, abs=0.5)


def test_rows_are_drawn_by_lot_and_always_the_same(
    numbers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MOST_KEPT", 10_000)
    # every second row is another: an even stride would see one kind only
    frame = pd.DataFrame({"odd": np.arange(40_000) % 2, "x": np.arange(40_000.0)})

    one, other = profile_of_frame(frame), profile_of_frame(frame)

    assert one == other
    assert one.table is not None
    assert one.table.sampled is not None
    assert 2_000 < one.table.sampled < 5_000
    top = dict(by_name(one)["odd"].top or [])
    assert 0.4 < top[1] / one.table.sampled < 0.6
    assert by_name(one)["odd"].mean == 0.5


def test_odd_columns_are_told_about_as_far_as_they_can_be() -> None:
    frame = pd.DataFrame(
        {
            "nothing": [None] * 6,
            "endless": [np.inf, -np.inf, 1.0, 2.0, np.nan, 3.0],
            "zoned": pd.date_range("2024-01-01", periods=6, tz="Europe/Berlin"),
            "money": [decimal.Decimal("1.10")] * 5 + [None],
            "nested": [{"a": 1}] * 6,
            "mixed": [1, "x", None, 2.5, b"z", ()],
            "lasting": pd.to_timedelta(range(6), "h"),
            "far": np.array(["99999-01-01"] * 6, dtype="M8[s]"),
            "large": [2**63 - 1, -(2**63), 0, 1, 2, 3],
            "huge": [1e308, -1e308, 0, 1, 2, 3],
            "maybe": pd.array([True, None, False, True, True, True], dtype="boolean"),
        }
    )

    found = by_name(profile_of_frame(frame))

    assert (found["nothing"].type, found["nothing"].missing) == ("null", 6)
    assert (found["endless"].infinite, found["endless"].missing) == (2, 1)
    assert (found["endless"].min, found["endless"].max) == (1.0, 3.0)
    assert (found["zoned"].type, found["zoned"].min) == (
        "timestamp[Europe/Berlin]",
        "2023-12-31T23:00:00Z",
    )
    assert (found["money"].min, found["money"].missing) == (1.1, 1)
    assert found["nested"].distinct is None
    assert (found["mixed"].type, found["mixed"].distinct) == ("string", 5)
    assert found["lasting"].max == 18_000.0
    assert (found["large"].min, found["large"].max) == (-(2**63), 2**63 - 1)
    assert (found["maybe"].true, found["maybe"].missing) == (4, 1)
    assert describe_dataset(frame, "odd")[0].columns == 11


@pytest.mark.parametrize(
    ("text", "names", "types"),
    [
        ("a,a,b\n1,2,3\n", ["a", "a", "b"], ["int64", "int64", "int64"]),
        ("a,b\n1,x\ny,2\n", ["a", "b"], ["string", "string"]),
        ("a;b\n1;2\n", ["a", "b"], ["int64", "int64"]),
        ("a\tb\n1\t2.5\n", ["a", "b"], ["int64", "float64"]),
        ("when\n2024-01-01\n", ["when"], ["date"]),
        ("a,b\n,NA\n", ["a", "b"], ["null", "null"]),
    ],
)
def test_headers_and_types_of_csv(
    tmp_path: Path, text: str, names: list[str], types: list[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)

    table = profile_of_path(path).table

    assert table is not None
    assert [column.name for column in table.columns] == names
    assert [column.type for column in table.columns] == types


def test_a_type_that_changes_far_down_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "_AT_ONCE", 10)
    monkeypatch.setattr(texts, "_BLOCK", 512)
    lines = [f"{number},{number},{number}" for number in range(1000)]
    lines[700] = "1.5,x,1"
    lines[900] = '9,9,"two\nlines"'
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b,c", *lines]) + "\n")

    profile = profile_of_path(path)

    assert profile.rows == 1000
    assert [c.type for c in by_name(profile).values()] == ["float64", "string", "string"]


def test_rows_of_another_length_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n1\n1,2,3\n4,5\n")

    table = profile_of_path(path).table

    assert table is not None
    assert (table.rows, table.skipped) == (2, 2)


def test_text_in_another_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"name,n\n" + ("B\u00fccher,1\n" * 5).encode("latin-1"))

    assert by_name(profile_of_path(path))["name"].top == [("B\u00fccher", 5)]


def damaged(tmp_path: Path) -> dict[str, bytes]:
    pd.DataFrame({"a": range(5000)}).to_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    packed = gzip.compress(b"a,b\n1,2\n")
    noise = np.random.default_rng(0).integers(0, 256, 50_000, dtype="u1").tobytes()
    return {
        "cut.parquet": whole[:-20],
        "holes.parquet": whole[:10] + bytes(300) + whole[310:],
        "empty.parquet": b"",
        "noise.csv": noise,
        "noise without nul.csv": noise.replace(b"\0", b""),
        "utf16.csv": "a,b\n1,2\n".encode("utf-16"),
        "cut.csv.gz": packed[:-9],
        "plain.csv.gz": b"a,b\n1,2\n",
        "noise.jsonl": noise,
    }


def test_what_is_not_what_its_name_says_is_identified_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, data in damaged(tmp_path).items():
        path = tmp_path / name
        path.write_bytes(data)

        dataset, files = describe_dataset(path)

        assert dataset.size == len(data)
        assert files == {}
        assert f"{path} has no profile" in caplog.text
    assert "Traceback" not in capfd.readouterr().err


def test_lines_that_are_no_json_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": "x"}\n')

    assert profile_of_path(path).rows == 2


def test_thousands_of_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.zeros((20, 2500))).rename(columns=str)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")

    for profile in (
        profile_of_frame(frame),
        profile_of_path(tmp_path / "t.csv"),
        profile_of_path(tmp_path / "t.parquet"),
    ):
        assert (profile.rows, profile.columns) == (20, 2500)
        assert profile.table is not None
        assert len(profile.table.columns) == tables.MOST_COLUMNS


def test_columns_of_one_name_in_parquet(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], names=["a", "a"])
    pq.write_table(table, tmp_path / "t.parquet")

    found = profile_of_path(tmp_path / "t.parquet").table

    assert found is not None
    assert [column.type for column in found.columns] == ["int64", "string"]


def test_parts_of_one_table_may_have_their_columns_in_another_order(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}).to_parquet(tmp_path / "0.parquet")
    pd.DataFrame({"b": [2.5], "a": [3]}).to_parquet(tmp_path / "1.parquet")
    pd.DataFrame({"a": [4]}).to_parquet(tmp_path / "2.parquet")

    found = by_name(profile_of_path(tmp_path))

    assert (found["a"].min, found["a"].max) == (1, 4)
    assert (found["b"].mean, found["b"].missing) == (1.5, 1)


@pytest.mark.parametrize(
    ("data", "rows", "columns_"),
    [(pd.DataFrame(), 0, 0), (pd.DataFrame({"a": []}), 0, 1), (np.empty((0, 3)), 0, 3)],
)
def test_nothing_is_a_table_too(data: Any, rows: int, columns_: int) -> None:
    dataset, _ = describe_dataset(data, "none")

    assert (dataset.rows, dataset.columns) == (rows, columns_)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.csv")

    with pytest.raises(ValueError, match="neither a file nor a folder"):
        describe_dataset(tmp_path / "p.csv")


def test_without_pyarrow_the_hash_the_names_and_the_lines_remain(
    tmp_path: Path, numbers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers.to_csv(tmp_path / "t.csv", index=False)
    for module in ("pyarrow", "pyarrow.csv", "pyarrow.parquet"):
        monkeypatch.setitem(__import__("sys").modules, module, None)

    dataset, files = describe_dataset(tmp_path / "t.csv")

    assert (dataset.rows, dataset.columns) == (5000, 5)
    assert json.loads(files["data/t.json"])["columns"][0] == {"name": "x"}
