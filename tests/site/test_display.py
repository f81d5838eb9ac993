"""Numbers, times and text as people read them."""

import math

import pytest

from gitrack.site import display


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.8923412, "0.8923"),
        (0.892, "0.892"),
        (12.4, "12.4"),
        (1e-5, "1e-5"),
        (0, "0"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (1234567.0, "1.235e6"),
        (424, "424"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
        (True, "true"),
        (None, "–"),
        (10**400, "∞"),
    ],
)
def test_a_metric_shows_four_digits(value, shown):
    assert display.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.05, "0.05"), (0.1 + 0.2, "0.30000000000000004"), (1e-05, "1e-5"), (2.0, "2"), ("a", "a")],
)
def test_a_param_keeps_every_digit(value, shown):
    assert display.setting(value) == shown


def test_a_column_has_as_many_decimals_as_it_needs():
    assert display.decimals([0.05, 0.044]) == 3
    assert display.decimals([0.8923412, 0.79]) == 4
    assert display.decimals([12.4, 9.876]) == 2
    assert display.decimals([1, 2.0]) == 0
    assert display.decimals([1e-9, 1.5]) is None
    assert display.decimals([math.nan]) == 0


def test_text_that_plays_tricks_is_made_visible():
    assert display.visible("a\u202eb\x07\ud800") == "a⟨U+202E⟩b⟨U+0007⟩⟨U+D800⟩"
    assert display.visible("schön שלום\n\t") == "schön שלום\n\t"


def test_a_console_shows_what_a_terminal_would_in_the_end():
    assert display.terminal("\x1b[31mred\x1b[0m\r\n10%\r20%\r30%\n") == "red\n30%\n"


@pytest.mark.parametrize(
    ("ended", "shown"),
    [
        ("2026-01-01T00:00:04.500Z", "4.5 s"),
        ("2026-01-01T00:03:51Z", "3 min 51 s"),
        ("2026-01-01T02:00:00Z", "2 h"),
        ("2026-01-03T05:00:00Z", "2 d 5 h"),
        ("2025-01-01T00:00:00Z", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_a_duration_has_its_two_largest_units(ended, shown):
    assert display.duration("2026-01-01T00:00:00Z", ended) == shown


def test_times_that_are_none_stay_as_they_are():
    assert display.absolute("2026-01-01T02:00:00+02:00") == "2026-01-01 00:00 UTC"
    assert display.absolute("<soon>") == "<soon>"
    assert display.absolute("0001-01-01T00:00:00+23:00") == "0001-01-01T00:00:00+23:00"


def test_a_mail_address_stays_on_the_branch():
    assert display.person("Jane Smith <jane@example.com>") == "Jane Smith"
    assert display.person("<jane@example.com>") == "jane"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.4009934802, "0.4010"), (0.5, "0.5"), (0.25, "0.25"), (0.99996, "1.000"), (12.0, "12"),
     (0.71598, "0.7160"), (2.0001e-7, "2.000e-7"), (2e-7, "2e-7"), (41.026, "41.03")],
)  # fmt: skip
def test_zeros_at_the_end_stay_where_something_stands_behind_them(value, shown):
    assert display.number(value) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (99_900, "99.9 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_500_000_000_000, "2.5 TB"),
        (None, None),
    ],
)
def test_a_size_has_the_unit_in_which_it_is_short(count, shown):
    assert display.size(count) == shown


def test_no_character_that_plays_tricks_counts_as_printable():
    tricks = [chr(one) for one in range(0x110000) if display._TREACHEROUS.match(chr(one))]

    assert len(tricks) > 2000
    assert not any(one.isprintable() for one in tricks)
    assert all(display.visible(one) == f"⟨U+{ord(one):04X}⟩" for one in tricks)
