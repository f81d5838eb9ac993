"""What the comparison computes in the page is what the gates and NumPy compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gitrack.model.importance import importance
from gitrack.registry.gates import paired
from gitrack.registry.gates.measures import Predictions, measured

pytestmark = pytest.mark.browser

SCRIPTS = Path(__file__).parents[2] / "site_templates/assets/compare"
#: What the page draws its cases from.
SEED = "gitrack compare"


@pytest.fixture(scope="module")
def page(browser):
    """A page with the comparison's arithmetic and nothing else."""
    opened = browser.new_page()
    opened.evaluate("window.gitrack = { compare: { sections: [] } }")
    for name in ("statistics", "bootstrap", "importance"):
        opened.evaluate((SCRIPTS / f"{name}.js").read_text())
    yield opened
    opened.close()


def cases(task: str, count: int):
    """Truth and the scores of two models, with some equal ones."""
    chance = np.random.default_rng(3)
    if task == "binary":
        truth = (chance.random(count) < 0.3).astype(float)
        one, other = (
            np.round(np.clip(truth * skill + chance.random(count) * 0.7, 0, 1), 2)
            for skill in (0.3, 0.2)
        )
    else:
        truth = np.round(chance.normal(size=count), 3)
        one, other = (np.round(truth + chance.normal(size=count) * s, 3) for s in (0.5, 0.6))
    return truth, one, other


@pytest.mark.parametrize("count", [61, 400])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_paired_bootstrap_is_that_of_the_gates(page, task, count):
    truth, one, other = cases(task, count)

    rows = page.evaluate(
        "([task, ...cases]) => gitrack.statistics.paired(task, ...cases, {resamples: 300})",
        [task, truth.tolist(), one.tolist(), other.tolist()],
    )

    assert len(rows) == (8 if task == "binary" else 4)
    for row in rows:
        both = [measured(row["key"], Predictions(truth, s[:, None])) for s in (one, other)]
        theirs = paired.bootstrap(*both, confidence=0.95, resamples=300, seed=SEED)
        ours = (row["difference"], row["low"], row["high"])
        assert ours == pytest.approx(tuple(theirs), abs=1e-12), row["key"]
        assert row["one"] == pytest.approx(both[0].value(), abs=1e-12)


def test_delong_is_that_of_the_gates(page):
    truth, one, other = cases("binary", 500)
    given = [truth.tolist(), one.tolist(), other.tolist()]

    for confidence in (0.5, 0.9, 0.95, 0.999):
        ours = page.evaluate(
            "([cases, confidence]) => gitrack.statistics.delong(...cases, confidence)",
            [given, confidence],
        )
        theirs = paired.delong(truth, one, other, confidence=confidence)
        assert (ours["difference"], ours["low"], ours["high"]) == pytest.approx(
            tuple(theirs), abs=1e-12
        )
    assert page.evaluate("gitrack.statistics.delong([1, 1, 0], [1, 2, 3], [1, 2, 3])") is None


def test_the_normal_distribution_is_known_to_the_last_digits(page):
    from statistics import NormalDist

    for x in (-9.0, -3.1, -1.959963984540054, -0.3, 0.0, 0.7, 2.9, 3.2, 6.0):
        ours = page.evaluate("(x) => gitrack.statistics.normal(x)", x)
        assert ours == pytest.approx(NormalDist().cdf(x), rel=1e-9)


RUNS = """([rows]) => {
  gitrack.compare.metric = (run) => run.value;
  gitrack.compare.isSeed = (name) => name === "seed";
  const runs = rows.map(([value, ...params], i) => ({ id: "r" + Math.random(), value, params }));
  return gitrack.compare.importance({ runs, measure: { name: "auc" } });
}"""


def _as_python_has_it(rows):
    """The same rows by the definition that sweeps' pages use."""
    names = sorted({name for _, *params in rows for name, _ in params} - {"seed"})
    settings = {name: [dict(map(tuple, params)).get(name) for _, *params in rows] for name in names}
    return importance(settings, [value for value, *_ in rows])


def test_what_params_explain_is_what_sweeps_say_of_them(page):
    """One word, one number: the page of a sweep and a comparison of its runs agree."""
    chance = np.random.default_rng(4)
    rows = []
    for at in range(83):
        rate, kind = float(chance.random()), ["a", "b", "c"][at % 3]
        value = rate * 2 + (1 if kind == "b" else 0) + float(chance.normal()) * 0.02
        params = [
            *(("kind", kind), ("noise", float(chance.random())), ("rate", rate), ("seed", at)),
            *(("depth", int(chance.integers(3, 9))), ("text", str(round(rate, 1))), ("same", 1)),
            *(("flag", bool(at % 2)), ("mixed", at % 4 or "none"), ("own", f"run-{at}")),
        ]
        if at % 5:
            params.append(("sometimes", at % 7))
        rows.append([value if at % 11 else None, *map(list, params)])

    found = page.evaluate(RUNS, [rows])["rows"]

    expected = _as_python_has_it(rows)
    assert [row["name"] for row in found] == [one.name for one in expected]
    assert [row["share"] for row in found] == pytest.approx([one.share for one in expected])
    assert [row["direction"] for row in found] == [
        one.trend if one.trend is None else pytest.approx(one.trend) for one in expected
    ]
    assert {row["name"] for row in found[:2]} == {"rate", "text"}
    assert page.evaluate(RUNS, [rows[1:8]]) is None


@pytest.mark.parametrize("seed", range(12))
def test_it_is_so_for_few_runs_and_equal_results(page, seed):
    chance = np.random.default_rng(seed)
    rows = [
        [float(chance.integers(0, 4)), ["x", int(chance.integers(0, 9))], ["y", "ab"[at % 2]]]
        for at in range(int(chance.integers(8, 30)))
    ]

    found = page.evaluate(RUNS, [rows])

    expected = _as_python_has_it(rows)
    assert [row["name"] for row in found["rows"]] == [one.name for one in expected]
    assert [row["share"] for row in found["rows"]] == pytest.approx([o.share for o in expected])
