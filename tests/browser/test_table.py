"""The table of runs: lines that come and go, groups, columns, keys, and its address."""

import itertools
import re
import statistics

import pytest
from msgspec.structs import replace

from gitrack.model.run import Run, RunBundle
from gitrack.site import build_site
from tests.site.flights import MadeStore

pytestmark = pytest.mark.browser

COUNT = 66


def bundle(number):
    rate, seed = (0.1, 0.2, 0.3)[number // 5 % 3], number % 5
    params = {"learning_rate": rate, "seed": seed, "same": 7}
    params |= {f"extra_{n:02}": n * number for n in range(40)}
    run = Run(
        id=f"20260901-{number:06}-aaaaaa",
        name=f"run-{number:02}",
        experiment="many-seeds" if number % 11 else "odd-ones",
        status="failed" if number == 13 else "finished",
        started=f"2026-09-{1 + number // 10:02}T10:{number % 10:02}:00.000Z",
        ended=f"2026-09-{1 + number // 10:02}T11:00:00.000Z",
        params=params,
        metrics={} if number == 13 else {"test_auc": round(0.5 + number * 37 % 100 / 300, 4)},
        tags={"team": ("red", "blue")[number % 2]},
    )
    lines = "".join(f"{n}\t{n}\t{n * n % 7}\n" for n in range(9))
    return RunBundle(run=run, files={"history.tsv": ("step\ttime\ttest_auc\n" + lines).encode()})


@pytest.fixture(scope="module")
def runs():
    return [bundle(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def base(tmp_path_factory, runs):
    """Sixty-six runs in pieces of twenty."""
    folder = tmp_path_factory.mktemp("many") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gitrack.site.tables.chunks.SIZE", 20)
        patch.setattr("gitrack.site.tables.chunks._CELLS", 400)
        build_site(MadeStore(runs), folder, title="T", commit="4f" * 20)
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


def opened(reader, hash=""):
    reader.go("runs.html" + hash)
    reader.page.locator("#runs [role=row] th.run").first.wait_for()
    return reader.page


def names(page):
    return page.locator("#runs tbody th.run bdi").all_inner_texts()


def shown(page):
    """Names of all runs that the table shows, in its order, drawn or not."""
    return page.evaluate("gitrack.table.rows().map((row) => gitrack.table.text('name', row))")


def test_lines_come_and_go_and_are_never_missing(reader):
    page = opened(reader)
    table = page.get_by_role("grid", name="Runs")
    assert table.get_attribute("aria-rowcount") == str(COUNT + 2)
    first = names(page)
    assert first[0] == f"run-{COUNT - 1}"
    assert len(first) < 40
    page.locator("#runs").evaluate("(place) => { place.scrollTop = place.scrollHeight; }")
    page.get_by_role("rowheader", name="run-00").wait_for()
    rows = page.locator("#runs tbody tr").evaluate_all(
        "(lines) => lines.map((line) => Number(line.getAttribute('aria-rowindex')))"
    )
    assert rows == list(range(rows[0], COUNT + 3))


def test_several_columns_sort(reader, runs, expect):
    page = opened(reader, "#columns=params.learning_rate,metrics.test_auc,params.seed")
    page.get_by_role("button", name="learning_rate", exact=True).click()
    page.get_by_role("button", name="test_auc", exact=True).click(modifiers=["Shift"])
    header = page.get_by_role("columnheader", name=re.compile("test_auc"))
    expect(header).to_have_attribute("aria-sort", "descending")
    best = sorted(
        (one.run for one in runs),
        key=lambda run: (run.params["learning_rate"], -run.metrics.get("test_auc", -1)),
    )
    assert shown(page) == [run.name for run in best]
    address = page.url
    assert address.endswith(
        "order=params.learning_rate:asc,metrics.test_auc:desc&columns=params.learning_rate,metrics.test_auc,params.seed"
    )
    page.goto("about:blank")
    page.goto(address)
    page.locator("#runs [role=row] th.run").first.wait_for()
    assert shown(page) == [run.name for run in best]


def test_replicates_are_told_by_mean_and_deviation(reader, runs, expect):
    page = opened(
        reader,
        "#columns=metrics.test_auc,params.learning_rate&filter=params.extra_00%20is%20not%20null",
    )
    page.get_by_label("Group by").select_option("params.learning_rate")
    expect(page.get_by_text("66 runs in 3 groups")).to_be_visible()
    values = [
        one.run.metrics["test_auc"]
        for one in runs
        if one.run.params["learning_rate"] == 0.2 and one.run.metrics
    ]
    line = page.get_by_role("row", name=re.compile("^Select the runs of 0.2 "))
    expect(line).to_contain_text(f"{statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}")
    line.get_by_role("button").click()
    expect(line).to_have_attribute("aria-expanded", "true")
    assert len(names(page)) > 10
    page.get_by_role("checkbox", name="Select the runs of 0.1").check()
    said = f"{sum(one.run.params['learning_rate'] == 0.1 for one in runs)} runs selected"
    expect(page.get_by_role("region", name="Selected runs")).to_contain_text(said)


def test_columns_are_pinned_hidden_and_coloured(reader, expect):
    page = opened(
        reader, "#columns=params.same,params.learning_rate,metrics.test_auc,history.test_auc"
    )
    expect(page.locator("#runs tbody svg.spark").first).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="Hide what is the same everywhere").click()
    expect(page.get_by_role("columnheader", name=re.compile("same"))).to_have_count(0)
    choices = page.locator(".column-choice")
    near = [choices.nth(at).bounding_box()["y"] for at in range(4)]
    assert all(below - above < 32 for above, below in itertools.pairwise(near))
    page.get_by_role("searchbox", name="Find a column").fill("params.extra")
    page.get_by_role("button", name="Show or hide all of Params").click()
    page.get_by_role("searchbox", name="Find a column").fill("metrics.test_auc")
    page.get_by_role("group", name="Metrics").get_by_role("button", name="Pin test_auc").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Colours").click()
    expect(page.locator("#runs td.heat.judged").first).to_be_visible()
    drawn = page.locator("#runs thead .titles th").count()
    assert drawn < 44
    page.locator("#runs").evaluate("(place) => { place.scrollLeft = place.scrollWidth; }")
    expect(page.get_by_role("columnheader", name=re.compile("extra_39"))).to_be_in_viewport()
    expect(page.get_by_role("columnheader", name=re.compile("test_auc")).first).to_be_in_viewport()
    state = page.evaluate("gitrack.table.state()")
    assert state["pinned"] == ["metrics.test_auc"]
    assert state["scales"] is True
    assert len(state["columns"]) == 42  # all runs have the same curve


def test_everything_by_keys(reader, expect):
    page = opened(reader)
    page.get_by_role("searchbox", name="Filter runs").focus()
    page.keyboard.type("red")
    expect(page.get_by_text("33 of 66 runs")).to_be_visible()
    page.get_by_role("grid", name="Runs").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_role("region", name="Selected runs")).to_contain_text("2 runs selected")
    page.keyboard.press("End")
    last = page.locator("#runs tr.active th.run bdi")
    expect(last).to_have_text("run-00")
    active = page.get_by_role("grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_by_role("rowheader").inner_text() == "run-00"
    page.get_by_role("button", name="started", exact=True).focus()
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("menuitem", name="Hide").focus()
    page.keyboard.press("Enter")
    assert "started" not in page.evaluate("gitrack.table.state().columns")
    page.get_by_role("grid", name="Runs").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*.html")


def test_a_filter_that_is_at_fault_changes_nothing_and_says_why(reader, expect):
    page = opened(reader)
    search = page.get_by_role("searchbox", name="Filter runs")
    search.fill("metrics.test_auc > 0.7")
    expect(page.get_by_text("of 66 runs")).to_be_visible()
    before = shown(page)
    search.fill("metrics.test_auc > > 0.7")
    expect(search).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".filter-note")).to_contain_text("expected")
    assert shown(page) == before
    search.fill("")
    expect(search).to_have_attribute("aria-invalid", "false")
    assert len(shown(page)) == COUNT


