"""Views above tables, the file that keeps one, and what is exported."""

import csv
import io
import re

import pytest

from gitrack.config.views import VIEWS_FOLDER, NamedView, View, load_views
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.site.hiding.rules import Hide
from gitrack.site.views import views_data
from tests.browser.demo import settle
from tests.browser.test_moves import MOVED
from tests.site.flights import MadeStore, flights

pytestmark = pytest.mark.browser

WEATHER = "xgboost-weather-features-20260905"
VIEWS = (
    View(
        title="Best <b>weather</b>",
        filter="metrics.test_auc_roc > 0.78",
        order=("metrics.test_auc_roc desc",),
        columns=("metrics.test_auc_roc", "params.learning_rate", "tags.hypothesis", "nowhere"),
    ),
    View(title="Replicates", experiment=WEATHER, group="replicates"),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views") / "site"
    views = tuple(NamedView(name=f"v{n}", path=f"v{n}.yaml", view=v) for n, v in enumerate(VIEWS))
    extras = Extras(views=views)
    build_site(MadeStore(flights()), folder, title="T", commit="4f" * 20, extras=extras)
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


def test_a_view_is_a_click_away_and_says_when_it_is_shown(reader, expect):
    page = reader.page
    reader.go("runs.html")
    view = page.get_by_role("button", name="Best <b>weather</b>")
    expect(page.get_by_role("button", name="Replicates")).to_have_count(0)
    expect(page.get_by_role("button", name="All runs")).to_have_attribute("aria-pressed", "true")
    view.click()
    page.get_by_text("of 12 runs").wait_for()
    expect(view).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Save view")).to_be_hidden()

    reader.go(f"experiments/{WEATHER}.html")
    page.get_by_role("button", name="Replicates").click()
    page.get_by_text("in 6 groups").or_(page.get_by_text(re.compile(r"in \d groups?"))).wait_for()


def test_the_file_that_keeps_a_view_gives_the_same_view(reader, expect, tmp_path):
    page = reader.page
    reader.go("runs.html")
    page.get_by_role("button", name="Best").click()
    page.get_by_role("button", name="Columns").or_(page.get_by_text("Columns")).first.wait_for()
    state = page.evaluate(
        """() => gitrack.table.change({ filter: "tags.team ilike '%\\"ml\\"%' or status = finished",
             order: [["params.learning_rate", "asc"], ["started", "desc"]], scales: true,
             group: "experiment", pinned: ["params.learning_rate"] })
             .then(() => gitrack.table.state())"""
    )
    page.get_by_role("button", name="Save view").click()
    page.get_by_label("Name of the view").fill('Größe: "quick" # one\\')
    text = page.locator("dialog pre").inner_text()
    path = page.locator("dialog .note code").first.inner_text()
    assert path == ".tracking/views/gro-e-quick-one.yaml"

    (tmp_path / VIEWS_FOLDER).mkdir(parents=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    (data,) = views_data(load_views(tmp_path), Hide())

    assert data["title"] == 'Größe: "quick" # one\\'
    assert data["state"] == state
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_what_is_shown_is_exported(reader, expect):
    page = reader.page
    reader.go("runs.html")
    page.get_by_role("button", name="Best").click()
    page.get_by_text("of 12 runs").wait_for()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as arrived:
        page.get_by_role("link", name="Download").click()
    assert arrived.value.suggested_filename == "runs.csv"
    text = arrived.value.path().read_bytes().decode("utf-8")

    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["name", "metrics.test_auc_roc", "params.learning_rate", "tags.hypothesis"]
    shown = [b.run for b in flights() if b.run.metrics.get("test_auc_roc", 0) > 0.78]
    shown.sort(key=lambda run: -run.metrics["test_auc_roc"])
    assert [row[0] for row in rows] == [run.name for run in shown]
    assert [float(row[1]) for row in rows] == [run.metrics["test_auc_roc"] for run in shown]

    page.get_by_text("Markdown").click()
    expect(page.locator("dialog pre")).to_contain_text(
        f"**{shown[0].metrics['test_auc_roc']:.4f}**"
    )
    page.get_by_text("LaTeX").click()
    expect(page.locator("dialog pre")).to_contain_text("test\\_auc\\_roc")


def test_groups_are_exported_with_mean_and_deviation(reader):
    page = reader.page
    reader.go("runs.html")
    page.locator("#runs tbody tr").first.wait_for()
    text = page.evaluate(
        """() => gitrack.table.change({ group: "experiment", columns: ["metrics.test_auc_roc"] })
             .then(() => gitrack.exports.gather({ digits: true })).then(gitrack.exports.csv)"""
    )

    head, *rows = csv.reader(io.StringIO(text))
    assert head[:3] == ["group", "runs", "metrics.test_auc_roc"]
    assert sorted(row[1] for row in rows) == ["3", "3", "6"]


def test_days_and_durations_are_exported_as_shown_or_to_the_digit(reader):
    page = reader.page
    reader.go("runs.html")
    page.locator("#runs tbody tr").first.wait_for()
    shown, exact, grouped = page.evaluate(
        """async () => {
          await gitrack.table.change({ columns: ["started", "duration"] });
          const { csv, gather, markdown } = gitrack.exports;
          const lines = async (digits) => csv(await gather({ digits }));
          const plain = [await lines(false), await lines(true)];
          await gitrack.table.change({ group: "experiment" });
          return [...plain, markdown(await gather({ digits: false }))];
        }"""
    )
    said = [row[1:] for row in csv.reader(io.StringIO(shown))][1:]
    told = [row[1:] for row in csv.reader(io.StringIO(exact))][1:]
    assert all(re.fullmatch(r"[-0-9]{10} [0-9:]{5} UTC", day) for day, _ in said)
    assert all(re.search(r"\d (?:d|h|min|s)$", took) for _, took in said if took)
    assert all(day.endswith("Z") and (not took or float(took) > 0) for day, took in told)
    assert re.search(r"\| [\dhmin ]+ (?:min|s) ± [\dhmin. ]+ (?:min|s) \|", grouped)


def test_texts_that_would_do_harm_are_written_as_texts(reader):
    page = reader.page
    reader.go("runs.html")
    page.wait_for_function("window.gitrack && gitrack.exports")
    told = page.evaluate(
        r"""() => {
          const cell = (text) => [{ text, value: text }];
          const what = { columns: [{ name: "=x", label: "a|b_c", number: false }],
            rows: ["=HYPERLINK(1)", "a,\"b\"\nc", "<img src=x>|`x`", "50% of $x_1 & {y}~\\",
              "-5"].map(cell) };
          const { csv, markdown, latex } = gitrack.exports;
          return [csv(what), markdown(what), latex(what)];
        }"""
    )

    rows = [row[0] for row in csv.reader(io.StringIO(told[0], newline=""))]
    assert rows[:3] == ["'=x", "'=HYPERLINK(1)", 'a,"b"\nc']
    assert rows[5] == "'-5"
    assert len(told[1].strip().split("\n")) == 7
    assert "<img" not in told[1]
    assert "&lt;img src=x&gt;\\|\\`x\\`" in told[1]
    assert "50\\% of \\$x\\_1 \\& \\{y\\}\\textasciitilde{}\\textbackslash{}" in told[2]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["runs.html", f"experiments/{WEATHER}.html"])
def test_views_have_their_room_before_they_come(visit, base, path, width):
    opened = visit(base)
    opened.page.set_viewport_size({"width": width, "height": 900})
    opened.go(path)
    opened.page.get_by_role("group", name="Views").get_by_role("button").first.wait_for()
    settle(opened.page)
    assert opened.page.evaluate(MOVED) == [0, []]


def test_keeping_a_view_moves_no_line_that_is_typed_in(visit, flights_site):
    opened = visit(f"{flights_site.as_uri()}/")
    opened.go("runs.html")
    filter = opened.page.get_by_role("searchbox", name="Filter runs")
    save = opened.page.get_by_role("button", name="Save view…")
    place = filter.bounding_box()
    assert not save.is_visible()

    filter.fill("status = finished")
    save.wait_for()
    assert filter.bounding_box() == place
    save.click()
    opened.page.get_by_role("dialog", name="Save this view").wait_for()
