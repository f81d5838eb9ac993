"""Charts drawn at build: round numbers, nothing outside of the box, no more than can be seen."""

import math
import re

import pytest

from gitrack.model.evaluation import Confusion, Evaluation, EvaluationSet
from gitrack.model.measure import Measure
from gitrack.site.drawing.judged import judged
from gitrack.site.drawing.parallel import parallel
from gitrack.site.drawing.points import points
from gitrack.site.drawing.scale import Scale, scale_of

AUC = Measure("auc")


def places(path):
    return [(int(x), int(y)) for x, y in re.findall(r"(-?\d+) (-?\d+)", path)]


@pytest.mark.parametrize(
    ("scale", "texts"),
    [
        (Scale(0.63, 0.82), ["0.65", "0.70", "0.75", "0.80"]),
        (Scale(0, 4), ["0", "1", "2", "3", "4"]),
        (Scale(-3e-7, 9e-7), ["-2e-7", "0", "2e-7", "4e-7", "6e-7", "8e-7"]),
        (Scale(0.001, 0.3, True), ["0.001", "0.01", "0.1"]),
        (Scale(0.02, 0.3, True), ["0.02", "0.05", "0.1", "0.2"]),
    ],
)
def test_ticks_are_round_numbers(scale, texts):
    assert [tick.text for tick in scale.ticks()] == texts


@pytest.mark.parametrize(
    "values",
    [[0.5], [1e308, -1e308], [5e-324, 0.0], [-7.0, -7.0], [0.1 + 1e-16, 0.1]],
)
def test_any_numbers_have_a_scale(values):
    scale = scale_of(values)

    assert all(0 <= scale.share(value) <= 1 for value in values)
    assert all(0 <= float(tick.at) <= 100 for tick in scale.ticks())


def test_dots_stairs_and_the_best():
    drawing = points([0.5, None, 0.7, 0.6, math.nan], ["finished"] * 5, AUC, level=(0.4, "old"))

    (dots,) = drawing.dots
    assert len(places(dots.path)) == 3
    assert drawing.left_out == 2
    best = places(drawing.best)[0]
    assert best == min(places(dots.path), key=lambda place: place[1])
    assert drawing.stair.count("V") == 1
    assert float(drawing.level.at) > 90
    assert all(0 <= n <= 1000 for place in places(dots.path) for n in place)


def test_points_that_lie_on_each_other_are_drawn_once():
    drawing = points([0.5] * 9_000 + [0.6], ["finished"] * 9_001, AUC)

    assert len(drawing.dots[0].path) < 15_000
    assert len(drawing.x) < 12


def test_nothing_to_draw():
    assert points([None, math.inf], ["failed"] * 2, AUC) is None
    assert points([], [], AUC) is None
    assert parallel({"a": [1, 2]}, [None, None], AUC) is None
    assert parallel({"a": [1, 1]}, [0.1, 0.2], AUC) is None


def test_a_line_a_run_through_every_setting():
    settings = {
        "rate": [0.001, 0.1, 0.01, None],
        "kind": ["a", "b", "a", "b"],
        "same": [1, 1, 1, 1],
    }

    drawing = parallel(settings, [0.1, 0.9, 0.5, 0.7], AUC)

    assert [axis.name for axis in drawing.axes] == ["rate", "kind", "auc"]
    assert drawing.axes[0].log
    assert [line.run for line in drawing.lines] == [0, 2, 3, 1]
    assert [line.level for line in drawing.lines] == [1, 2, 3, 4]
    assert [len(places(line.path.replace("L", " L"))) for line in drawing.lines] == [3, 3, 2, 3]


def test_less_is_better_where_it_is():
    drawing = parallel({"a": [1, 2, 3]}, [0.1, 0.9, 0.5], Measure("loss", "minimize"))

    assert drawing.lines[-1].run == 0


def test_of_many_lines_the_best_stay():
    count = 5_000
    drawing = parallel({"a": list(range(count))}, [float(i) for i in range(count)], AUC)

    drawn = {line.run for line in drawing.lines}
    assert drawn >= set(range(count - 60, count))
    assert len(drawing.lines) == 300
    assert drawing.lines_left_out == count - 300


def test_a_row_of_confusion_is_the_whole_of_its_shares():
    table = Confusion(labels=["no", "yes"], counts=[[6, 2], [1, 0]])
    one = EvaluationSet(task="binary", cases=9, cases_digest="d", confusion=table)

    (shown,) = judged(Evaluation(sets={"p": one}))

    assert [[cell.share for cell in row] for row in shown.confusion.rows] == [
        ["0.75", "0.25"],
        ["1.00", "0.00"],
    ]
    assert [[cell.right for cell in row] for row in shown.confusion.rows] == [
        [True, False],
        [False, True],
    ]


def test_chance_has_the_precision_of_the_share_that_is_positive_among_known_cases():
    one = EvaluationSet(
        task="binary", cases=50, cases_digest="d", missing=10, positives=10, pr=[(0, 1), (1, 0.25)]
    )

    (shown,) = judged(Evaluation(sets={"p": one}))

    (curve,) = shown.squares
    assert curve.level == "M0 750H1000"
