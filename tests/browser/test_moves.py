"""Nothing moves under the eyes of a reader while a page loads."""

from __future__ import annotations

import re

import pytest

from tests.browser.demo import PAGES, clone_demo, open_page, settle
from tests.browser.serving import SERVED, serving
from tests.site.flights import flights

pytestmark = pytest.mark.browser

MOVED = """() => new Promise((done) => {
  let sum = 0;
  const moved = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      sum += one.value;
      moved.push(...one.sources.map(({ node }) => node && node.nodeName + "." + node.className));
    }
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([sum, moved]), 50);
})"""


_COMPARED = (
    "compare.html#runs=@best:sklearn-comparison-20261123,@best:xgboost-weather-features-20261123"
)

#: How high every part was when it was first seen, and whatever it was later.
WATCH = """
  window.grown = [];
  const first = new Map();
  const PARTS = "#compare > section, .chart, .panel, .plot, .statistics";
  (function look() {
    for (const part of document.querySelectorAll(PARTS)) {
      if (part.closest(".waiting") || part.closest("details")) continue;
      const high = Math.round(part.getBoundingClientRect().height);
      if (!first.has(part)) first.set(part, high);
      else if (high && first.get(part) !== high) {
        window.grown.push([part.className, first.get(part), high]);
        first.set(part, high);
      }
    }
    requestAnimationFrame(look);
  })();
"""


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("overview", 1280),
        ("overview", 390),
        ("model", 1280),
        ("models", 390),
        ("run", 390),
        ("dataset", 1280),
        ("report", 390),
        ("about", 390),
    ],
)
def test_nothing_moves(name, width, went_back, browser):
    with open_page(browser, went_back, PAGES[name], width=width) as (page, _):
        page.wait_for_load_state("networkidle")
        assert page.evaluate(MOVED) == [0, []]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        (PAGES["experiment"], "#scatter svg, #scatter canvas"),
        (PAGES["runs"], "#scatter svg, #scatter canvas"),
        ("runs.html#filter=params.max_dept%20%3D%206", ".filter-note"),
        (_COMPARED, "section.compare-verdict .causes"),
        ("compare.html", "#compare button"),
        (PAGES["trends"], "[data-tools] > *"),
        (PAGES["lineage"], ".lineage-canvas svg"),
        ("lineage.html#model/late-flights", "[data-panel] h2"),
        ("search.html", "#search-box input"),
    ],
)
def test_what_scripts_fill_has_its_place_before(path, drawn, width, went_back, browser):
    with open_page(browser, went_back, path, width=width) as (page, _):
        page.locator(drawn).first.wait_for()
        settle(page)
        moved, what = page.evaluate(MOVED)
        assert (moved, what) == (0, [])


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        (PAGES["experiment"], "#scatter svg, #scatter canvas"),
        (_COMPARED, "section.compare-evaluation .statistics .delta"),
    ],
)
def test_what_is_drawn_on_the_way_down_has_its_room(path, drawn, width, went_back, browser):
    look = {"width": width, "height": 300, "before": WATCH}
    with open_page(browser, went_back, path, **look) as (page, _):
        _go_down(page)
        page.locator(drawn).first.wait_for()
        assert page.evaluate("window.grown") == []


def test_long_names_beside_curves_have_their_line_before_the_curves(flights_site, visit):
    one, other = [run.run for run in flights()[:2]]
    there = visit(f"{flights_site.as_uri()}/")
    there.page.add_init_script(WATCH)
    there.go(f"compare.html#runs={one.id},{other.id}")
    _go_down(there.page)
    there.page.locator(".compare-curves .plot svg").nth(2).wait_for()
    assert there.page.evaluate("window.grown") == []


def test_a_legend_says_where_curves_end_before_these_are_drawn(flights_site, visit):
    one, other = [run.run for run in flights()[:2]]
    there = visit(f"{flights_site.as_uri()}/")
    there.page.route("**/assets/vega.js", lambda route: None)  # never comes
    there.go(f"compare.html#runs={one.id},{other.id}")
    there.page.locator(".compare-curves .legend").first.wait_for()
    ends = there.page.locator(".compare-curves .legend .now").all_inner_texts()
    assert len(ends) >= 6
    assert all(re.fullmatch(r"-?[\d.]+", end) for end in ends)
    assert there.page.locator(".compare-curves .plot svg").count() == 0


def _go_down(page) -> None:
    """To the end of the page, as somebody reads it."""
    at = 0
    while at < page.evaluate("document.body.scrollHeight"):
        page.mouse.wheel(0, 250)
        page.wait_for_timeout(100)
        at += 250
    settle(page)


def test_a_run_that_is_being_written_takes_its_room_at_once(tmp_path, browser):
    project, site = clone_demo(tmp_path), tmp_path / "site"
    with serving(project, site) as served:
        for width in (1280, 390):
            look = {"width": width, "served": served}
            with open_page(browser, site, SERVED["live"], **look) as (page, trouble):
                page.locator("#live-curves svg").first.wait_for()
                settle(page)
                assert page.evaluate(MOVED) == [0, []]
                assert trouble == []
