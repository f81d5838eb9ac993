"""Whatever a run says, a page shows it and nothing runs."""

import subprocess

import pytest

from gitrack.site import build_site, links
from gitrack.store import open_store
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
