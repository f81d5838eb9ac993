"""Columns and segments: what goes in comes out, damage is noticed."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.store.index.segment import Damaged, Segment, pack

values = st.one_of(
    st.lists(st.none() | st.floats()),
    st.lists(st.none() | st.integers()),
    st.lists(st.none() | st.integers(-(2**60), 2**60) | st.floats()),
    st.lists(st.none() | st.booleans()),
    st.lists(st.none() | st.text()),
    st.lists(st.none() | st.sampled_from(["adam", "sgd", "a\0b", ""])),
    st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text()),
)


@given(values)
def test_columns_come_back_with_their_types(column: list[object]):
    segment = Segment(pack(len(column), {"x": column}))
    assert list(map(repr, segment.column("x"))) == list(map(repr, column))


@pytest.mark.parametrize(
    ("column", "kind", "dtype"),
    [
        ([1.5, None, 2.0], "number", "float64"),
        ([1, 2, 3], "number", "int64"),
        ([1, 2.5, None], "number", "float64"),
        ([1, None, 3], "number", "float64"),
        ([2**70, 1, 1], "number", "object"),
        ([True, False, True], "bool", "bool"),
        ([True, None, True], "bool", "object"),
        (["a", "b", "a"], "text", "object"),
        (["a", "a", "a"], "text", "object"),
        (["a", 1, None], "mixed", "object"),
        ([True, 1, 1], "mixed", "object"),
    ],
)
def test_kinds_and_arrays(column: list[object], kind: str, dtype: str):
    segment = Segment(pack(3, {"x": column}))
    assert segment.kind("x") == kind
    array = segment.array("x")
    assert array is not None
    assert array.dtype == np.dtype(dtype)
    for value, cell in zip(column, array, strict=True):
        assert cell == value or (value is None and (cell is None or math.isnan(cell)))


def test_whole_numbers_stay_whole_beside_others():
    segment = Segment(pack(3, {"x": [1, 2.0, 3.5]}))
    assert list(map(repr, segment.column("x"))) == ["1", "2.0", "3.5"]


def test_a_column_that_is_not_there_is_missing_everywhere():
    segment = Segment(pack(2, {"x": [1, 2]}))
    assert segment.column("y") == [None, None]
    assert segment.kind("y") is None
    assert segment.array("y") is None


def test_names_that_are_not_utf_8_are_kept():
    assert Segment(pack(1, {"path": ["a\udcff"]})).column("path") == ["a\udcff"]


@pytest.mark.parametrize("data", [b"", b"x", b"gtrkseg1", b"gtrkseg1" + bytes(64)])
def test_foreign_files_are_noticed(data: bytes, tmp_path: Path):
    file = tmp_path / "x.seg"
    file.write_bytes(data)
    with pytest.raises((Damaged, ValueError)):
        Segment.open(file)


def test_every_flipped_byte_is_noticed_or_harmless():
    column: list[str | int | float | bool | None] = [1.5, 2.5]
    data = pack(2, {"x": column, "y": ["a", "b"]})
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        try:
            segment = Segment(bytes(damaged))
            got = (segment.column("x"), segment.column("y"))
        except (Damaged, ValueError):
            continue
        assert got == ([1.5, 2.5], ["a", "b"])  # the byte was padding