def test_a_filter_by_a_name_that_no_run_has_says_so(reader, expect):
    page = opened(reader)
    search = page.get_by_role("searchbox", name="Filter runs")
    search.fill("metrics.test_auk > 0.7")
    expect(page.get_by_text("0 of 66 runs")).to_be_visible()
    note = page.locator(".filter-note")
    expect(note).to_have_text("No run here has metrics.test_auk · did you mean metrics.test_auc? ")
    expect(search).to_have_attribute("aria-invalid", "false")
    search.fill("metrics.test_auc > 0.7")
    expect(note).to_be_hidden()


def test_what_is_printed_is_more_than_what_is_in_sight(reader):
    page = opened(reader)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(names(page)) == COUNT
    assert "ago" not in page.locator("main").inner_text()
    assert page.locator("#runs tbody tr", has_text="UTC").count() == COUNT
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert len(names(page)) < COUNT
    assert "ago" in page.locator("main").inner_text()


def test_a_print_is_as_large_as_written_and_ends_with_its_last_line(reader):
    page = opened(reader)
    page.locator("#scatter svg").wait_for()
    page.emulate_media(media="print")
    # Drawn for a window, and shown on a sheet before anything can draw it anew. One thing that is
    # wider than the sheet and browsers print all of it smaller.
    over = """() => {
      document.body.style.width = "700px";
      const over = document.querySelector("#scatter svg").getBoundingClientRect().right - 700;
      document.body.style.width = "";
      return over;
    }"""
    assert page.evaluate(over) <= 0
    page.emulate_media(media="null")
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(format="A4"))
    wide = [float(width) > float(height) for width, height in sheets]
    assert wide == sorted(wide), "the last line has a sheet of its own"
    assert not wide[0]
    assert wide[-1]


