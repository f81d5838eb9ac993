"""Whatever a run says, a page shows it and nothing runs."""

import pytest

from gitrack.model.history import History
from gitrack.model.run import (
    Artifact,
    Code,
    Dataset,
    Environment,
    Fault,
    Run,
    RunBundle,
    Status,
)
from gitrack.site import build_site
from tests.site.flights import MadeStore

pytestmark = pytest.mark.browser

EVIL = "\"'><script>alert(1)</script></script><img src=x onerror=alert(2)>{{7*7}}${8*8}\u2028\u202e"
LINK = "javascript:alert(3)"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(4)"><script>alert(5)</script></svg>'


def evil_run(number: int) -> RunBundle:
    history = History(
        steps=[0, 1, 2],
        times=[0.0, 1.0, 2.0],
        columns={EVIL: [0.1, 0.2, float("nan")], "datum['x']": [1.0, 2.0, 3.0]},
    )
    names = {EVIL: EVIL, "__proto__": LINK, "constructor": "x", "a.b[c]": number, LINK: number}
    run = Run(
        id=f"20260101-00000{number}-aaaaaa",
        name=f"{EVIL}{number}",
        experiment=EVIL,
        status=Status.FAILED,
        started=f"2026-01-01T00:00:0{number}Z",
        ended=EVIL,
        author=EVIL,
        command=EVIL,
        parent=EVIL,
        notes=EVIL,
        error=EVIL,
        params=names,
        metrics={
            EVIL: 0.1 * number,
            "__proto__": float(number),
            "loss": number / 3,
            "hasOwnProperty": 1,
        },
        tags={**names, "hypothesis": EVIL},
        code=Code(commit=EVIL, branch=LINK, remote=LINK, dirty=True, patch="code.patch"),
        data=[Dataset(name=EVIL, role=EVIL, path=LINK, uri=LINK, version=EVIL)],
        environment=Environment(python=EVIL, host=EVIL, variables={EVIL: EVIL}),
        seeds={EVIL: 1},
        artifacts=[Artifact(path=EVIL, kind=EVIL, flavor=EVIL, store="dvc", md5=EVIL)],
    )
    patch = f"diff --git a/{EVIL} b/{EVIL}\n@@ -1 +1 @@\n-{EVIL}\n+{EVIL}\n"
    files = {
        "history.tsv": "x",
        "code.patch": patch,
        "environment.txt": f"{EVIL}==1\n{EVIL}\n",
        "output.txt": f"{EVIL}\x1b]8;;{LINK}\x07",
        f"artifacts/{EVIL}.html": f"<html>{EVIL}</html>",
    }
    data = {name: text.encode() for name, text in files.items()}
    store = RunBundle(run=run, files={**data, "artifacts/picture.svg": SVG})
    HISTORIES[run.id] = history
    return store


HISTORIES: dict[str, History] = {}


class EvilStore(MadeStore):
    def history(self, path):
        return HISTORIES[self.bundles[path].run.id]


@pytest.fixture(scope="module")
def evil_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evil") / "site"
    fault = Fault(path=EVIL, why=EVIL, hint=LINK)
    bundles = [evil_run(1), evil_run(2), evil_run(3)]
    build_site(EvilStore(bundles, [fault]), folder, title=EVIL, branch=EVIL, commit=EVIL)
    return folder


def test_nothing_runs_and_everything_shows(visit, evil_site):
    opened = visit(f"{evil_site.as_uri()}/")
    page = opened.page
    ids = [f"20260101-00000{number}-aaaaaa" for number in (1, 2, 3)]
    experiment = next((evil_site / "experiments").iterdir()).name
    paths = ["index.html", "runs.html", f"experiments/{experiment}", f"runs/{ids[0]}.html"]
    for path in [*paths, f"compare.html#runs={','.join(ids)}&all"]:
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
    page.get_by_role("searchbox", name="Filter runs").fill("__proto__ >= 2")
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
