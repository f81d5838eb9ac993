"""Runs with thousands of settings: pages hold what a browser can carry, and lead to the rest."""

from __future__ import annotations

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights

pytestmark = pytest.mark.browser

PARAMS, OWN = 1200, 1100


@pytest.fixture(scope="module")
def runs():
    """Three runs: they differ in all of their params, and each has as many of its own."""
    made = []
    for at, bundle in enumerate(flights()[:3]):
        params = {f"shared_{n:04}": n + at for n in range(PARAMS)}
        params |= {f"own{at}_{n:04}": float(n) for n in range(OWN)}
        made.append(msgspec.structs.replace(bundle.run, params=params))
    return made


@pytest.fixture(scope="module")
def site(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide") / "site"
    build_site(MadeStore([RunBundle(run=run) for run in runs]), folder, title="T")
    return folder.as_uri() + "/"


def test_a_comparison_shows_more_lines_on_demand_until_all_are_there(site, runs, visit):
    there = visit(site)
    page = there.page
    there.go("compare.html#runs=" + ",".join(run.id for run in runs[:2]))
    page.locator("tr.further").wait_for()
    every = PARAMS + 2 * OWN

    page.get_by_text(f"{every - 500:,} of {every:,} lines are not shown here").wait_for()
    for seen in (1000, 2000, every):
        page.locator("tr.further button").click()
        page.wait_for_function(
            "want => [...document.querySelectorAll('.compare-table tbody tr')]"
            ".filter((row) => /(shared|own)/.test(row.cells[0].textContent)).length === want",
            arg=seen,
        )
    assert page.locator("tr.further").count() == 0
    page.get_by_text(f"{every - 6 - 200:,} others, which explain the least").wait_for(
        state="attached"
    )
    assert there.trouble == []


def test_lists_to_choose_from_hold_what_most_runs_have(site, runs, visit):
    there = visit(site)
    page = there.page
    there.go("compare.html#runs=" + ",".join(run.id for run in runs))
    choice = page.locator("select[data-key=sx]")
    choice.wait_for()
    names = choice.locator("option").all_text_contents()
    assert sum(name.startswith("params.") for name in names) == 500
    assert not any(name.startswith("params.own") for name in names)
    assert names[-1] == "others, which fewer runs have"

    there.go("runs.html")
    over = page.locator("select[aria-label=Over]")
    over.wait_for()
    assert over.locator("optgroup[label=Params] option").count() == 1001
    assert there.trouble == []


def test_a_value_that_one_run_of_many_has_stands_in_its_line(site, runs, visit, tmp_path):
    many = [
        msgspec.structs.replace(runs[0], id=f"20260101-0000{n:02}-aaaaaa", name=f"n{n}", params={})
        for n in range(12)
    ]
    many[5] = msgspec.structs.replace(many[5], params={"odd": 7.0, "word": "seven"})
    build_site(MadeStore([RunBundle(run=run) for run in many]), tmp_path / "site", title="T")
    there = visit((tmp_path / "site").as_uri() + "/")
    there.go("runs.html")
    page = there.page
    page.wait_for_function("gitrack.table && gitrack.table.rows().length === 12")

    found = page.evaluate(
        """async () => {
          await gitrack.table.need(["params.odd", "params.word", "name"]);
          const odd = gitrack.table.column("params.odd");
          return [odd, [...odd.floats], gitrack.table.column("params.word").indexOf("seven"),
                  gitrack.table.column("name").indexOf("n5")];
        }"""
    )

    assert found[0] == [7.0 if n == 5 else None for n in range(12)]
    assert found[1:] == [[5], 5, 5]
