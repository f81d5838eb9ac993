"""Orders: missing and NaN last either way, ties by the newest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.errors import InvalidFilter
from gitrack.model.query import parse_order
from tests.model.query.tables import NAN, RUNS, Columns


def order(order_by: str | list[str] | None) -> str:
    ids = RUNS.column("id")
    return "".join(ids[row] for row in parse_order(order_by).sort(RUNS, range(RUNS.rows)))


@pytest.mark.parametrize(
    ("order_by", "ids"),
    [
        (None, "cbad"),
        ("", "cbad"),
        ([], "cbad"),
        ("metrics.auc desc", "adbc"),
        ("metrics.auc", "dabc"),
        ("metrics.auc.max DESC", "adbc"),
        ("attributes.start_time ASC", "dabc"),
        (["start_time asc"], "dabc"),
        ("experiment, name desc", "abcd"),
        (["experiment desc", "params.`max_depth` DESC"], "dcba"),
        ("params.lr", "abdc"),
        ("status, started", "bdac"),
        ('tags."a b", run name', "adcb"),
        ("duration desc", "abcd"),
    ],
)
def test_orders(order_by, ids):
    assert order(order_by) == ids


@pytest.mark.parametrize("text", ["metrics.auc descc", "a,,b", "!", "a b c"])
def test_an_order_that_means_nothing_is_refused(text):
    with pytest.raises(InvalidFilter, match=r"(?s)cannot be understood here.*\^"):
        parse_order(text)


def test_a_bare_key_must_be_known():
    with pytest.raises(InvalidFilter, match="no run has"):
        order("zzzz")


@given(
    st.lists(
        st.one_of(st.none(), st.floats(), st.integers(-5, 5), st.text(max_size=3)), min_size=1
    ),
    st.booleans(),
)
def test_what_is_missing_or_not_a_number_is_last(cells, descending):
    table = Columns(
        {
            "id": [f"{at:03}" for at in range(len(cells))],
            "started": ["2026-01-01T00:00:00.000Z"] * len(cells),
            "params.x": [*cells],
        }
    )

    rows = parse_order("params.x desc" if descending else "params.x").sort(table, range(len(cells)))

    assert sorted(rows) == list(range(len(cells)))
    rank = [2 if cells[row] is None else 1 if cells[row] != cells[row] else 0 for row in rows]
    assert rank == sorted(rank)
    numbers = [cells[row] for row in rows if isinstance(cells[row], int | float)]
    numbers = [number for number in numbers if number == number]
    assert numbers == sorted(numbers, reverse=descending)


def test_nan_stands_before_missing():
    table = Columns({"id": ["a", "b", "c"], "started": ["", "", ""], "metrics.m": [None, NAN, 1.0]})

    assert parse_order("metrics.m desc").sort(table, [0, 1, 2]) == [2, 1, 0]
