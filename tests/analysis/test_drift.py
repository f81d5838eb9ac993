"""Drift is found where it is, is none where there is only chance, and never believes a profile."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp

from gitrack.analysis.drift import ColumnDrift, TableDrift, by_chance, drift, stability
from gitrack.errors import UnreadableFile
from gitrack.model.profile import TableProfile, load_profile
from gitrack.tracking.content.profiles import profile_of_frame

GENERATOR = np.random.default_rng(0)


def profile(**columns: object) -> TableProfile:
    table = profile_of_frame(pd.DataFrame(columns)).table
    assert table is not None
    return table


def one_column(before: object, after: object) -> ColumnDrift:
    (found,) = drift(profile(x=before), profile(x=after)).columns
    return found


def normal(mean: float = 0, rows: int = 20_000) -> np.ndarray:
    return GENERATOR.normal(mean, 1, rows)


def test_the_index_is_what_its_definition_says() -> None:
    assert stability([0.5, 0.5], [0.5, 0.5]) == 0
    assert stability([0.5, 0.5], [0.25, 0.75]) == pytest.approx(
        -0.25 * np.log(0.5) + 0.25 * np.log(1.5)
    )
    assert 0 < stability([1.0, 0.0], [0.0, 1.0]) < float("inf")


def test_what_chance_does_is_a_quantile_of_chi_square() -> None:
    for bins in (2, 5, 11):
        expected = chi2.ppf(0.95, bins - 1) * (1 / 300 + 1 / 500)
        assert by_chance(bins, 300, 500) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("shift", "level"), [(0, "none"), (0.1, "small"), (0.4, "moderate"), (0.7, "large")]
)
def test_a_shift_of_numbers(shift: float, level: str) -> None:
    before, after = normal(), normal(shift)

    found = one_column(before, after)

    assert found.level == level
    assert found.measure == "Kolmogorov-Smirnov"
    assert found.distance == pytest.approx(ks_2samp(before, after).statistic, abs=0.02)


def test_equal_tables_have_not_drifted() -> None:
    x = normal()

    found = one_column(x, x)

    assert (found.psi, found.distance, found.level, found.why) == (0, 0, "none", [])


def test_halves_of_small_tables_differ_by_chance_only() -> None:
    levels = [one_column(normal(rows=150), normal(rows=150)).level for _ in range(60)]

    assert levels.count("none") > 50


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (np.full(1000, 5.0), np.full(1000, 5.1)),
        (np.full(1000, 2013), np.full(1000, 2014)),
        (np.zeros(1000), normal(3, 1000)),
        (normal(rows=1000), normal(1000, 1000)),
        (normal(rows=1000), normal(rows=1000) * 1e6),
        (normal(rows=1000) * 1e-6, normal(rows=1000)),
    ],
)
def test_numbers_of_which_nothing_is_left(before: object, after: object) -> None:
    found = one_column(before, after)

    assert found.level == "large"
    assert (found.distance or 0) > 0.35


def test_categories() -> None:
    before = GENERATOR.choice(["a", "b", "c"], 10_000, p=[0.6, 0.3, 0.1])
    after = GENERATOR.choice(["a", "b", "d"], 10_000, p=[0.2, 0.3, 0.5])

    found = one_column(before, after)

    shares = [[np.mean(values == name) for name in "abcd"] for values in (before, after)]
    assert (found.level, found.measure) == ("large", "Jensen-Shannon")
    assert found.distance == pytest.approx(jensenshannon(*shares, base=2), abs=1e-4)
    assert found.why[0].startswith("d 0.0% → ")


def test_missing_values_are_drift_too() -> None:
    names = pd.Series([f"name {number}" for number in range(5000)])

    found = one_column(names, names.mask(names.index < 2000))

    assert found.level == "large"
    assert found.why[0] == "missing 0.0% → 40.0%"


def test_moments_and_truths() -> None:
    days = pd.date_range("2024-01-01", periods=5000, freq="h")
    found = one_column(days, days + pd.Timedelta("400D"))
    assert found.level == "large"
    assert found.why[0] == "median 2024-04-14T03:00:00 → 2025-05-19T03:00:00"

    rain = GENERATOR.random(5000)
    assert one_column(rain < 0.1, rain < 0.5).level == "large"
    assert one_column(rain < 0.5, rain < 0.5).level == "none"


def test_columns_that_came_went_or_changed_their_type_come_first() -> None:
    x = normal(rows=500)
    before = profile(x=x, gone=x, kind=x)
    after = profile(x=x + 9, new=x, kind=[str(value) for value in x])

    found = drift(before, after)

    assert [(column.name, column.change) for column in found.columns] == [
        ("gone", "removed"),
        ("kind", "retyped"),
        ("new", "added"),
        ("x", "same"),
    ]
    assert [column.name for column in found.drifted] == ["x"]
    assert len(found.schema_changes) == 3


def test_two_columns_of_one_name_are_compared_by_their_order() -> None:
    text = '{"rows": 1, "columns": [{"name": "a", "type": "x"}, {"name": "a", "type": "y"}]}'
    table = load_profile("data/t.json", text.encode())

    assert [column.name for column in drift(table, table).columns] == ["a", "a#2"]


def test_nothing_is_said_of_tables_without_a_profile() -> None:
    assert drift(TableProfile(rows=3), profile(x=[1])).columns == []


HOSTILE = [
    '{"start": 1e300, "width": 1e-300, "counts": [1]}',
    '{"start": -1e18, "width": 0.0009765625, "counts": [1, 1]}',
    '{"start": 0, "width": 4.49423283715579e307, "counts": [1, 1]}',
    '{"start": 0.3, "width": 0.5, "counts": [1, 1]}',
    '{"start": 0, "width": -1, "counts": [1, 1]}',
    '{"start": 0, "width": 3, "counts": [1, 1]}',
    '{"start": 0, "width": 1, "counts": []}',
    '{"start": 0, "width": 1, "counts": [0]}',
    f'{{"start": 0, "width": 1, "counts": {json.dumps([1] * 5000)}}}',
]


def test_profiles_that_gitrack_would_not_write_do_no_harm() -> None:
    others = [
        '{"rows": 5, "columns": [{"name": "a", "missing": 9, "top": [["x", 0]], "distinct": 1}]}',
        '{"rows": 5, "columns": [{"name": "a", "true": 7}]}',
        '{"rows": 5, "columns": [{"name": "a", "quantiles": ["x"], "min": "x", "distinct": 3}]}',
    ]
    texts = [f'{{"columns": [{{"name": "a", "histogram": {text}}}]}}' for text in HOSTILE]
    tables = [load_profile("data/t.json", text.encode()) for text in [*texts, *others]]

    for one, other in itertools.product(tables, tables):
        assert isinstance(drift(one, other), TableDrift)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"columns": [{"type": "no name"}]}',
        '{"columns": [{"name": "a", "true": -1}]}',
        '{"rows": 99999999999999999999, "columns": []}',
        '{"columns":' + "[" * 50_000,
    ],
)
def test_what_is_no_profile_is_named(text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"data/t\.json"):
        load_profile("data/t.json", text.encode())
