"""Whatever a run says, a page shows it and nothing runs."""

import subprocess

import pytest

from gitrack.site import build_site, links
from gitrack.store import open_store
from tests.site.attacked import built, files_of, push, run
from tests.site.hostile import EVIL, IDS, MODEL, SWEEP, evil_branch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def evil_site(tmp_path_factory):
    """The site of a branch that was written to do harm, under a name that means harm too."""
    top = tmp_path_factory.mktemp("evil")
    subprocess.run(["git", "init", "-q", str(top / "repo")], check=True)
    evil_branch(top / "repo")
    store = open_store(top / "repo")
    pinned = store.at(store.branch.tip())
    build_site(pinned, top / "site", title=EVIL, branch=EVIL, commit=EVIL)
    return top / "site"


def test_nothing_runs_and_everything_shows(visit, evil_site):
    opened = visit(f"{evil_site.as_uri()}/")
    page = opened.page
    experiment = next((evil_site / "experiments").iterdir()).name
    paths = ["index.html", "runs.html", f"experiments/{experiment}", f"runs/{IDS[0]}.html"]
    paths.append(links.model_page(MODEL))
    paths += [links.sweep_page(SWEEP), "sweeps.html"]
    paths += ["search.html", "search.html#q=alert"]
    for path in [*paths, f"compare.html#runs={','.join(IDS)}&all"]:
        opened.go(path)
        page.wait_for_timeout(700)
        assert "alert(1)" in page.inner_text("body"), path
        assert "⟨U+202E⟩" in page.inner_text("body"), path
        assert page.locator("img[src=x]").count() == 0
        assert page.locator("a[href^='javascript']").count() == 0
    assert opened.trouble == []


def test_every_tool_bears_hostile_names(visit, evil_site):
    opened = visit(f"{evil_site.as_uri()}/")
    page = opened.page
    opened.go("runs.html")
    page.get_by_text("Columns", exact=True).click()
    for box in page.locator(".menu input[type=checkbox]").all():
        box.check()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("searchbox", name="Filter runs").fill("metrics.__proto__ >= 2")
    page.get_by_text("2 of 3 runs").wait_for()
    for column in page.locator("#runs thead tr:last-child th .dt-column-order").all():
        column.click(force=True)
    page.get_by_role("combobox", name="Over").select_option(index=2)
    page.locator("#scatter svg").wait_for()
    page.locator("#scatter svg").hover()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go to").click()
    page.locator("dialog.goto li").first.wait_for()
    assert opened.trouble == []


#: What every object of JavaScript has by itself.
WORDS = ("constructor", "toString", "hasOwnProperty", "__proto__", "valueOf")


@pytest.fixture(scope="module")
def worded_site(tmp_path_factory):
    """The site of runs whose params and metrics have names that JavaScript knows."""
    top = tmp_path_factory.mktemp("worded")
    subprocess.run(["git", "init", "-q", str(top / "repo")], check=True)
    names = ("[draft] one", "*two", "=1+1", "\n=2+2", "\uff1d3+3", "six")
    runs = [
        run(
            number,
            name=name,
            params=dict.fromkeys(WORDS, number) | {"text": WORDS[number % 5]},
            metrics=dict.fromkeys(WORDS, number / 7),
        )
        for number, name in enumerate(names, start=1)
    ]
    push(top / "repo", files_of(*runs))
    built(top / "repo", top / "site")
    return top / "site"


def test_words_that_javascript_knows_are_names_as_any(visit, worded_site):
    opened = visit(f"{worded_site.as_uri()}/")
    page = opened.page
    opened.go("runs.html")
    page.locator("#scatter svg").wait_for()
    over = page.get_by_role("combobox", name="Over")
    for word in WORDS:
        over.select_option(label=word)
        page.locator("#scatter svg text", has_text=word).first.wait_for()
    numbers = "words => words.map((word) => String(gitrack.toNumber(word)))"
    said = page.evaluate(numbers, list(WORDS))
    assert set(said) == {"NaN"}
    over.select_option(label="time")
    page.locator("#scatter svg text", has_text=WORDS[-1]).first.wait_for(state="detached")
    page.locator("#scatter svg").wait_for()
    assert opened.trouble == []


def test_a_chart_that_cannot_be_drawn_is_not_the_last_one(visit, worded_site):
    page = visit(f"{worded_site.as_uri()}/").page
    page.goto(f"{worded_site.as_uri()}/runs.html")
    page.locator("#scatter svg").wait_for()
    drawn = page.evaluate(
        """async () => {
            const place = document.querySelector("#scatter .plot");
            let times = 0;
            gitrack.whenSeen(place, async () => { times += 1; throw new Error("once"); });
            await new Promise((done) => setTimeout(done, 400));
            gitrack.whenSeen(place, async () => { times += 1; });
            await new Promise((done) => setTimeout(done, 400));
            return times;
        }"""
    )
    assert drawn == 2


def test_exports_hold_no_formula_and_no_command(visit, worded_site):
    opened = visit(f"{worded_site.as_uri()}/")
    page = opened.page
    opened.go("runs.html")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    copy = dialog.get_by_role("button", name="Copy")
    dialog.get_by_text("6 runs").wait_for()
    cells = copy.get_attribute("data-copy")
    for told in ("'=1+1", "'\uff1d3+3"):
        assert told in cells
    assert '"\'\n=2+2"' in cells
    dialog.get_by_text("LaTeX").click()
    dialog.get_by_text("toprule").wait_for()
    rows = copy.get_attribute("data-copy").split("\\midrule")[1].splitlines()
    firsts = [row.strip().partition(" & ")[0] for row in rows if " & " in row]
    assert len(firsts) == 6
    assert not [first for first in firsts if first.startswith(("[", "*"))]
    assert opened.trouble == []
