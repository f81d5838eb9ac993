"""A run's page in Chromium: its place, its curves in every step, its document, its code."""

from __future__ import annotations

import json
import math

import pytest

import gitrack
from gitrack.model.evaluation import load_evaluation
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.store import open_store
from gitrack.store.git.code_history import CodeHistory
from gitrack.store.git.repository import Repository

_DOCUMENT = """<!doctype html><html><body onload="document.body.append('ran')">
<h1>Evaluation</h1><img src="data:," onerror="document.title='ran'"><script>alert(1)</script>
<form action="https://evil.example"><button>send</button></form>
<meta http-equiv="refresh" content="0;url=https://evil.example">
<a href="javascript:alert(1)">more</a></body></html>"""


@pytest.fixture
def expect(browser):
    """Playwright's own patience, for what a page does a little later."""
    from playwright.sync_api import expect

    return expect


@pytest.fixture
def real_site(repo, git, monkeypatch, tmp_path):
    """Two runs from two commits of a real repository, and what they left on its branch."""
    (repo / "src").mkdir()
    (repo / ".tracking").mkdir(exist_ok=True)
    settings = "capture: {packages: true, system_metrics: false, output: 'off'}\n"
    (repo / ".tracking/config.yaml").write_text(settings)
    ids = []
    monkeypatch.chdir(repo)
    for number in (1, 2):
        (repo / "src/train.py").write_text(f"print({number})\n")
        git(repo, "add", "-A")
        git(repo, "commit", "-qm", f"train {number}")
        with gitrack.start_run("e", name=f"run {number}") as run:
            for step in range(300):
                run.log_metric("loss", math.exp(-step / 90) / number, step=step)
            run.log_metric("test_auc", 0.5 + number / 10)
            good = [case % 3 == 0 for case in range(40)]
            run.log_predictions(good, [case % 7 / 8 + 0.1 * g for case, g in enumerate(good)])
            run.log_text(_DOCUMENT, "report.html")
        ids.append(run.id)
    store = open_store()
    folder = tmp_path / "site"
    build_site(
        store.at(store.branch.tip()),
        folder,
        title="Real",
        commit="c" * 40,
        extras=Extras(code=CodeHistory(Repository.discover())),
    )
    paths = [store.find(one) for one in ids]
    told = [load_evaluation("f", store.read(f"{path}/evaluation.json")) for path in paths]
    commits = [store.run(path).code.commit for path in paths]
    return folder, ids, told, commits


def test_a_run_in_full(visit, real_site, expect):
    folder, ids, told, commits = real_site
    reader = visit(folder.as_uri() + "/")
    page = reader.page
    reader.go(f"runs/{ids[0]}.html")

    expect(page.locator("[data-place-of=test_auc]")).to_have_text("2 of 2")
    expect(page.locator("#run-curves path.line")).to_have_count(1)
    page.get_by_role("button", name="Every step").press("Enter")
    page.locator("#run-curves .chart .plot svg path").first.wait_for(state="attached")
    page.locator("[data-packages] summary").click()
    page.locator("ul.packages li").first.wait_for()
    run = page.evaluate(f"gitrack.fetchRun('{ids[0]}')")
    (_, columns) = run["history"]["columns"][0]
    assert columns[:2] == [1, pytest.approx(math.exp(-1 / 90), rel=1e-6)]
    assert run["history"]["steps"] == list(range(300))
    (_, judged) = run["evaluation"]["sets"][0]
    sample = told[0].sets["predictions.parquet"].sample
    assert judged["sample"]["truth"] == sample.truth
    assert judged["sample"]["scores"] == pytest.approx(sample.scores, abs=1e-4)
    assert not reader.trouble

    _compare_code(page, *commits)
    assert not reader.trouble
    _open_document(page)
    assert [line for line in reader.trouble if "form" not in line.lower()] == []

    still = visit(folder.as_uri() + "/", java_script_enabled=False)
    still.go(f"runs/{ids[1]}.html")
    box = still.page.locator("#run-curves path.line").first.bounding_box()
    assert box["width"] > 300
    assert box["height"] > 100
    assert still.page.get_by_role("img", name="ROC").is_visible()
    assert still.page.get_by_role("table", name="Cases by their true label").is_visible()


def _open_document(page):
    """It shows, and can do nothing."""
    page.get_by_text("report.html").click()
    page.get_by_role("link", name="as a page").click()

    inside = page.frame_locator("iframe.document")
    inside.get_by_role("heading", name="Evaluation").wait_for()
    inside.get_by_role("button", name="send").click()
    page.wait_for_timeout(300)
    assert "ran" not in inside.locator("body").inner_text()
    assert page.title().startswith("report.html")


def _compare_code(page, first, second):
    """What differs between two commits, what it says, and what came between."""
    page.evaluate("gitrack.load('assets/code.js')")
    one, other = map(json.dumps, (first, second))

    files = page.evaluate(f"gitrack.code.files({one}, {other})")
    texts = page.evaluate(
        f"gitrack.code.files({one}, {other}).then(([[, a, b]]) =>"
        " Promise.all([a, b].map((id) => gitrack.code.text(id))))"
    )
    between, cut = page.evaluate(f"gitrack.code.between({one}, {other})")

    assert [path for path, *_ in files] == ["src/train.py"]
    assert [text["text"] for text in texts] == ["print(1)\n", "print(2)\n"]
    assert [commit[3] for commit in between] == ["train 2"]
    assert not cut
    assert page.evaluate(f"gitrack.code.files({one}, {one})") == []
    assert page.evaluate(f"gitrack.code.files({one}, 'f'.repeat(40))") is None
    assert page.evaluate(f"gitrack.code.between({one}, 'f'.repeat(40))") is None
    assert page.evaluate("gitrack.code.text('../../x')") == {"text": None, "why": "missing"}
