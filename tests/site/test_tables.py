"""The data of the tables: pieces, what is remembered of them, and the header made of that."""

import json
import math
import re

import pytest

from gitrack.model.history import History
from gitrack.model.measure import Measure
from gitrack.model.run import Code, Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.tables import chunks
from gitrack.site.tables.head import head
from gitrack.site.tables.sparks import LEVELS, spark, sparks
from gitrack.site.tables.summary import decimals, merged, summary

PLACE = "data/tables/all"


def run(number, **fields):
    known = {"name": f"run {number}", "experiment": "e", "started": "2026-01-01T00:00:00.000Z"}
    return Run(id=f"r{number}", **{**known, **fields})


def table(*pieces):
    """The files of a table and its header."""
    made = [chunks.chunk(PLACE, n, runs, {}) for n, runs in enumerate(pieces)]
    files = {path: data.decode("ascii") for one, _ in made for path, data in one.items()}
    notes = [note for _, note in made]
    text = head(
        PLACE,
        notes,
        metrics=["auc"],
        measure=Measure("auc", "maximize"),
        goals=Goals(),
        all_runs=False,
    ).decode()
    found = json.loads(text.removeprefix("gitrack.tables.head(").removesuffix(");\n"))
    return files, found, {column["name"]: column for column in found["columns"]}


def values(files, found, name):
    """A column as the page puts it together."""
    place = [column["name"] for column in found["columns"]].index(name)
    cells = []
    for number, (count, layout, _) in enumerate(found["chunks"]):
        blocks = found["layouts"][layout]
        block = next((n for n, columns in enumerate(blocks) if place in columns), None)
        if block is None:
            cells += [None] * count
            continue
        text = files[f"{PLACE}/{number}-{block}.js"]
        packed = json.loads(re.sub(r"^.*?,\d+,\d+,(\[.*\])\);\n$", r"\1", text))
        cells += unpacked(packed[blocks[block].index(place)], count)
    return cells


def unpacked(column, count):
    """The cells of a column of one piece."""
    if column is None:
        return [None] * count
    if isinstance(column, list):
        return column
    if "r" in column:
        there = dict(zip(column["r"], unpacked(column["p"], len(column["r"])), strict=True))
        return [there.get(row) for row in range(count)]
    if "t" in column:
        codes = column.get("c", [0] * count)
        return [None if code < 0 else column["t"][code] for code in codes]
    return column["v"]


def test_every_value_comes_back_whatever_piece_it_is_in(monkeypatch):
    monkeypatch.setattr(chunks, "_CELLS", 8)
    older = [run(n, params={"lr": n / 4, "kind": "a"}, metrics={"auc": 0.5 + n}) for n in range(3)]
    newer = [run(3, params={"kind": "b", "deep": True}), run(4, tags={"team": "x"})]

    files, found, _ = table(older, newer)

    assert found["rows"] == 5
    assert values(files, found, "id") == ["r0", "r1", "r2", "r3", "r4"]
    assert values(files, found, "params.lr") == [0.0, 0.25, 0.5, None, None]
    assert values(files, found, "params.kind") == ["a", "a", "a", "b", None]
    assert values(files, found, "params.deep") == [None, None, None, True, None]
    assert values(files, found, "metrics.auc") == [0.5, 1.5, 2.5, None, None]
    assert values(files, found, "tags.team") == [None, None, None, None, "x"]


def test_numbers_that_json_has_not_are_words_of_javascript():
    runs = [run(n, metrics={"auc": v}) for n, v in enumerate([math.nan, math.inf, -math.inf, 1])]

    files, found, columns = table(runs)

    cells = values(files, found, "metrics.auc")
    assert math.isnan(cells[0])
    assert cells[1:] == [math.inf, -math.inf, 1]
    assert columns["metrics.auc"]["best"] == 1.0


def test_a_float_that_looks_whole_is_told_from_a_whole_number():
    files, _, _ = table([run(0, params={"a": 6.0, "b": 6.0}), run(1, params={"a": 7.5, "b": 6})])

    assert '{"v":[6.0,7.5],"f":1}' in files[f"{PLACE}/0-1.js"]
    assert '{"v":[6.0,6],"f":[0]}' in files[f"{PLACE}/0-1.js"]


