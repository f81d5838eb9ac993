"""What the comparison computes in the page is what the gates and NumPy compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
  const runs = rows.map(([value, ...params], i) => ({ id: "r" + i, value, params }));
  return gitrack.compare.importance({ runs, measure: { name: "auc" } });
}"""


def test_the_params_that_matter_are_found_and_chance_is_not(page):
    chance = np.random.default_rng(4)
    rows = []
    for at in range(80):
        rate, kind, noise = float(chance.random()), ["a", "b"][at % 2], float(chance.random())
        value = rate * 2 + (1 if kind == "b" else 0) + float(chance.normal()) * 0.02
        params = [["kind", kind], ["noise", noise], ["rate", rate], ["same", 1], ["seed", at]]
        rows.append([value, *params])

    found = page.evaluate(RUNS, [rows])
    share = {row["name"]: row["share"] for row in found["rows"]}

    assert set(share) == {"kind", "noise", "rate"}
    assert min(share["rate"], share["kind"]) > 0.2
    assert share["noise"] < 0.05
    assert sum(share.values()) == pytest.approx(1)
    assert found["explained"] > 0.8
    assert next(r["direction"] for r in found["rows"] if r["name"] == "rate") > 0.5
    assert page.evaluate(RUNS, [rows[:7]]) is None
