"""Sweeps and verdicts in a browser: a line and its row belong together, and no script is needed."""

import pytest

from gitrack.site import build_site
from tests.site import sweeping
from tests.site.flights import MadeStore, flights
from tests.site.registered import models

pytestmark = pytest.mark.browser

PAGE = f"sweeps/{sweeping.ID}.html"


@pytest.fixture(scope="module")
def swept_site(tmp_path_factory):
    """Flights with a model in production, and a sweep of sixty runs."""
    folder = tmp_path_factory.mktemp("sites") / "swept"
    runs = sweeping.bundles()
    store = MadeStore([*flights(), *runs], models=models(flights()), sweeps=sweeping.sweeps(runs))
    build_site(store, folder, title="Late flights", commit="4f1c" * 10)
    return folder


def test_a_line_and_its_row_point_at_each_other(visit, swept_site):
    opened = visit(f"{swept_site.as_uri()}/")
    page = opened.page
    opened.go("sweeps.html")
    page.get_by_role("link", name="depth-and-rate").click()

    row = page.locator("tr[data-run]").nth(2)
    run = row.get_attribute("data-run")
    name = row.locator("th").inner_text()
    row.hover()
    line = page.locator(f"svg a[data-run='{run}']")
    assert "pointed" in line.get_attribute("class")
    assert name in page.locator("#line-read").inner_text()

    line.locator("path").first.dispatch_event("pointerover")
    assert "pointed" in row.get_attribute("class")
    line.locator("path").first.dispatch_event("click")
    page.wait_for_url(f"**/runs/{run}.html")
    assert opened.trouble == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window_and_nothing_needs_a_script(visit, swept_site, width):
    opened = visit(f"{swept_site.as_uri()}/", java_script_enabled=False)
    page = opened.page
    page.set_viewport_size({"width": width, "height": 800})
    for path, said in (
        (PAGE, "Which settings gave what"),
        ("sweeps.html", "depth-and-rate"),
        ("experiments/xgboost-weather-features-20260905.html", "Ahead of its baseline"),
        ("index.html", "What people ask"),
    ):
        opened.go(path)
        assert said in page.inner_text("body")
        box = page.locator("main").bounding_box()
        assert box["x"] + box["width"] <= width
    for drawing in ("experiments/xgboost-weather-features-20260905.html", PAGE):
        opened.go(drawing)
        assert page.locator(".points-drawing svg .dots").first.is_visible()
