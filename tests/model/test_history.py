"""Steps of metrics as a table and as text."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.errors import UnreadableFile
from gitrack.model.history import MAX_BYTES, History, Point


def a_history(rows: int, *names: str) -> History:
    return History(
        steps=list(range(rows)),
        times=[n / 10 for n in range(rows)],
        columns={
            name: [math.sin(n * (k + 1) / 50) for n in range(rows)] for k, name in enumerate(names)
        },
    )


def test_points_of_one_step_share_a_row():
    history = History.of(
        [
            Point(1, 2.0, "loss", 0.5),
            Point(0, 1.0, "loss", 0.9),
            Point(1, 2.25, "auc", 0.7),
        ]
    )
    assert history.to_tsv() == "step\ttime\tauc\tloss\n0\t1\t\t0.9\n1\t2\t0.7\t0.5\n"


def test_a_metric_logged_twice_in_a_step_gets_a_second_row():
    history = History.of([Point(3, 2.0, "a", 2), Point(3, 1.0, "a", 1), Point(3, 1.5, "b", 9)])
    assert history.steps == [3, 3]
    assert history.columns == {"a": [1, 2], "b": [9, None]}


def test_histories_of_several_processes_unite():
    first = History.of([Point(0, 0.0, "loss/0", 1.0), Point(1, 1.0, "loss/0", 0.5)])
    second = History.of([Point(1, 1.5, "loss/1", 0.6), Point(1, 1.0, "loss/0", 0.5)])
    both = History.union([first, second])
    assert both.steps == [0, 1]
    assert both.columns == {"loss/0": [1.0, 0.5], "loss/1": [None, 0.6]}


def test_seven_digits_are_kept_and_odd_values_too():
    history = History(
        steps=[0, 1, 2, 3, 4],
        times=[0.12345, None, 1e9, -0.0001, 3],
        columns={"m": [1 / 3, math.nan, math.inf, -math.inf, 12345678]},
    )
    text = history.to_tsv()
    assert text.splitlines()[1:] == [
        "0\t0.123\t0.3333333",
        "1\t\tnan",
        "2\t1000000000\tinf",
        "3\t0\t-inf",
        "4\t3\t1.234568e+07",
    ]
    assert History.from_tsv(text).to_tsv() == text


cells = st.none() | st.floats(width=32) | st.integers(-(10**6), 10**6)


@given(
    st.lists(st.tuples(st.integers(-(10**9), 10**12), cells, cells), max_size=20),
    st.sampled_from([None, 5000]),
)
def test_text_and_table_agree(rows: list[tuple[int, float, float]], sampled: int | None):
    history = History(
        steps=[row[0] for row in rows],
        times=[float(number) for number in range(len(rows))],
        columns={"a b": [row[1] for row in rows], "é": [row[2] for row in rows]},
        sampled_from=sampled,
    )
    text = history.to_tsv()
    again = History.from_tsv(text.encode())
    assert again.steps == history.steps
    assert again.sampled_from == sampled
    assert again.to_tsv() == text
    assert repr(history.rounded()) == repr(again)


def test_curves_say_what_the_steps_said():
    history = History(
        steps=[5, 6, 7, 8],
        times=[0, 1, 2, 3],
        columns={"loss": [0.5, math.nan, 0.2, 0.2], "gone": [math.nan, None, None, None]},
    )
    assert history.curves() == {
        "gone.count": 1,
        "loss.count": 4,
        "loss.max": 0.5,
        "loss.max_step": 5,
        "loss.min": 0.2,
        "loss.min_step": 7,
    }


def test_a_sample_keeps_the_extremes_and_says_so():
    history = a_history(50_000, "a", "b")
    history.columns["a"][31_111] = 7.0
    history.columns["b"][22_222] = -7.0

    sample = history.for_branch()

    assert len(sample) <= 1000
    assert sample.sampled_from == 50_000
    assert (sample.steps[0], sample.steps[-1]) == (0, 49_999)
    for name in ("a", "b"):
        assert min(sample.columns[name]) == min(history.columns[name])
        assert max(sample.columns[name]) == max(history.columns[name])
    assert sample.to_tsv().startswith("# sample of ")
    assert History.from_tsv(sample.to_tsv()).sampled_from == 50_000


def test_a_sample_ends_where_each_metric_ended():
    history = a_history(6001, "loss")
    history.columns["auc"] = [0.5 + step / 20_000 if step % 2 else None for step in range(6001)]
    history.columns["auc"][4001] = 0.99

    sample = history.thin()

    kept = [value for value in sample.columns["auc"] if value is not None]
    assert len(sample) <= 1000
    assert (kept[0], kept[-1]) == (history.columns["auc"][1], history.columns["auc"][5999])


def test_a_metric_of_every_epoch_keeps_its_shape_beside_one_of_every_step():
    history = a_history(50_000, "loss")
    every_epoch = [step / 50_000 if step % 500 == 499 else None for step in range(50_000)]
    history.columns["val_auc"] = every_epoch
    history.columns["val_f1"] = list(every_epoch)

    sample = history.thin()

    assert 990 <= len(sample) <= 1000
    for name in ("val_auc", "val_f1"):
        assert sum(value is not None for value in sample.columns[name]) == 100
    gaps = [b - a for a, b in itertools.pairwise(sample.steps)]
    assert max(gaps) <= 2 * 50_000 / 900  # the other metric is as evenly spread as there is room


def test_metrics_that_never_meet_share_the_room():
    rows = 9000
    history = History(
        steps=list(range(rows)),
        times=[float(row) for row in range(rows)],
        columns={
            name: [float(row) if row % 3 == which else None for row in range(rows)]
            for which, name in enumerate("abc")
        },
    )
    sample = history.thin()
    assert len(sample) <= 1000
    for name in "abc":
        assert sum(value is not None for value in sample.columns[name]) >= 240


def test_a_history_that_fits_is_kept_whole():
    history = a_history(2000, "a")
    assert history.for_branch() is history


def test_many_columns_are_thinned_until_they_fit():
    history = a_history(1500, *(f"metric_{k}" for k in range(60)))
    sample = history.for_branch()
    assert len(sample.to_tsv()) <= MAX_BYTES
    assert sample.sampled_from == 1500
    for name in history.columns:
        assert max(sample.columns[name]) == max(history.columns[name])


def test_names_cannot_break_the_table():
    history = History(steps=[0], times=[0], columns={"a\tb\nc": [1.0]})
    assert list(History.from_tsv(history.to_tsv()).columns) == ["a b c"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the header does not begin with step and time"),
        ("a\tb\n", "line 1: the header"),
        ("step\ttime\ta\ta\n", "line 1: two columns have the same name"),
        ("step\ttime\ta\n0\t0\t1\n1\t1\n", "line 3: 2 cells under 3 headers"),
        ("step\ttime\ta\n0\t0\tx\n", "line 2: 'x' is not a number"),
        ("step\ttime\ta\n0\t0\t1_0\n", "line 2: '1_0' is not a number"),
        ("step\ttime\ta\n0\t0\t1\n1.5\t0\t1\n", "line 3: step '1.5' is not a whole number"),
        ("# sample of 1 of 2 rows\nstep\ttime\ta\n0\t0\t٣\n", "line 3: '٣' is not a number"),
        (b"step\ttime\ta\n0\t0\t\xff\n", "line 2: not UTF-8 text"),
        ("step\ttime\ta\n" + "0\t0\t1\n" * 1_000_000, "too many for a history"),
    ],
)
def test_hostile_tables_are_refused_with_their_line(text: bytes | str, why: str):
    with pytest.raises(UnreadableFile) as caught:
        History.from_tsv(text, name="runs/x/history.tsv")
    assert caught.value.path == "runs/x/history.tsv"
    assert why in caught.value.why


def test_windows_line_ends_are_read():
    assert History.from_tsv("step\ttime\ta\r\n0\t0\t1\r\n").columns == {"a": [1.0]}
