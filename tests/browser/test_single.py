"""The site as one file: on a phone, without scripts, and as a reader hears it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitrack.site.single import Only, build_single
from tests.site.flights import MadeStore, flights
from tests.site.registered import NAME, models

pytestmark = pytest.mark.browser


def test_one_file_says_everything_without_scripts(visit, tmp_path: Path):
    bundles = flights()
    store = MadeStore(bundles, models=models(bundles))
    file = tmp_path / "report.html"
    build_single(store, file, title="Late flights", commit="c", only=Only(model=NAME))

    opened = visit(f"{tmp_path.as_uri()}/", java_script_enabled=False, color_scheme="dark")
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 844})
    opened.go("report.html")
    page.get_by_role("navigation").get_by_role("link", name=NAME, exact=True).click()
    assert page.url.endswith(f"report.html#models/{NAME}")
    card = page.get_by_role("article", name=NAME, exact=True)
    assert card.get_by_role("heading", name=NAME, exact=True).is_visible()
    assert card.get_by_role("table").first.is_visible()
    card.locator("a.run-link").first.click()
    assert "#runs/" in page.url
    run = page.get_by_role("article", name="xgb-baseline-lr01-depth6", exact=True)
    run.locator("img").first.scroll_into_view_if_needed()
    run.get_by_role("link", name="Contents").click()
    assert page.url.endswith("#contents")
    assert opened.trouble == []

    heard = visit(f"{tmp_path.as_uri()}/", color_scheme="dark")
    heard.page.set_viewport_size({"width": 390, "height": 844})
    heard.go("report.html")
    assert heard.page.evaluate("document.documentElement.scrollWidth") <= 390
    axe_playwright = pytest.importorskip("axe_playwright_python")
    heard.page.evaluate((Path(axe_playwright.__file__).parent / "axe.min.js").read_text())
    found = heard.page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert heard.trouble == []
