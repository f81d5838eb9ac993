"""Which settings explain a result: the one that does, not the one that only varies."""

import random

import pytest

from gitrack.model.importance import FEWEST, importance


def table(count=60):
    chance = random.Random(3)
    settings = {
        "rate": [chance.uniform(0, 1) for _ in range(count)],
        "kind": [chance.choice(["a", "b", "c"]) for _ in range(count)],
        "noise": [chance.uniform(0, 1) for _ in range(count)],
        "fixed": [400] * count,
        "name": [f"run-{i}" for i in range(count)],
    }
    results = [
        rate + {"a": 0.0, "b": 0.5, "c": 0.1}[kind]
        for rate, kind in zip(settings["rate"], settings["kind"], strict=True)
    ]
    return settings, results


def test_what_makes_the_result_comes_first():
    settings, results = table()

    told = {one.name: one for one in importance(settings, results)}

    assert list(told)[:2] == ["rate", "kind"]
    assert told["rate"].share > 0.5 > told["kind"].share > 0.2
    assert told["noise"].share < 0.15
    assert told["rate"].trend > 0.7
    assert told["kind"].trend is None


def test_a_setting_that_never_varies_or_names_each_run_explains_nothing():
    settings, results = table()

    told = {one.name: one for one in importance(settings, results)}

    assert "fixed" not in told
    assert told["name"].share == 0


def test_one_run_that_blew_up_changes_little():
    settings, results = table()
    before = {one.name: one.share for one in importance(settings, results)}

    results[7] = 1e30
    after = {one.name: one.share for one in importance(settings, results)}

    assert abs(after["rate"] - before["rate"]) < 0.1


def test_runs_without_a_result_or_a_setting_are_no_evidence():
    settings, results = table()
    results[::2] = [None, float("nan")] * 15
    settings["rate"][1] = None

    told = {one.name: one.runs for one in importance(settings, results)}

    assert told == {"rate": 29, "kind": 30, "noise": 30, "name": 30}


def test_what_chance_would_show_is_taken_off():
    kinds = ["a"] * (FEWEST // 2) + ["b"] * (FEWEST // 2)

    (one,) = importance({"kind": kinds}, [float(i) for i in range(FEWEST)])

    # ranks 1 to 8: 42 in all, 5 within each kind, of which 10 / 6 would come by chance between them
    assert one.share == pytest.approx((42 - 10 - 10 / 6) / 42)
    assert one.runs == FEWEST


def test_a_number_at_the_edge_of_two_groups_belongs_to_the_upper_one():
    rates = [float(i // 3) for i in range(24)]

    (one,) = importance({"rate": rates}, [float(rate == 0) for rate in rates])

    assert one.share == pytest.approx(1)


def test_equal_values_and_results_share_a_rank():
    stats = pytest.importorskip("scipy.stats")
    rates = [1, 1, 2, 2, 2, 3, 4, 4, 5, 5]
    results = [0.1, 0.2, 0.2, 0.2, 0.4, 0.3, 0.3, 0.5, 0.5, 0.1]

    (one,) = importance({"rate": rates}, results)

    assert one.trend == pytest.approx(stats.spearmanr(rates, results).statistic)


def test_with_few_runs_nothing_is_said():
    few = FEWEST - 1

    assert importance({"rate": list(range(few))}, [float(i) for i in range(few)]) == ()
    assert importance({"rate": list(range(9))}, [1.0] * 9) == ()
