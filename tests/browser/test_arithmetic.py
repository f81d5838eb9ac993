"""What tables and comparisons work out in the page, function by function, with nothing around."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

SCRIPTS = Path(__file__).parents[2] / "site_templates/assets"

#: What these scripts ask of the others.
AROUND = """() => {
window.gitrack = {
  h: () => document.createElement("i"), number: String, setting: String, duration: String,
  compare: { sections: [], state: {}, change: () => {} },
};
/** A table of these columns; text is what is no number. */
window.storeOf = (columns) => ({
  rows: Object.values(columns)[0].length,
  has: (name) => name in columns,
  column: (name) => columns[name], peek: (name) => columns[name], whole: () => true,
  about: new Map(Object.entries(columns).map(([name, values]) =>
    [name, { name, number: values.some((value) => typeof value === "number") }])),
});
}"""


@pytest.fixture(scope="module")
def page(browser):
    opened = browser.new_page()
    opened.evaluate(AROUND)
    for name in ("table/order", "table/groups", "table/cells", "table/exports"):
        opened.evaluate((SCRIPTS / f"{name}.js").read_text())
    for name in ("table", "evaluation", "lines", "causes"):
        opened.evaluate((SCRIPTS / f"compare/{name}.js").read_text())
    opened.evaluate((SCRIPTS / "lineage/graph.js").read_text())
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("way", "rows"),
    [("asc", [5, 1, 3, 0, 4, 2]), ("desc", [3, 0, 5, 1, 4, 2])],
)
def test_what_is_missing_comes_last_either_way_and_of_equals_the_newest_first(page, way, rows):
    found = page.evaluate(
        """(way) => [...gitrack.order.sorted(
          storeOf({ x: [2, 1, null, 2, NaN, 1] }), [["x", way]])]""",
        way,
    )

    assert found == rows


def test_the_deviation_of_a_group_is_that_of_a_sample(page):
    said = page.evaluate(
        """() => {
          const store = storeOf({ x: [1, 2, 4, NaN, null], name: ["a", "a", "b", "b", "c"] });
          const { summary } = gitrack.groups;
          const of = (rows, name) => summary(store, { rows, said: new Map() }, name);
          return [of([0, 1, 2, 3, 4], "x"), of([0], "x"), of([3], "x"),
                  of([0, 1], "name"), of([0, 2], "name")];
        }"""
    )

    assert said[0]["count"] == 3
    assert said[0]["mean"] == pytest.approx(7 / 3)
    assert said[0]["deviation"] == pytest.approx(1.5275252316519465)
    assert (said[1]["mean"], said[1]["deviation"], said[2]["mean"]) == (1, None, None)
    assert said[3:] == [{"different": 1, "value": "a"}, {"different": 2, "value": None}]


@pytest.mark.parametrize(("goal", "heat"), [("maximize", "100"), ("minimize", "0"), (None, "100")])
def test_the_warmest_cell_is_the_best_one(page, goal, heat):
    found = page.evaluate(
        """(goal) => {
          const store = storeOf({ x: [1, 2, 3] });
          Object.assign(store.about.get("x"), { goal, group: "metrics" });
          const cell = document.createElement("td");
          gitrack.cells.fill(cell, store, "x", 2, { heat: true });
          return cell.style.getPropertyValue("--heat");
        }""",
        goal,
    )

    assert found == heat


@pytest.mark.parametrize(
    ("low", "high", "goal", "word"),
    [
        (0.1, 0.2, "maximize", "better"),
        (-0.2, -0.1, "maximize", "worse"),
        (0.1, 0.2, "minimize", "worse"),
        (-0.2, -0.1, "minimize", "better"),
        (-0.1, 0.1, "minimize", None),
        (0, 0.1, "maximize", None),
        (None, None, "maximize", None),
    ],
)
def test_an_interval_says_better_only_beside_zero_and_by_the_goal(page, low, high, goal, word):
    told = {"low": low, "high": high, "goal": goal}

    assert page.evaluate("told => gitrack.compare.verdictOf(told)", told) == word


def test_predictions_of_other_cases_are_not_paired(page):
    why = page.evaluate(
        """async () => {
          const truth = Array.from({ length: 20 }, (_, i) => i % 2);
          const sample = { picked: "all", truth, scores: truth.map((one) => one / 2) };
          const run = (id, digest) => ({ id, evaluation: { sets: [
            ["p", { task: "binary", cases: 20, cases_digest: digest, sample }]] } });
          const [base, other] = [run("a", "one"), run("b", "another")];
          return (await gitrack.compare.evidence({ runs: [base, other], base, other })).why;
        }"""
    )

    assert "judged on different cases" in why


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("plain", "plain"),
        ('a "b", c', '"a ""b"", c"'),
    ],
)
def test_no_text_is_a_formula_of_a_spreadsheet(page, text, harmless):
    found = page.evaluate(
        """(text) => gitrack.exports.csv(
          { columns: [{ name: "x" }], rows: [[{ text, value: text }]] })""",
        text,
    )

    assert found == f"x\r\n{harmless}\r\n"


def test_three_lines_stand_around_what_differs(page):
    old = "".join(f"{n}\n" for n in range(20))

    found = page.evaluate(
        """([old, fresh]) => {
          const { difference, hunks } = gitrack.compare;
          return hunks(difference(old, fresh)).map(([kind, line]) => kind + " " + line);
        }""",
        [old, old.replace("10\n", "ten\n")],
    )

    assert found == [
        "hunk 7 lines are the same",
        *(f"same {n}" for n in (7, 8, 9)),
        "removed 10",
        "added ten",
        *(f"same {n}" for n in (11, 12, 13)),
        "hunk 6 lines are the same",
    ]


def test_a_name_means_what_belongs_to_it_and_nothing_that_only_begins_alike(page):
    keys = ["model/churn/1", "model/churn/2", "model/churned/1", "model/churn"]

    found = page.evaluate(
        """(keys) => {
          const { graph, named } = gitrack.graphs;
          const whole = graph({ items: keys.map((key) => [key]), links: [] });
          return named(whole, "model/churn").map((item) => item.key);
        }""",
        keys,
    )

    assert found == ["model/churn/1", "model/churn/2", "model/churn"]


def test_the_likeliest_cause_comes_first(page):
    found = page.evaluate(
        """async () => {
          Object.assign(gitrack.compare, { importance: () => null, packagesOf: async () => [] });
          const run = (status, model, verbose) => ({
            name: model, status, params: [["verbose", verbose], ["model", model]],
            data: [], seeds: [["numpy", verbose]], code: [], environment: [],
          });
          const [base, other] = [run("finished", "trees", 1), run("failed", "linear", 2)];
          const found = await gitrack.compare.causes({ runs: [base, other], base, other });
          return found.map((one) => one.what);
        }"""
    )

    assert found == ["linear", "model", "numpy", "verbose"]


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (0.9999999999999999, 1, 0),
        (0.1 + 0.2, 0.3, 0),
        (0.25, 0.75, 0.5),
        (1, 1 + 1e-9, pytest.approx(1e-9, rel=1e-6)),
        (0, 1e-15, 1e-15),
        (0, 0, 0),
    ],
)
def test_what_computing_is_off_by_is_no_distance(page, one, other, apart):
    assert page.evaluate("([a, b]) => gitrack.compare.away(a, b)", [one, other]) == apart
