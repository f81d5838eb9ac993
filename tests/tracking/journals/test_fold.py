"""Journals folded by columns say what they say when they are read point by point."""

from __future__ import annotations

import heapq
import json
import math
from array import array
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.model.history import History
from gitrack.tracking.ending.steps import _fits_float32
from gitrack.tracking.journals.fold import Folded, fold
from gitrack.tracking.journals.journal import MAGIC, DamagedJournal, Journal, MetricSet, read

BEGIN = 5

numbers = (
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1, 2**24 + 1, 2**63 - 1, 1e-40])
    | st.floats()
    | st.integers(-(2**63), 2**63 - 1)
)
sets = st.tuples(
    st.none() | st.integers(-3, 6) | st.sampled_from([-(2**63), 2**63 - 1]),
    st.dictionaries(st.sampled_from("abc"), numbers, min_size=1),
    st.integers(1, 12) | st.just(2**62),
    st.sampled_from([1, 1, 1, 2, 9, 10, 41, 90]),
    st.booleans(),
)
processes = st.lists(st.lists(sets, max_size=6), min_size=1, max_size=3)


def journal_of(number: int, logged: list[tuple]) -> Journal:
    kind = "join" if number else "start"
    hello = {"kind": kind, "id": "r", "name": "n", "experiment": "e", "time": BEGIN}
    journal = Journal(None, f"owner-{number}", lambda: hello)
    for step, metrics, when, times, noted in logged:
        for again in range(times):
            later = step if step is None or step > 2**40 else step + again
            journal.metrics(metrics, later, when)
        if noted:
            journal.kept.append(event_record({"kind": "notes", "time": when, "text": f"{number}"}))
    return journal


def event_record(event: dict[str, object]) -> bytes:
    text = json.dumps(event).encode()
    return b"J" + len(text).to_bytes(4, "little") + text


def parts(journal: Journal, cut: int) -> list[bytes]:
    """Two segments, as after a disk that was full for a while."""
    cut = max(1, cut % (len(journal.kept) + 1))
    return [MAGIC + b"".join(part) for part in (journal.kept[:cut], journal.kept[cut:])]


