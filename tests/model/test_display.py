"""Strangers' text as a terminal may show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.model.display import cut, day_and_time, lasted, number, plain, safe, size, width


@given(st.text())
def test_what_is_safe_moves_hides_and_reverses_nothing(text):
    shown = safe(text)

    assert all(c.isprintable() or c in "\u200c\u200d" for c in shown)
    assert safe(shown) == shown
    assert "\n" not in shown
    assert safe(text, lines=True).count("\n") == text.count("\n")


def test_control_characters_are_spelled_out():
    assert safe("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\\n"
    assert safe("größe 日本 🚀 it's <b>") == "größe 日本 🚀 it's <b>"


def test_width_counts_columns_of_a_terminal():
    assert width("abc") == 3
    assert width("日本") == 4
    assert width("cafe\u0301") == 4


@given(st.text(), st.integers(1, 30))
def test_cut_text_fits(text, columns):
    assert width(cut(text, columns)) <= columns


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4s"),
        (59.9, "59s"),
        (230.7, "3m 50s"),
        (7500, "2h 05m"),
        (90_000, "1d 01h"),
        (float("inf"), "∞"),
        (float("nan"), "?"),
        (1e300, "∞"),
    ],
)
def test_durations(seconds, text):
    assert lasted(seconds) == text


def test_numbers_sizes_and_times():
    assert [number(value) for value in (3, 0.892, 1e-9, float("nan"))] == [
        "3",
        "0.892",
        "1e-09",
        "nan",
    ]
    assert [size(count) for count in (0, 999, 483_920, 999_990, 16 * 10**9)] == [
        "0 B",
        "999 B",
        "483.9 kB",
        "1.0 MB",
        "16.0 GB",
    ]
    assert day_and_time("2024-10-22T14:30:12.120Z") == "2024-10-22 14:30"
    assert day_and_time("soon") == "soon"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (False, "no"), (0, "0"), (0.1 + 0.2, "0.3"), ("0.30", "0.30")],
)
def test_values_of_tables(value, text):
    assert plain(value) == text