def test_nobody_is_left_out_by_the_table(reader):
    """What axe finds wrong in the table, closed and open, in groups and in runs."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rules = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
        "preload": False,
    }
    for hash in (
        "",
        "#group=experiment&scales",
        "#columns=" + ",".join(f"params.extra_{n:02}" for n in range(40)),
    ):
        page = opened(reader, hash)
        if hash.startswith("#group"):
            page.locator(".opener").first.click()
        if not hash:
            page.get_by_text("Columns", exact=True).click()
        found = axe.run(page, context="main", options=rules).response["violations"]
        assert [
            (one["id"], [node["html"][:120] for node in one["nodes"][:2]]) for one in found
        ] == []
        page.goto("about:blank")


def test_a_print_says_what_it_leaves_out_and_a_screen_does_not(visit, tmp_path, runs):
    store = MadeStore([bundle(number) for number in range(520)])
    build_site(store, tmp_path, title="T", commit="4f" * 20)
    opened = visit(f"{tmp_path.as_uri()}/")
    page = opened.page
    opened.go("runs.html#columns=" + ",".join(f"params.extra_{n:02}" for n in range(40)))
    page.locator(".grid tbody tr").first.wait_for()
    said = page.locator(".grid-cut")
    assert not said.is_visible()

    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".grid tbody tr").count() == 500
    columns = len(page.evaluate("gitrack.table.state().columns"))
    printed = page.locator(".grid tbody tr").first.locator("td:not(.pick)").count()
    assert 2 < printed < columns == 40
    assert said.inner_text() == (
        f"Here are the first 500 of 520 lines and {printed} of {columns} columns; "
        "“Export” on this page gives all of them."
    )
    assert page.locator(".grid table").bounding_box()["width"] <= 1000
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert not said.is_visible()
    assert opened.trouble == []


def test_names_that_do_not_fit_keep_their_ends(visit, tmp_path):
    long = "a-model-with-quite-a-name-and-all-of-its-settings-lr{}-depth6"
    made = [bundle(number) for number in range(2)]
    made = [
        RunBundle(run=replace(one.run, name=long.format(at)), files=one.files)
        for at, one in enumerate(made)
    ]
    build_site(MadeStore(made), tmp_path, title="T", commit="4f" * 20)
    opened = visit(f"{tmp_path.as_uri()}/")
    page = opened.page
    page.set_viewport_size({"width": 390, "height": 800})
    opened.go("runs.html")
    links = page.locator(".grid tbody th a")
    shown = [links.nth(at).inner_text().strip() for at in range(2)]
    assert len(set(shown)) == 2
    assert all("…" in one and one.endswith("depth6") for one in shown)
    assert [links.nth(at).get_attribute("aria-label") for at in (0, 1)] == [
        long.format(1),
        long.format(0),
    ]
    assert opened.trouble == []
