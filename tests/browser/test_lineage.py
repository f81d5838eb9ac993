"""The picture of the lineage in a real browser: chosen by pointer and keys, and by address."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from gitrack.store.memory import MemoryBranch
from gitrack.store.runs import RunStore
from tests.analysis.lineage_world import a_run, data, filled
from tests.site.test_lineage_page import asked

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>\"'`{{7*7}}‮</script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def lineage(tmp_path_factory) -> str:
    store = filled(RunStore(MemoryBranch()))
    raw = data("flights", "a", "v1.3", role="train")
    bad = data(HOSTILE, "7", HOSTILE, role=HOSTILE, path=HOSTILE, kind=HOSTILE)
    runs = [a_run(n, HOSTILE, data=[raw, bad], author=HOSTILE) for n in (20, 21)]
    store.commit_runs([RunBundle(run=replace(run, experiment="idle-20241023")) for run in runs])
    folder = tmp_path_factory.mktemp("lineage") / "site"
    fixed = store.at(store.branch.tip())
    build_site(fixed, folder, title="T", commit="c", extras=asked(fixed))
    return f"{Path(folder).as_uri()}/"


def test_a_box_shows_what_it_comes_from_and_what_came_of_it(visit, lineage: str):
    opened = visit(lineage)
    page = opened.page
    opened.go("lineage.html")
    panel = page.get_by_label("What is chosen")
    boxes = page.locator("svg.lineage a.box")
    everything = boxes.count()
    assert page.locator("svg.lineage").get_by_text("2 other runs").is_visible()

    page.locator("svg.lineage a.box", has_text="churn v3").click()
    assert page.url.endswith("#model/churn/3")
    assert panel.get_by_role("heading", name="churn v3").is_visible()
    assert page.locator("a.box.on", has_text="flights@v1.3").count() == 1
    assert page.locator("a.box.on", has_text="piped v1").count() == 0

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert panel.get_by_role("heading", name="stacked").is_visible()
    assert panel.get_by_role("button", name="churn v3").is_visible()
    page.get_by_role("button", name="Only what is related").click()
    assert 2 < boxes.count() < everything
    assert page.locator("a.box", has_text="piped v1").count() == 0
    page.go_back()
    assert boxes.count() == everything
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Clear").click()
    assert page.locator("a.box.chosen").count() == 0

    page.get_by_role("button", name="Map").click()
    page.locator("svg.lineage a.box", has_text="churn").last.click()
    assert page.url.endswith("#model/churn&map")
    page.get_by_label("Find in the picture").fill("piped v1")
    page.keyboard.press("Enter")
    page.wait_for_url("**#model/piped/1")
    assert opened.trouble == []


def test_from_data_to_its_models_and_back_at_any_width(visit, lineage: str):
    opened = visit(lineage)
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 800})
    opened.go("data.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="flights", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="what became of it").click()
    page.wait_for_url("**/lineage.html#data/flights&only")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("a.box", has_text="churn v1").count() == 1
    page.get_by_label("What is chosen").get_by_role("button", name="flights@v1.3").click()
    page.get_by_label("What is chosen").get_by_role("link", name="flights@v1.3").click()
    page.wait_for_url("**/datasets/flights.html#v-*")
    assert opened.trouble == []


def test_the_panel_says_what_is_known_of_each_box(visit, lineage: str):
    opened = visit(lineage)
    panel = opened.page.get_by_label("What is chosen")
    opened.go("lineage.html#model/churn&only")
    told = panel.get_by_role("listitem").all_inner_texts()
    assert {"churn v1 staging", "churn v2 production"} <= set(told)
    opened.go("lineage.html")
    boxes = opened.page.locator("svg.lineage a.box")
    for at in range(boxes.count()):
        boxes.nth(at).click()
        assert "[object" not in panel.inner_text()
    boxes.filter(has_text="flights@v1.3").first.click()
    assert panel.locator("dt", has_text="rows").is_visible()
    assert opened.trouble == []


def test_a_run_leads_to_its_place_or_to_those_it_stands_among(visit, lineage: str):
    opened = visit(lineage)
    page = opened.page
    panel = page.get_by_label("What is chosen")
    for run, heading, folded in (("stacked", "stacked", False), (HOSTILE[:12], "idle", True)):
        opened.go("runs.html")
        page.locator("th.run a", has_text=run).first.click()
        page.wait_for_url("**/runs/*.html")
        page.locator(".actions").get_by_role("link", name="Lineage").click()
        page.wait_for_url("**/lineage.html#run/**")
        panel.get_by_role("heading", name=heading).wait_for()
        assert panel.get_by_text("The run is one of these").is_visible() == folded
        assert page.locator("a.box.chosen").count() == 1
    opened.go("lineage.html#run/nobody&only&among=experiment/nothing")
    assert page.get_by_text("This is not in the picture").is_visible()
    assert opened.trouble == []


def test_nothing_that_a_name_says_is_done(visit, lineage: str):
    opened = visit(lineage)
    page = opened.page
    opened.go("data.html")
    page.locator("main a", has_text="onerror").click()
    assert page.locator("h1").inner_text().startswith("<img src=x")
    opened.go("lineage.html#&nodes")
    page.locator("svg.lineage a.box", has_text="<img").first.click()
    assert "onerror=alert(1)" in page.get_by_label("What is chosen").inner_text()
    assert page.locator("main img, main script").count() == 0
    opened.go("lineage.html#%3Cimg%20src=x%3E&only&nodes")
    assert page.get_by_text("This is not in the picture").is_visible()
    assert opened.trouble == []


def test_without_scripts_boxes_are_links(visit, lineage: str):
    opened = visit(lineage, java_script_enabled=False)
    page = opened.page
    opened.go("lineage.html")
    page.locator("svg.lineage a.box", has_text="churn v3").click()
    page.wait_for_url("**/models/churn.html#v3")
