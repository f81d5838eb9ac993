"""Search, "go to" and keys, as a reader uses them."""

import msgspec
import pytest

from gitrack.model.run import RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore, flights
from tests.site.registered import models

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("search") / "site"
    bundles = flights()
    build_site(MadeStore(bundles, models=models(bundles)), folder, title="T", commit="4f" * 20)
    return f"{folder.as_uri()}/"


@pytest.fixture
def reader(visit, base):
    opened = visit(base)
    yield opened
    assert opened.trouble == []


@pytest.fixture
def expect(browser):
    from playwright.sync_api import expect

    return expect


def test_words_find_runs_tags_notes_and_promotions(reader, expect):
    page = reader.page
    reader.go("search.html?q=weather")
    field = page.get_by_role("searchbox", name="Search everything")
    expect(field).to_have_value("weather")
    expect(page.locator("section[data-kind=run] li")).to_have_count(8)
    expect(page.locator("section[data-kind=run] .snippet").first).to_contain_text("weather join")
    expect(page.locator("section[data-kind=promotion] li")).to_have_count(1)
    expect(page.get_by_role("heading", name="Experiments")).to_be_visible()

    field.fill("weather <b>x")
    expect(page.get_by_text("Nothing has all of these words")).to_be_visible()
    field.fill('"logistics-ml"')
    expect(page.locator("section[data-kind=run] li")).to_have_count(8)
    page.get_by_role("button", name="Show all 12").click()
    expect(page.locator("section[data-kind=run] li")).to_have_count(12)
    assert page.url.endswith("#q=%22logistics-ml%22")

    page.locator("section[data-kind=tag] a", has_text="team").click()
    expect(page.get_by_role("searchbox", name="Filter runs")).to_have_value(
        "tags.team = 'logistics-ml'"
    )
    page.get_by_text("12 runs", exact=True).wait_for()


def test_params_metrics_and_settings_are_found(reader, expect):
    page = reader.page
    reader.go("search.html#q=depth")
    field = page.locator("section[data-kind=field] a", has_text="max_depth")
    expect(page.locator("section[data-kind=field] li .aside")).to_contain_text("param of 12 runs")
    field.click()
    expect(page.locator("#runs th[aria-colindex]", has_text="max_depth")).to_be_visible()

    reader.go("search.html#q=v2.3-with-weather")
    page.locator("section[data-kind=tag] a").click()
    expect(page.get_by_role("searchbox", name="Filter runs")).to_have_value(
        "params.feature_set = 'v2.3-with-weather'"
    )
    page.get_by_text("6 of 12 runs", exact=True).wait_for()


ODD = {
    "team`s": "o'neill's \\ \"quoted\"",
    "who said": "it's 'so'",
    'say "so"': "%_*",
    "größe": "a = 1 or b = 2",
}


@pytest.mark.parametrize("name", ODD)
def test_a_tag_of_odd_words_leads_to_its_run_alone(visit, tmp_path, expect, name):
    first, *others = flights()
    run = msgspec.structs.replace(first.run, tags={name: ODD[name], "plain": "needle"})
    build_site(MadeStore([RunBundle(run=run), *others]), tmp_path / "site", title="T")
    reader = visit(f"{(tmp_path / 'site').as_uri()}/")
    reader.go("search.html")
    reader.page.get_by_role("searchbox", name="Search everything").fill(name)
    reader.page.locator("section[data-kind=tag] a").first.click()

    expect(reader.page.locator("#runs tbody th.run")).to_have_count(1)
    expect(reader.page.locator("#runs tbody th.run")).to_contain_text(run.name)
    assert reader.trouble == []


def test_a_filter_leads_to_the_table(reader, expect):
    page = reader.page
    reader.go("search.html#q=status%20%3D%20failed")
    page.get_by_role("link", name="Runs where status = failed").click()
    expect(page.locator("#runs tbody tr")).to_have_count(1)


def test_go_to_finds_everything_by_keys_alone(reader, expect):
    page = reader.page
    reader.go("index.html")
    page.keyboard.press("/")
    field = page.get_by_role("combobox")
    field.press_sequentially("late-arrivals v2 prod")
    expect(page.get_by_role("option").first).to_contain_text("late-arrivals v2 to production")
    field.fill("late-arr")
    expect(page.get_by_role("option").first).to_contain_text("model, 4 versions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models/late-arrivals.html")

    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("no such thing at all")
    expect(page.get_by_text("Nothing by that name.")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html#q=*")
    page.go_back()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_keys_move_select_and_compare(reader, expect):
    page = reader.page
    reader.go("runs.html")
    page.locator("#runs tbody tr").nth(2).wait_for()
    for key in "jjxkx":
        page.keyboard.press(key)
    expect(page.get_by_text("2 runs selected")).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_role("searchbox", name="Filter runs")).to_be_focused()
    page.keyboard.type("jxc?")  # is a text
    assert page.url.split("#")[0].endswith("runs.html")
    page.get_by_role("searchbox", name="Filter runs").fill("")
    page.locator("h1").click()
    page.keyboard.press("c")
    page.wait_for_url("**/compare.html#runs=*")

    reader.go("index.html")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.href")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.href") == first


def test_single_letters_can_be_turned_off(reader, expect):
    page = reader.page
    reader.go("index.html")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("h")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Single letters are keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("dialog.goto")).to_be_visible()


def test_without_javascript_names_are_listed(visit, base):
    opened = visit(base, java_script_enabled=False)
    opened.go("search.html")

    assert opened.page.get_by_role("link", name="late-arrivals").is_visible()
    assert opened.page.get_by_text("needs JavaScript").is_visible()
    assert not opened.page.locator("#search-box").is_visible()


def test_c_compares_the_runs_of_an_experiment(visit, flights_site):
    opened = visit(f"{flights_site.as_uri()}/")
    opened.go(
        sorted((flights_site / "experiments").iterdir())[0].relative_to(flights_site).as_posix()
    )
    page = opened.page
    page.wait_for_function("window.gitrack && gitrack.table && gitrack.table.rows")
    runs = page.evaluate("gitrack.table.rows().length")
    page.keyboard.press("c")
    page.wait_for_url("**/compare.html#runs=@experiment*")
    page.get_by_text(f"{runs} runs compared").wait_for()
    assert opened.trouble == []
