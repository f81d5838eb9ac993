"""A model's past in a real browser: the date slider, trends and the audit."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitrack.site import build_site
from tests.site.flights import MadeStore, flights
from tests.site.past import extras
from tests.site.registered import NAME, models

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def past(tmp_path_factory) -> Path:
    bundles = flights()
    folder = tmp_path_factory.mktemp("past") / "site"
    store = MadeStore(bundles, models=models(bundles))
    build_site(store, folder, title="T", commit="c", extras=extras(bundles))
    return folder


def test_the_slider_answers_for_a_past_day(visit, past: Path):
    opened = visit(f"{past.as_uri()}/")
    page = opened.page
    opened.go(f"models/{NAME}.html")
    answer = page.locator("[data-answer]")
    assert answer.locator(".eyebrow").inner_text() == "Now"
    assert re.match(r"production\s+v2", answer.locator(".stood-in").first.inner_text())

    page.get_by_label("On", exact=True).fill("2026-09-15")
    assert "At the end of 2026-09-15 (UTC)" in answer.inner_text()
    assert re.match(r"production\s+v1", answer.locator(".stood-in").first.inner_text())
    assert page.url.endswith("#on=2026-09-15")
    command = f"gitrack model show {NAME} --stage production --at 2026-09-15"
    assert answer.get_by_text(command).is_visible()
    assert answer.get_by_text(f"gitrack rollback {NAME} --to-date 2026-09-15").is_visible()

    # by keys alone: the change after, the slider to its end, and back to today
    page.get_by_role("button", name="The change after").press("Enter")
    assert "At the end of 2026-09-20" in answer.inner_text()
    page.get_by_role("slider", name="The day to look at").press("Home")
    assert "At the end of 2026-09-11" in answer.inner_text()
    assert "No version stood here." in answer.locator(".stood-in").first.inner_text()
    page.get_by_role("button", name="Today").press("Enter")
    assert answer.locator(".eyebrow").inner_text() == "Now"
    assert "#" not in page.url
    assert opened.trouble == []


def test_the_line_of_a_day_goes_across_what_stood_then(visit, past: Path):
    from PIL import Image

    opened = visit(f"{past.as_uri()}/")
    page = opened.page
    opened.go(f"models/{NAME}.html#on=2026-09-15")
    page.locator(".lanes").scroll_into_view_if_needed()
    line = page.locator("[data-cursor]").bounding_box()
    bars = page.locator(".bars.production").bounding_box()
    with Image.open(io.BytesIO(page.screenshot())) as seen:
        at = (line["x"] + line["width"] / 2, bars["y"] + bars["height"] / 2)
        colour = bytes(seen.convert("RGB").getpixel((int(at[0]), int(at[1])))).hex()
    assert f"#{colour}" == page.evaluate("gitrack.css('--mark')")

    # and the handle that is moved stands below it
    handle = page.locator("[data-slider]").bounding_box()
    axis = page.locator(".dates").bounding_box()
    assert handle["x"] < axis["x"]
    assert handle["x"] + handle["width"] > axis["x"] + axis["width"]


def test_a_link_to_a_day_shows_that_day_with_all_that_happened_on_it(visit, past: Path):
    opened = visit(f"{past.as_uri()}/")
    opened.go(f"models/{NAME}.html#on=2026-09-22")
    answer = opened.page.locator("[data-answer]")

    # rolled back at 03:12 and again at 15:40
    assert re.match(r"production\s+v2", answer.locator(".stood-in").first.inner_text())
    assert "Earlier on this day: v2, v1." in answer.inner_text()
    opened.page.evaluate("window.location.hash = '#on=2026-09-12'")
    opened.page.get_by_text("At the end of 2026-09-12").wait_for()
    opened.page.evaluate("window.location.hash = '#on=2026-99-99'")
    assert opened.trouble == []


def test_a_trend_over_commits_leads_to_its_run(visit, past: Path):
    opened = visit(f"{past.as_uri()}/")
    page = opened.page
    opened.go("trends.html")
    article = page.locator("article.trend[data-trend^='data/']").first
    article.get_by_label(re.compile("^Over what")).select_option("commits")
    article.locator(".plot svg").wait_for()
    assert "commits of the code" in article.locator(".plot svg").text_content()
    chosen = article.get_by_label(re.compile("^Metric of"))
    assert len(chosen.locator("option").all()) > 1
    chosen.select_option(index=1)
    page.wait_for_timeout(300)
    box = article.locator(".plot svg").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    article.locator("[data-read] b").wait_for()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/runs/*.html")

    opened.go("trends.html")
    served = page.locator("article.trend[data-trend='*']").first
    served.get_by_label(re.compile("^Metric of")).focus()
    served.get_by_label(re.compile("^Metric of")).locator("option").nth(1).wait_for(
        state="attached"
    )
    served.get_by_label(re.compile("^Metric of")).select_option(index=1)
    served.locator(".plot svg").wait_for()
    assert opened.trouble == []


def test_a_trend_draws_times_and_the_best_so_far_by_its_goal(visit, past: Path):
    opened = visit(f"{past.as_uri()}/")
    page = opened.page
    opened.go("trends.html")
    page.evaluate(
        """() => { gitrack.embed = async (plot, kind, rows) => {
          window.drawn = rows;
          return { addSignalListener() {}, finalize() {} };
        }; }"""
    )
    article = page.locator("article.trend[data-trend^='data/']").first
    metric = article.get_by_label(re.compile("^Metric of"))
    metric.focus()
    metric.locator("option", has_text="val_logloss").wait_for(state="attached")
    metric.select_option(label="val_logloss")
    page.wait_for_function("window.drawn")

    rows = page.evaluate("window.drawn")
    values = [row["y"] for row in rows]
    assert len(rows) > 2
    assert [row["best"] for row in rows] == [min(values[: n + 1]) for n in range(len(values))]
    assert all(datetime.fromtimestamp(row["x"] / 1000, UTC).year == 2026 for row in rows)
    assert opened.trouble == []


PAGES = (f"models/{NAME}.html", "models.html", "audit.html", "trends.html")


def test_nothing_sticks_out_of_a_phone(visit, past: Path):
    opened = visit(f"{past.as_uri()}/")
    opened.page.set_viewport_size({"width": 390, "height": 844})
    for name in PAGES:
        opened.go(name)
        opened.page.evaluate(
            "document.querySelectorAll('main details').forEach(d => d.open = true)"
        )
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390, name
    assert opened.trouble == []


def test_without_scripts_all_of_it_is_there(visit, past: Path):
    opened = visit(f"{past.as_uri()}/", java_script_enabled=False)
    page = opened.page
    opened.go(f"models/{NAME}.html")
    assert page.locator(".bars .stay").first.is_visible()
    assert not page.locator("[data-slider]").is_visible()
    page.get_by_text("Every stay in a stage, as a table").click()
    assert page.get_by_role("cell", name="2026-09-20 09:00 UTC").first.is_visible()
    opened.go("trends.html")
    assert page.locator(".drawn svg path.dots").first.is_visible()
    assert not page.locator("[data-tools]").first.is_visible()
    opened.go("audit.html")
    assert page.get_by_text("The record was changed").is_visible()
