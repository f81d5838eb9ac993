"""A difference is worth what chance leaves of it."""

import math

import pytest

from gitrack.model.against import Side, Span, by_chance_of_training, student, together
from gitrack.model.measure import Measure

AUC, LOSS = Measure("auc"), Measure("loss", "minimize")


def test_replicates_on_both_sides_give_welchs_interval():
    scipy = pytest.importorskip("scipy.stats")
    new, old = (0.81, 0.83, 0.82, 0.80), (0.78, 0.75, 0.77)

    span = by_chance_of_training(Side(new), Side(old))

    interval = scipy.ttest_ind(new, old, equal_var=False).confidence_interval(0.95)
    # degrees of freedom are rounded down: never narrower than the real one
    assert span.low <= interval.low
    assert interval.high <= span.high
    assert span.high - span.low < 1.25 * (interval.high - interval.low)
    assert span.word(AUC) == "better"
    assert span.word(LOSS) == "worse"


@pytest.mark.parametrize("turned", [False, True])
def test_the_wider_side_has_more_to_say_of_the_freedom(turned):
    scipy = pytest.importorskip("scipy.stats")
    wide, narrow = (0.5, 0.9, 0.7), (0.61, 0.62, 0.6, 0.61, 0.62, 0.6, 0.61)
    new, old = (narrow, wide) if turned else (wide, narrow)

    span = by_chance_of_training(Side(new), Side(old))

    exact = scipy.ttest_ind(new, old, equal_var=False)
    assert 2 < exact.df < 3
    error = abs((sum(new) / len(new) - sum(old) / len(old)) / exact.statistic)
    assert span.high - span.low == pytest.approx(2 * error * student(exact.df), rel=1e-6)


def test_a_single_run_is_held_against_the_spread_of_the_other_side():
    old = Side((0.75, 0.77, 0.76, 0.74, 0.78))

    near = by_chance_of_training(Side((0.79,)), old)
    far = by_chance_of_training(Side((0.90,)), old)

    assert near.word(AUC) == "unclear"
    assert far.word(AUC) == "better"
    assert far.low == pytest.approx(0.14 - 2.776 * old.deviation * math.sqrt(1.2))


def test_one_run_each_says_nothing_of_chance():
    assert by_chance_of_training(Side((0.9,)), Side((0.1,))) is None


def test_equal_replicates_differ_for_sure_or_not_at_all():
    same, other = Side((0.5, 0.5)), Side((0.6, 0.6))

    assert by_chance_of_training(other, same) == Span(pytest.approx(0.1), pytest.approx(0.1))
    assert by_chance_of_training(same, same).word(AUC) == "unclear"


def test_what_is_no_number_leaves_it_open():
    span = by_chance_of_training(Side((float("inf"), 1.0)), Side((0.1, 0.2)))

    assert span.word(AUC) == "unknown"


def test_one_doubt_is_enough():
    assert together([]) == "unknown"
    assert together(["unknown", "better"]) == "better"
    assert together(["better", "unclear"]) == "unclear"
    assert together(["better", "worse"]) == "unclear"


@pytest.mark.parametrize("freedom", [1, 2, 10, 30, 40, 60, 120])
def test_students_t_is_exact_where_tables_have_it(freedom):
    stats = pytest.importorskip("scipy.stats")

    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=6e-4)


@pytest.mark.parametrize("freedom", [1, 2.9, 7, 30, 35, 59, 61, 119, 1000])
def test_students_t_is_never_too_small(freedom):
    stats = pytest.importorskip("scipy.stats")
    exact = stats.t.ppf(0.975, freedom)

    assert exact - 1e-3 <= student(freedom) < exact * 3.1