class Reference:
    """The same by one object a point."""

    def __init__(self, streams: list[list[bytes]]) -> None:
        self.metrics: dict[str, float] = {}
        self.notes: str | None = None
        self.last_step: int | None = None
        self.last = 0
        cells = []
        for _, item in heapq.merge(*map(self.stamped, streams), key=itemgetter(0)):
            if not isinstance(item, MetricSet):
                self.notes = item.get("text", self.notes)
                self.last = max(self.last, item["time"])
                continue
            self.last = max(self.last, item.time)
            self.metrics.update(zip(item.shape.names, item.values, strict=True))
            if item.step is not None:
                self.last_step = item.step
                for name, value in zip(item.shape.names, item.values, strict=True):
                    cells.append((item.step, (item.time - BEGIN) / 1e9, name, value))
        self.rows(sorted(cells, key=itemgetter(0, 1)))

    @staticmethod
    def stamped(segments):
        latest = 0
        for item in read(segments):
            latest = max(latest, item.time if isinstance(item, MetricSet) else item["time"])
            yield latest, item

    def rows(self, cells: list[tuple]) -> None:
        found: list[tuple[int, float, dict[str, float]]] = []
        for step, time, name, value in cells:
            for there, _, row in found:
                if there == step and name not in row:
                    row[name] = value
                    break
            else:
                found.append((step, time, {name: value}))
        names = sorted({cell[2] for cell in cells})
        self.steps = [row[0] for row in found]
        self.times = [row[1] for row in found]
        self.columns = {name: [row[2].get(name) for row in found] for name in names}

    def extremes(self, name: str) -> tuple[int, int] | None:
        low = high = None
        column = self.columns[name]
        for row, value in enumerate(column):
            if value is None or math.isnan(value):
                continue
            low = row if low is None or value < column[low] else low
            high = row if high is None or value > column[high] else high
        return None if low is None or high is None else (low, high)

    def sample(self, rows: int) -> list[int]:
        """The rows of a sample."""
        total = len(self.steps)
        kept = {0, total - 1}.union(*(self.extremes(name) or () for name in self.columns))
        logged = []
        for column in self.columns.values():
            held = [row for row in range(total) if column[row] is not None]
            kept.update((held[0], held[-1]))
            if held not in logged:
                logged.append(held)
        room = rows - len(kept)
        rarest_first = sorted((held for held in logged if len(held) < total), key=len)
        for waiting, held in zip(range(len(rarest_first), 0, -1), rarest_first, strict=True):
            others = [row for row in held if row not in kept]
            share = max(0, min(room // (waiting + 1), len(others)))
            kept.update([others[place * len(others) // share] for place in range(share)])
            room -= share
        others = [row for row in range(total) if row not in kept]
        room = max(0, min(room, len(others)))
        return sorted(kept.union(others[place * len(others) // room] for place in range(room)))


def folded_of(streams: list[list[bytes]]) -> Folded:
    return fold(None, [(f"owner-{n}", data) for n, found in enumerate(streams) for data in found])


@given(processes, st.integers(0, 40), st.integers(1, 60))
def test_columns_and_points_agree(logged, cut, rows):
    streams = [parts(journal_of(number, found), cut) for number, found in enumerate(logged)]
    expected = Reference(streams)

    folded = folded_of(streams)
    history = folded.history()

    assert repr(folded.metrics) == repr(expected.metrics)
    assert (folded.notes, folded.last, folded.last_step) == (
        expected.notes,
        expected.last,
        expected.last_step,
    )
    assert list(history.steps) == expected.steps
    assert list(history.times) == expected.times
    found = {name: list(column) for name, column in history.columns.items()}
    assert repr(found) == repr(expected.columns)

    curves = history.curves()
    for name, column in expected.columns.items():
        assert curves[f"{name}.count"] == sum(value is not None for value in column)
        low, high = expected.extremes(name) or (None, None)
        if low is None:
            assert f"{name}.min" not in curves
            continue
        assert repr(curves[f"{name}.min"]) == repr(column[low])
        assert repr(curves[f"{name}.max"]) == repr(column[high])
        assert curves[f"{name}.min_step"] == expected.steps[low]
        assert curves[f"{name}.max_step"] == expected.steps[high]

    sample = history.thin(rows)
    kept = expected.sample(rows) if len(history) > rows else range(len(history))
    assert list(sample.steps) == [expected.steps[row] for row in kept]
    assert repr(list(map(list, sample.columns.values()))) == repr(
        [[column[row] for row in kept] for column in expected.columns.values()]
    )
    plain = History(steps=expected.steps, times=expected.times, columns=expected.columns)
    assert history.to_tsv() == plain.to_tsv()


@given(st.lists(st.none() | numbers, max_size=6))
def test_a_column_is_short_only_where_seven_digits_survive(column):
    def survives(value):
        if value is None or value == 0 or not math.isfinite(value):
            return True
        if isinstance(value, int) and abs(value) > 2**24:
            return False
        return 1.2e-38 < abs(value) < 3.0e38

    assert _fits_float32(column) == all(map(survives, column))
    floats = array("d", [math.nan if value is None else value for value in column])
    assert _fits_float32(floats) == all(map(survives, floats))


def test_a_long_run_between_others_is_read_whole():
    journal = journal_of(0, [(0, {"a": 1.5}, 7, 3000, True), (0, {"b": 2}, 7, 700, False)])
    history = folded_of([parts(journal, 0)]).history()
    assert list(history.steps) == list(range(3000))
    assert history.curves()["a.count"] == 3000
    assert history.curves()["b.count"] == 700


@pytest.mark.parametrize("time", [2**63, -(2**63) - 1])
def test_an_impossible_time_is_damage(time):
    journal = journal_of(0, [])
    journal.kept.append(event_record({"kind": "notes", "time": time, "text": ""}))
    with pytest.raises(DamagedJournal, match="no time"):
        folded_of([parts(journal, 0)])


def test_a_shape_that_names_a_metric_twice_is_damage():
    shape = b'{"number":0,"names":["a","a"],"types":"dd","has_step":false}'
    record = b"S" + len(shape).to_bytes(4, "little") + shape
    with pytest.raises(DamagedJournal, match="shape"):
        list(read([MAGIC + record]))