def test_what_few_runs_have_takes_no_room_for_the_others():
    runs = [run(n, params={f"own{n}": float(n), "all": n}) for n in range(100)]
    runs[7] = run(7, params={"own7": 7.0, "all": 7, "word": "a"}, tags={"odd": "b"})
    runs[9] = run(9, params={"own9": 9.5, "all": 9, "word": "a"})

    files, found, columns = table(runs)

    assert values(files, found, "params.own7") == [None] * 7 + [7.0] + [None] * 92
    assert [n for n, word in enumerate(values(files, found, "params.word")) if word] == [7, 9]
    assert values(files, found, "tags.odd")[7] == "b"
    assert values(files, found, "params.all") == list(range(100))
    assert columns["params.word"]["count"] == 2
    whole = "".join(files.values())
    assert '{"r":[7],"p":{"v":[7.0],"f":1}}' in whole
    assert whole.count("null") < 10  # columns in which no run has anything


def test_no_text_ends_a_script():
    attack = "</script><script>alert(1)</script>\u2028&\u202e\ud800"

    files, _, _ = table([run(n, name=attack, params={attack: attack}) for n in range(2)])

    assert all(text.isascii() and not re.search("[<>&]", text) for text in files.values())


def test_whole_numbers_beyond_those_of_javascript_stay_what_they_are():
    files, found, columns = table([run(0, params={"big": 2**60}), run(1, params={"big": 1})])

    assert values(files, found, "params.big") == [str(2**60), 1]
    assert not columns["params.big"].get("number")


def test_what_is_the_same_everywhere_starts_hidden():
    def some(n):
        return run(n, params={"lr": n / 10, "depth": 6, "half": 1}, metrics={"auc": n / 7})

    _, found, columns = table([some(n) for n in range(3)], [some(3), run(4, params={"lr": 1.0})])

    assert not columns["params.depth"].get("constant")  # the last run has none
    assert not columns["params.lr"].get("constant")
    assert columns["experiment"]["constant"]
    assert "params.lr" in found["shown"]
    _, found, columns = table([some(n) for n in range(3)], [some(3)])
    assert columns["params.depth"]["constant"]
    assert "params.depth" not in found["shown"]


def test_what_is_the_same_in_each_piece_and_another_in_the_next_is_shown():
    one, other = ([run(n, params={"depth": depth})] for n, depth in ((1, 6), (2, 8)))

    assert not table(one, other)[2]["params.depth"].get("constant")
    assert not table(one, [run(3)])[2]["params.depth"].get("constant")


def test_the_best_of_a_column_is_the_least_where_less_is_better():
    some = [run(n, metrics={"auc": n / 7, "loss": n / 7, "sheep": n}) for n in (1, 3, 2)]

    _, _, columns = table(some[:2], some[2:])

    assert columns["metrics.auc"]["best"] == 3 / 7
    assert columns["metrics.loss"]["best"] == 1 / 7
    assert "best" not in columns["metrics.sheep"]


def test_a_run_of_days_has_all_of_its_seconds_and_uncommitted_code_a_plus():
    began, ended = "2026-01-01T00:00:00.000Z", "2026-01-03T00:00:01.500+01:00"
    clean, dirty = (Code(commit="c" * 40, dirty=is_dirty) for is_dirty in (False, True))
    runs = [run(1, started=began, ended=ended, code=clean), run(2, code=dirty)]

    files, found, _ = table(runs)

    assert values(files, found, "duration") == [2 * 86_400 - 3600 + 1.5, None]
    assert values(files, found, "commit") == ["c" * 10, "c" * 10 + "+"]


@pytest.mark.parametrize(
    "numbers",
    [
        [0.5, 0.25, 0.125],
        [1, 2, 3],
        [1e-5, 0.5],
        [0.123456789, 12.5],
        [1e9, 2.5],
        [0.0, 0.75],
        [-3.25],
    ],
)
def test_pieces_add_up_to_what_the_whole_says(numbers):
    first, *rest = (summary("metrics.x", [value], 2) for value in numbers)
    for other in rest:
        first = merged(first, other)

    assert first.count == len(numbers)
    assert (first.low, first.high) == (min(numbers), max(numbers))
    assert decimals(first) == display.decimals(numbers)


def test_a_curve_keeps_its_lowest_and_highest():
    steps = [math.sin(n / 50) for n in range(1000)]
    steps[333], steps[777] = 9.0, -9.0

    drawn = spark(steps)

    assert len(drawn) <= 32
    assert LEVELS[-1] in drawn
    assert LEVELS[0] in drawn
    assert drawn.index(LEVELS[-1]) < drawn.index(LEVELS[0])


@pytest.mark.parametrize("steps", [[], [1.0], [math.nan, 1.0], [None, math.inf, 2]])
def test_what_has_no_two_points_is_no_curve(steps):
    assert spark(steps) == ""


def test_curves_of_a_run_by_their_metrics():
    history = History(steps=[0, 1], times=[0, 1], columns={"system.cpu": [1, 2], "loss": [2, 1]})

    assert [name for name, _ in sparks(history)] == ["loss", "system.cpu"]
    assert sparks(None) == []
