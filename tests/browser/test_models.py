"""A registered model's page: nothing sticks out of a phone, links lead on, no script is needed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights
from tests.site.past import extras
from tests.site.registered import NAME, models

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def registered(tmp_path_factory) -> Path:
    bundles = flights()
    folder = tmp_path_factory.mktemp("registered") / "site"
    build_site(MadeStore(bundles, models=models(bundles)), folder, title="T", commit="c")
    return folder


@pytest.mark.parametrize("columns", [390, 1280])
def test_everything_is_reached_and_nothing_sticks_out(visit, registered: Path, columns: int):
    opened = visit(f"{registered.as_uri()}/")
    page = opened.page
    page.set_viewport_size({"width": columns, "height": 900})
    opened.go("index.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= columns
    page.get_by_role("link", name=NAME, exact=True).click()
    page.wait_for_url(f"**/models/{NAME}.html")
    page.evaluate("document.querySelectorAll('main details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= columns
    assert page.get_by_text("gitrack rollback late-arrivals --to-version 1").is_visible()
    assert page.get_by_role("table").filter(has_text="evidence shadow-mode").first.is_visible()
    page.get_by_role("link", name="v1", exact=True).first.click()
    page.wait_for_url("**#v1")
    page.locator("#v1 a.run-link").click()
    page.wait_for_url("**/runs/*.html")
    page.get_by_role("link", name=f"{NAME} v1").click()
    page.wait_for_url(f"**/models/{NAME}.html#v1")
    assert opened.trouble == []


def test_a_model_is_one_key_away(visit, registered: Path):
    opened = visit(f"{registered.as_uri()}/")
    page = opened.page
    opened.go("index.html")
    page.keyboard.press("/")
    page.get_by_role("combobox").fill("late-arr")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/models/{NAME}.html")
    assert opened.trouble == []


def test_without_scripts_it_says_the_same(visit, registered: Path):
    opened = visit(f"{registered.as_uri()}/", java_script_enabled=False)
    page = opened.page
    opened.go(f"models/{NAME}.html")

    assert page.get_by_text("it was the load balancer").first.is_visible()
    page.locator("details.promotion:not([open]) summary").first.click()
    assert page.locator("details.promotion[open]").count() == 2


def test_evidence_stands_fact_below_fact(visit, registered: Path):
    opened = visit(f"{registered.as_uri()}/")
    opened.go(f"models/{NAME}.html")
    facts = opened.page.locator("ul.evidence > li").all()

    boxes = [fact.bounding_box() for fact in facts]
    assert len(boxes) > 2
    assert len({box["x"] for box in boxes}) == 1
    assert all(one["y"] < other["y"] for one, other in pairwise(boxes))


def test_who_else_stands_for_a_side_has_a_line_of_their_own(visit, tmp_path):
    replicas = [
        replace(one.run, params={"depth": 4, "seed": at}) for at, one in enumerate(flights()[:6])
    ]
    runs = [
        *(replace(run, experiment="a-baseline-20260903") for run in replicas[:3]),
        *(replace(run, experiment="a-weather-20260905") for run in replicas[3:]),
    ]
    build_site(MadeStore([RunBundle(run=run) for run in runs]), tmp_path, title="T")
    opened = visit(f"{tmp_path.as_uri()}/")
    opened.go("experiments/a-weather-20260905.html")

    side = opened.page.locator(".sides tbody tr").first
    run = side.locator(".run-link").first.bounding_box()
    others = side.locator(".others").bounding_box()
    assert others["y"] >= run["y"] + run["height"] - 1
    assert opened.trouble == []


def test_what_is_under_review_is_seen_at_once(visit, tmp_path):
    bundles = flights()
    known = MadeStore(bundles, models=models(bundles))
    build_site(known, tmp_path, title="T", commit="c", extras=extras(bundles))
    opened = visit(f"{tmp_path.as_uri()}/")
    for path in ("index.html", "models.html"):
        opened.go(path)
        title = opened.page.get_by_role("heading", name="Under review")
        rows = opened.page.locator("section", has=title).get_by_role("row")
        assert rows.count() == 2
        assert all(row.is_visible() for row in rows.all())
    assert opened.trouble == []
