"""Nothing moves under the eyes of a reader while a page loads."""

from __future__ import annotations

import pytest

from tests.browser.demo import PAGES, clone_demo, open_page, settle
from tests.browser.serving import SERVED, serving

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
