"""The site as a reader uses it: from disk, and from a sub-path of a web server."""

import msgspec
import pytest

from gitrack.model.evaluation import Confusion, Evaluation, EvaluationSet, dump_evaluation
from gitrack.model.run import RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights

pytestmark = pytest.mark.browser

EXPERIMENT = "experiments/xgboost-weather-features-20260905.html"


@pytest.fixture(params=["disk", "http"])
def reader(request, visit, flights_site, below_a_path):
    """A window on the site; nothing may go wrong in it, whatever the test does."""
    base = f"{flights_site.as_uri()}/" if request.param == "disk" else below_a_path
    opened = visit(base)
    yield opened
    assert opened.trouble == []


@pytest.fixture
def expect(browser):
    """Playwright's patient assertions; asking for the browser first says when there is none."""
    from playwright.sync_api import expect

    return expect


def names(page) -> list[str]:
    return page.locator("#runs tbody th.run bdi").all_inner_texts()


def test_the_way_from_the_overview_to_a_comparison(reader, expect):
    page = reader.page
    reader.go("index.html")
    page.locator(".list.experiments").get_by_role(
        "link", name="xgboost-weather-features-20260905"
    ).click()
    page.locator("#runs tbody th.run").first.wait_for()
    assert len(names(page)) == 6

    header = page.locator("#runs thead th", has_text="test_auc_roc")
    header.get_by_role("button", name="test_auc_roc").first.click()
    expect(header).to_have_attribute("aria-sort", "descending")
    values = page.locator("#runs tbody tr td:nth-of-type(4)").all_inner_texts()
    numbers = [float(value) for value in values if value != "–"]
    assert numbers == sorted(numbers, reverse=True)
    assert values[-1] == "–"

    search = page.get_by_role("searchbox", name="Filter runs")
    search.fill("metrics.test_auc_roc > 0.795")
    page.get_by_text("of 6 runs").wait_for()
    assert 0 < len(names(page)) < 6
    search.fill("status = failed")
    expect(page.locator("#runs tbody th.run")).to_have_count(1)
    search.fill("no such thing")
    page.get_by_text("No run fits this filter").wait_for()
    search.fill("")
    expect(page.locator("#runs tbody th.run")).to_have_count(6)

    boxes = page.locator("#runs tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(2).check()
    chosen = [names(page)[0], names(page)[2]]
    page.get_by_role("region", name="Selected runs").get_by_role("link").click()
    page.locator(".compare-table").first.wait_for()
    assert "compare.html#runs=" in page.url
    assert page.locator(".compare-table").first.locator("thead bdi").all_inner_texts() == chosen

    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.locator(".compare-table").first.wait_for()
    assert page.locator(".compare-table").first.locator("thead bdi").all_inner_texts() == chosen
    page.locator(".chart svg").first.wait_for()
    page.get_by_role("heading", name="Packages that differ").wait_for()


def test_columns_are_chosen(reader):
    page = reader.page
    reader.go(EXPERIMENT)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("searchbox", name="Find a column").fill("val_logl")
    page.get_by_role("group", name="Metrics").get_by_role("checkbox", name="val_logloss").check()
    page.locator("#runs thead").get_by_text("val_logloss").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator(".menu[open]").count()


def test_a_run_shows_its_curves_patch_and_pictures(reader, flights_site):
    page = reader.page
    run = next(p for p in (flights_site / "runs").iterdir() if "code.patch" in p.read_text())
    reader.go(f"runs/{run.name}")
    page.locator("#run-curves .chart svg path").first.wait_for(state="attached")
    assert page.locator("#run-curves .chart").count() == 2
    assert page.locator(".lines tr.line-added").count() == 5
    for picture in page.locator(".pictures img").all():
        picture.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.images].map((i) => i.naturalWidth > 0)") == [True] * 3


def test_only_differences_unless_asked(reader, flights_site, expect):
    page = reader.page
    ids = sorted(p.stem for p in (flights_site / "runs").iterdir())
    reader.go(f"compare.html#runs={ids[3]},{ids[4]}")
    page.locator(".compare-table").first.wait_for()
    assert not page.get_by_role("rowheader", name="n_estimators").count()
    page.get_by_label("Only what differs").uncheck()
    page.get_by_role("rowheader", name="n_estimators").wait_for()
    assert page.url.endswith("&all")
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator(".chosen li a")).to_have_count(1)


def test_going_to_a_run_by_its_name(reader):
    page = reader.page
    reader.go("index.html")
    page.keyboard.press("/")
    page.keyboard.type("weather lr005")
    page.locator("dialog.goto li").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*.html")
    assert page.locator("h1").inner_text() == "xgb-weather-lr005-depth8"


