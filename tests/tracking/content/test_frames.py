"""Tables and dicts become files that read back as they were."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from gitrack.errors import UsageError
from gitrack.tracking.content import dict_bytes, frame_bytes
from gitrack.tracking.content.datasets import describe_dataset


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"carrier": ["AA", "\u00dcA"], "delay": [1.5, np.nan], "n": [1, 2]})


def test_csv_is_what_a_name_without_suffix_gives(frame: pd.DataFrame) -> None:
    name, data = frame_bytes(frame, "delays")

    assert name == "delays.csv"
    assert data.decode() == "carrier,delay,n\nAA,1.5,1\n\u00dcA,,2\n"


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".json", ".jsonl"])
def test_every_format_reads_back(frame: pd.DataFrame, suffix: str) -> None:
    data = io.BytesIO(frame_bytes(frame, f"t{suffix}")[1])
    back = {
        ".csv": pd.read_csv,
        ".tsv": lambda file: pd.read_csv(file, sep="\t"),
        ".parquet": pd.read_parquet,
        ".json": pd.read_json,
        ".jsonl": lambda file: pd.read_json(file, lines=True),
    }[suffix](data)

    pd.testing.assert_frame_equal(back, frame, check_dtype=False)


def test_an_index_that_says_something_is_kept(frame: pd.DataFrame) -> None:
    named = frame.set_index("carrier")

    assert frame_bytes(named, "t.csv")[1].startswith(b"carrier,delay,n\n")
    assert json.loads(frame_bytes(named, "t.json")[1])[0]["carrier"] == "AA"
    back = pd.read_parquet(io.BytesIO(frame_bytes(named, "t.parquet")[1]))
    assert list(back.index) == ["AA", "\u00dcA"]


def test_columns_rows_series_and_arrays_are_tables() -> None:
    expected = b"a,b\n1,2\n3,4\n"

    assert frame_bytes({"a": [1, 3], "b": [2, 4]}, "t.csv")[1] == expected
    assert frame_bytes([{"a": 1, "b": 2}, {"a": 3, "b": 4}], "t.csv")[1] == expected
    assert frame_bytes(pd.Series([1, 3], name="a"), "t.csv")[1] == b"a\n1\n3\n"
    assert frame_bytes(np.array([[1, 2]]), "t.csv")[1] == b"0,1\n1,2\n"
    assert frame_bytes(np.array([[1, 2]]), "t.parquet")[1].startswith(b"PAR1")


class Arrow:
    """A table that becomes one of Arrow, as those of polars do."""

    def __init__(self, columns: dict[str, object]) -> None:
        self.columns = columns

    def to_arrow(self) -> pa.Table:
        return pa.table(self.columns)

    def to_pandas(self) -> pd.DataFrame:
        raise AssertionError("this would make floats of whole numbers, and moments of days")


@pytest.mark.parametrize("table", [pa.table, Arrow])
def test_tables_of_arrow_and_polars_keep_their_values(table: Callable[..., object]) -> None:
    large = 2**53 + 1  # no float is this number
    columns = {"n": [large, None], "day": [dt.date(2024, 10, 22), None], "ok": [True, None]}

    data = frame_bytes(table(columns), "t.csv")[1]

    assert data.decode() == f"n,day,ok\n{large},2024-10-22,True\n,,\n"
    known, other = (
        describe_dataset(table({"n": [number, None]}), "x") for number in (large, large - 1)
    )
    assert known[0].dvc != other[0].dvc
    small, float_ = table({"n": [1, None]}), pd.DataFrame({"n": [1.0, None]})
    assert describe_dataset(small, "x")[0].dvc == describe_dataset(float_, "x")[0].dvc
    assert json.loads(known[1]["data/x.json"])["columns"][0]["type"] == "int64"


@pytest.mark.parametrize(
    ("table", "name"), [("text", "t.csv"), (7, "t.csv"), ({"a": [1], "b": [1, 2]}, "t.csv")]
)
def test_what_is_no_table_says_so(table: object, name: str) -> None:
    with pytest.raises(UsageError, match="not a table"):
        frame_bytes(table, name)


def test_an_unknown_format_names_the_known_ones(frame: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match=r"'t\.xlsx'; end the name in one of \.csv"):
        frame_bytes(frame, "t.xlsx")


def test_dicts_are_json_or_yaml() -> None:
    content = {
        "a": np.float64(0.5),
        "b": [np.int64(1), None],
        "when": dt.date(2024, 10, 22),
        "where": Path("data/x"),
        "set": {2, 1},
        "no": "no",
    }
    plain = {
        "a": 0.5,
        "b": [1, None],
        "when": "2024-10-22",
        "where": "data/x",
        "set": [1, 2],
        "no": "no",
    }

    assert json.loads(dict_bytes(content, "c.json")) == plain
    assert yaml.safe_load(dict_bytes(content, "c.yaml")) == plain
    assert json.loads(dict_bytes([1, 2], "list")) == [1, 2]


@pytest.mark.parametrize("content", [{"a": object()}, {"f": len}, {(1, 2): 3}])
def test_what_cannot_be_written_says_so(content: object) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        dict_bytes(content, "c.json")
