"""A site that is served while runs are being written, as somebody watches it."""

import threading
from pathlib import Path

import pytest

import gitrack
from gitrack.cli.commands.site import _Project
from gitrack.cli.site_serving import Renewal
from gitrack.site.serve import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def served(repo: Path, monkeypatch):
    """A project being served, with one run on its branch."""
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text(
        "capture: {packages: false, patch: false, system_metrics: false}\n"
    )
    monkeypatch.chdir(repo)
    with gitrack.start_run("lstm-wide-20261123", name="the first") as run:
        run.log_metric("auc", 0.7)
    folder = repo / ".tracking/site"
    server = Server(folder)
    renew = Renewal(_Project, folder)
    server.tell(renew.first(None).answer)
    thread = threading.Thread(target=server.run, args=(renew,), kwargs={"every": 0.3})
    thread.start()
    yield server.url
    server.stop()
    thread.join(timeout=30)


def test_a_run_grows_and_leads_to_its_page(served, visit):
    there = visit(served)
    there.go("index.html")
    page = there.page
    assert page.locator("#live-running").count() == 0

    with gitrack.start_run("lstm-wide-20261123", name="<img src=x onerror=alert(1)>") as run:
        for step in range(5):
            run.log_metric("loss", 1 / (step + 1), step=step)
        row = page.locator("#live-running tbody tr")
        row.wait_for()
        assert "<img src=x onerror=alert(1)>" in row.inner_text()
        assert page.locator("#live-count").inner_text() == "1 running"

        for other in ("runs.html", "experiments/lstm-wide-20261123.html"):
            there.go(other)
            page.locator("#live-running tbody tr").wait_for()
        there.go("compare.html")
        page.locator("#live-count").wait_for()
        assert page.locator("#live-running").count() == 0
        there.go("index.html")
        row.locator("a").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("#live-curves svg")
        assert page.locator("#live-step").inner_text() == "4"
        run.log_metric("loss", 0.01, step=1234)
        page.locator("#live-step", has_text="1,234").wait_for()
        page.get_by_label("log scale").check()
        assert page.locator("#live-curves svg").get_attribute("aria-label").startswith("loss: 6 v")
        page.locator("#live-over").select_option("times")

    page.wait_for_url(f"**/runs/{run.id}.html")
    there.go("index.html")
    page.locator("main", has_text="<img src=x onerror=alert(1)>").wait_for()
    assert there.trouble == []


def test_an_open_page_renews_itself_when_a_run_is_committed(served, visit):
    there = visit(served)
    there.go("index.html")
    with gitrack.start_run("lstm-wide-20261123", name="the second"):
        pass

    there.page.get_by_text("the second").first.wait_for()
    assert there.trouble == []


def test_a_live_page_says_the_main_thing_without_scripts(served, visit):
    there = visit(served, java_script_enabled=False)
    with gitrack.start_run("lstm-wide-20261123", name="quiet", params={"lr": 0.25}) as run:
        run.log_metric("loss", 0.125, step=3)
        there.go(f"live/runs/{run.id}.html")
        text = there.page.locator("main").inner_text()

    assert "quiet" in text
    assert "0.125" in text
    assert "0.25" in text