def test_who_types_faster_than_names_come_still_gets_there(visit, below_a_path):
    reader = visit(below_a_path)
    page = reader.page
    held = []
    page.route("**/data/names/*.js*", lambda route: held.append(route))
    reader.go("index.html")
    page.keyboard.press("/")
    page.keyboard.type("weather lr005")
    page.get_by_text("Search everything for “weather lr005”").wait_for()
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(20)
    for one in held:
        one.continue_()
    page.wait_for_url("**/runs/*.html")
    assert page.locator("h1").inner_text() == "xgb-weather-lr005-depth8"
    assert reader.trouble == []


def test_the_theme_is_remembered(reader):
    page = reader.page
    reader.go("index.html")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    reader.go("runs.html")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_run_that_is_not_there_is_said_to_be_missing(visit, flights_site):
    opened = visit(f"{flights_site.as_uri()}/")
    opened.go("compare.html#runs=20200101-000000-zzzzzz,..%2F..%2Fsecret,%3Cimg%3E")
    opened.page.locator(".notice.bad").nth(2).wait_for()
    failed = [line for line in opened.trouble if not line.startswith(("failed:", "error: Failed"))]
    assert failed == []
    assert all("secret" not in line for line in opened.trouble)


def test_phones_scroll_tables_not_the_page(visit, flights_site):
    opened = visit(f"{flights_site.as_uri()}/")
    opened.page.set_viewport_size({"width": 390, "height": 800})
    run = next(iter(sorted((flights_site / "runs").iterdir())))
    ids = f"{run.stem}"
    for path in (
        "index.html",
        "runs.html",
        EXPERIMENT,
        f"runs/{run.name}",
        f"compare.html#runs={ids}",
    ):
        opened.go(path)
        opened.page.wait_for_timeout(300)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390, path
    assert opened.trouble == []


def test_without_javascript_there_are_tables_and_text(visit, flights_site):
    opened = visit(f"{flights_site.as_uri()}/", java_script_enabled=False)
    opened.go(EXPERIMENT)
    assert opened.page.locator("#runs tbody tr").count() == 6
    run = next(iter(sorted((flights_site / "runs").iterdir())))
    opened.go(f"runs/{run.name}")
    assert opened.page.get_by_role("rowheader", name="test_auc_roc").is_visible()
    assert opened.page.locator("main svg path").count() > 2
    assert not opened.page.get_by_role("button").count()


def test_curves_out_of_sight_are_drawn_for_print(reader, flights_site):
    page = reader.page
    page.set_viewport_size({"width": 1280, "height": 300})
    ids = sorted(p.stem for p in (flights_site / "runs").iterdir())
    reader.go(f"compare.html#runs={ids[0]},{ids[1]}")
    page.locator(".chart").nth(2).wait_for(state="attached")
    for place in range(3):
        page.locator(".chart").nth(place).locator("svg path").first.wait_for(state="attached")
    assert page.evaluate("window.scrollY") == 0


def test_the_focus_stays_when_a_comparison_is_drawn_anew(reader, flights_site, expect):
    page = reader.page
    ids = sorted(p.stem for p in (flights_site / "runs").iterdir())
    reader.go(f"compare.html#runs={ids[0]},{ids[1]}")
    only = page.get_by_label("Only what differs")
    only.focus()
    page.keyboard.press("Space")
    page.wait_for_url("**&all")
    expect(page.get_by_label("Only what differs")).to_be_focused()
    page.get_by_role("button", name="Remove").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Add run")).to_be_focused()


def test_a_result_that_all_runs_share_is_not_rounded_to_a_whole_number(visit, tmp_path):
    replace = msgspec.structs.replace
    runs = [replace(one.run, metrics={"test_auc_roc": 0.8712}) for one in flights()[:3]]
    build_site(MadeStore([RunBundle(run=run) for run in runs]), tmp_path, title="T")
    there = visit(f"{tmp_path.as_uri()}/")
    there.go(f"experiments/{runs[0].experiment}.html")

    axis = there.page.locator(".plot .role-axis-label text")
    axis.filter(has_text="0.88").first.wait_for()
    assert not {"0", "1"} & set(axis.all_inner_texts())
    assert there.trouble == []


def test_a_table_of_many_labels_has_the_room_that_there_is(visit, tmp_path):
    labels = ["on time", "late", "cancelled", "diverted", "unknown", "returned"]
    table = Confusion(labels=labels, counts=[[1_234] * 6] * 6)
    judged = EvaluationSet(task="multiclass", cases=36 * 1_234, cases_digest="d", confusion=table)
    told = dump_evaluation(Evaluation(sets={"test.parquet": judged}))
    first = flights()[0]
    bundle = RunBundle(run=first.run, files={**first.files, "evaluation.json": told})
    build_site(MadeStore([bundle]), tmp_path, title="T")
    there = visit(f"{tmp_path.as_uri()}/")
    there.go(f"runs/{first.run.id}.html")

    room = there.page.get_by_role("group", name="Confusion")
    assert room.evaluate("at => at.scrollWidth <= at.clientWidth")
    assert there.trouble == []
