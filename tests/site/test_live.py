"""Runs that are being written, as whoever has the site served sees them."""

import json
import threading
import time
from pathlib import Path

import pytest

import gitrack
from gitrack.cli.commands.site import _Project
from gitrack.cli.site_serving import Renewal
from gitrack.site import Hide
from gitrack.site.live import Live, Watch
from gitrack.site.pages.frame import Frame
from gitrack.site.serve import Server
from gitrack.tracking.place import find_place
from tests.site.test_serving import get


@pytest.fixture
def project(repo: Path, monkeypatch) -> Path:
    (repo / ".tracking").mkdir()
    (repo / ".tracking/config.yaml").write_text("project: flights\ncapture: {packages: false}\n")
    monkeypatch.chdir(repo)
    return repo


@pytest.fixture
def site(tmp_path) -> Path:
    """A folder that stands for a built site."""
    folder = tmp_path / "site"
    (folder / "runs").mkdir(parents=True)
    (folder / "files").mkdir()
    (folder / "index.html").write_text("<head></head><h1>here</h1>")
    (folder / "files/left.html").write_text("<head></head>")
    return folder


@pytest.fixture
def run(project):
    with gitrack.start_run("lstm-wide-20261123", name="wide <b>", params={"lr": 0.123454}) as run:
        yield run


def live(site: Path, hide: Hide | None = None) -> Live:
    return Live(Watch(find_place(), hide or Hide()), site, Frame(title="T", branch="gitrack"))


def told(live: Live, path: str, query: str = ""):
    """(function, what it is given)."""
    data = live.answer(path, query).data.decode()
    name, _, rest = data.removeprefix("gitrack.").partition("(")
    return name, json.loads(rest.strip().removesuffix(");"))


def test_a_run_is_told_of_while_it_logs(run, site):
    answers = live(site)
    run.log_metrics({"loss": 0.5, "auc": 0.7}, step=1)
    run.log_metrics({"loss": float("nan"), "auc": 0.8}, step=2)

    name, now = told(answers, "now.js")
    assert name == "live.now"
    (line,) = now["runs"]
    assert (line["id"], line["name"], line["state"]) == (run.id, "wide <b>", "running")
    assert line["step"] == 2
    assert line["metrics"] == [["loss", "NaN"], ["auc", 0.8]]

    name, data = told(answers, f"runs/{run.id}.js")
    assert name == "live.run"
    assert data["steps"] == [1, 2]
    assert data["curves"] == [["auc", [0.7, 0.8]], ["loss", [0.5, "NaN"]]]
    assert told(answers, f"runs/{run.id}.js", f"since={data['version']}")[0] == "live.same"

    run.log_metric("loss", 0.1, step=3)
    time.sleep(0.2)  # it rests for a moment after each look
    assert told(answers, f"runs/{run.id}.js", f"since={data['version']}")[1]["steps"] == [1, 2, 3]


def test_its_page_says_the_main_thing_without_scripts(run, site):
    run.log_metric("loss", 0.25, step=7)
    run.set_tag("why", "</script><script>alert(1)</script>")

    page = live(site).answer(f"runs/{run.id}.html", "").data.decode()

    assert "wide &lt;b&gt;" in page
    assert "<script>alert" not in page
    assert "0.25" in page
    assert 'href="../../index.html"' in page
    assert 'http-equiv="refresh"' in page


def test_what_the_settings_hide_is_hidden_here_too(run, site):
    run.log_metrics({"profit_eur": 1.0, "auc": 0.7}, step=1)
    run.log_metrics({"profit_eur": 2.0, "auc": 0.8}, step=2)
    answers = live(site, Hide(params=["l*"], metrics=["profit*"], public=True))

    everything = b"".join(
        answers.answer(path, "").data
        for path in ("now.js", f"runs/{run.id}.js", f"runs/{run.id}.html")
    )

    assert b"auc" in everything
    assert b"profit" not in everything
    assert b"Ada" not in everything
    assert b"0.123454" not in everything


def test_a_run_that_has_ended_leads_to_its_page(project, site):
    answers = live(site)
    with gitrack.start_run("lstm-wide-20261123") as run:
        pass

    assert told(answers, f"runs/{run.id}.js") == ("live.ended", {"id": run.id, "page": None})
    (site / f"runs/{run.id}.html").write_text("there")
    assert told(answers, f"runs/{run.id}.js")[1]["page"] == f"runs/{run.id}.html"
    assert told(answers, "now.js")[1]["runs"] == []


@pytest.mark.parametrize(
    "path",
    ["", "runs/", "runs/x.html", "runs/../x.html", "../index.html", "run.html", "runs/a.b.html"],
)
def test_nothing_else_is_answered(project, site, path):
    assert live(site).answer(path, "") is None


def test_a_long_run_is_thinned_with_its_extremes(run, site):
    for step in range(3000):
        run.log_metric("loss", 99.0 if step == 1717 else 0.5, step=step)

    _, data = told(live(site), f"runs/{run.id}.js")

    assert data["of"] == 3000
    assert len(data["steps"]) <= 400
    assert 99.0 in data["curves"][0][1]
    assert data["steps"][-1] == 2999


def test_pages_get_what_they_need_as_they_are_sent_and_nothing_is_written(run, site):
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    server = Server(site)
    server.tell(live(site).answer)
    thread = threading.Thread(target=server.run, args=(lambda: None,))
    thread.start()
    try:
        status, page, headers = get(server, "/")
        assert status == 200
        assert b'<script defer src="/live/live.js"></script>' in page
        assert int(headers["Content-Length"]) == len(page)
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert b"live.js" not in get(server, "/files/left.html")[1]
        assert get(server, f"/live/runs/{run.id}.html")[0] == 200
        assert get(server, "/live/live.js")[2]["Content-Type"].startswith("text/javascript")
        assert get(server, "/live/../index.html")[0] == 404
        assert get(server, "/live/now.js", host="evil.example:80")[0] == 421
        assert get(server, "/live/now.js", method="HEAD")[:2] == (200, b"")
    finally:
        server.stop()
        thread.join(timeout=10)
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before


def test_settings_and_reports_renew_the_site_too(project, capsys):
    site = project / ".tracking/site"
    renew = Renewal(_Project, site)
    answers = renew.first(None)
    renew()
    assert answers.built == 0

    (project / ".tracking/config.yaml").write_text("site: {title: Late flights}\n")
    renew()
    assert answers.built == 1
    assert "<title>Late flights</title>" in (site / "index.html").read_text()

    (project / "reports").mkdir()
    (project / "reports/a.md").write_text("# A\n")
    renew()
    assert answers.built == 2

    (project / ".tracking/config.yaml").write_text("site: {titel: Late flights}\n")
    capsys.readouterr()
    renew()
    assert "error: the site was not built again" in capsys.readouterr().err
    assert answers.built == 2
