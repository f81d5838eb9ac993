"""What a run's page says without any script: its curves, its predictions, its files."""

from __future__ import annotations

import html
import json
import math
import re

import msgspec
import pytest

from gitrack.model.evaluation import (
    Confusion,
    Evaluation,
    EvaluationSet,
    Residuals,
    dump_evaluation,
)
from gitrack.model.history import History
from gitrack.model.run import Artifact, RunBundle
from gitrack.site import Goals, Hide, build_site, scripts
from gitrack.site.drawing.lines import curves, family, path, thinned
from gitrack.site.drawing.scale import Scale
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.group import Group
from gitrack.site.pages.run import Files, run_page
from gitrack.site.places import places
from gitrack.site.render import Renderer
from gitrack.store.made import AllVersions
from tests.site.flights import MadeStore, flights

JUDGED = Evaluation(
    sets={
        "<i>test</i>.parquet": EvaluationSet(
            task="binary",
            cases=1000,
            cases_digest="d",
            positives=250,
            roc=[(0, 0), (0.2, 0.9), (1, 1)],
            auc=0.85,
            pr=[(0.5, 1), (1, 0.25)],
            ap=0.7,
            calibration=[(0.1, 0.05, 700), (0.8, 0.9, 300)],
            confusion=Confusion(
                labels=["no", "<b>yes"], counts=[[700, 50], [40, 210]], threshold=0.5
            ),
        ),
        "late.parquet": EvaluationSet(
            task="regression",
            cases=9,
            cases_digest="d",
            rmse=1.5,
            residuals=Residuals(edges=[-1, 0, 1], counts=[4, 5]),
        ),
    }
)


DOCUMENT = (
    b'<base href="https://evil.example"><h1 onclick="x()">Report</h1><link rel=preconnect '
    b'href=//evil.example><meta http-equiv=refresh content="0;url=//evil.example">'
    b'"><script>alert(1)</script></iframe><script>alert(2)</script>'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Runs of which the first one left predictions and a document."""
    first, *others = flights()
    files = {"evaluation.json": dump_evaluation(JUDGED), "artifacts/report.html": DOCUMENT}
    mine = RunBundle(run=first.run, files={**first.files, **files})
    folder = tmp_path_factory.mktemp("run-page") / "site"
    build_site(MadeStore([mine, *others]), folder, title="T", commit="c")
    return folder


@pytest.fixture(scope="module")
def page(site):
    """That run's page."""
    return (site / f"runs/{flights()[0].run.id}.html").read_text()


def test_curves_are_in_the_page(page):
    drawn = page.partition('id="run-curves"')[2].partition("</section>")[0]
    assert drawn.count('class="line') >= 2
    assert 'class="tick y"' in drawn


def test_thinned_curves_say_so_and_every_step_is_one_click_away(tmp_path):
    (bundle, *_) = flights()
    history = History(
        steps=list(range(300)),
        times=[float(step) for step in range(300)],
        columns={"loss": [math.sin(step) for step in range(300)]},
    )
    sample = msgspec.structs.replace(history, sampled_from=250_000)
    whole = Artifact(path="history.parquet", md5="d" * 32, size=10**6, store="dvc", kind="history")
    long = msgspec.structs.replace(bundle.run, id="20260101-000000-long01", artifacts=[whole])
    runs = [
        RunBundle(run=bundle.run, files={"history.tsv": history.to_tsv().encode()}),
        RunBundle(run=long, files={"history.tsv": sample.to_tsv().encode()}),
    ]

    build_site(MadeStore(runs), tmp_path / "site", title="T")

    def section(run):
        text = (tmp_path / f"site/runs/{run.id}.html").read_text()
        return text.partition('id="curves"')[2].partition("</section>")[0]

    here = section(bundle.run)
    assert "thinned, with the lowest and the highest of every stretch" in here
    assert ">Every step, zoom, smoothing</button>" in here
    elsewhere = section(long)
    assert "300 of 250,000 steps, the lowest and the highest of each metric among them" in elsewhere
    assert ">Zoom, smoothing</button>" in elsewhere
    assert "<summary>All 250,000 steps</summary>" in elsewhere
    assert "gitrack artifact get runs:/20260101-000000-long01/history.parquet" in elsewhere


def test_predictions_are_in_the_page(page):
    section = page.partition('id="judged"')[2].partition("</section>")[0]
    for told in ("ROC", "AUC 0.85", "Precision and recall", "Calibration", "Confusion", "Errors"):
        assert told in section
    assert "&lt;i&gt;test&lt;/i&gt;.parquet" in section
    assert "<b>yes" not in section
    assert re.findall(r'<td class="(?:right|wrong)" style="--share:([\d.]+)">', section) == [
        *("0.93", "0.07", "0.16", "0.84")
    ]


def test_an_evaluation_that_is_none_is_a_fault_and_no_more(tmp_path):
    (bundle, *_) = flights()
    files = {**bundle.files, "evaluation.json": b'{"format":2,"sets":{}}'}

    report = build_site(
        MadeStore([RunBundle(run=bundle.run, files=files)]), tmp_path / "site", title="T"
    )

    assert [fault.path.rpartition("/")[2] for fault in report.faults] == ["evaluation.json"]
    assert 'id="judged"' not in (tmp_path / f"site/runs/{bundle.run.id}.html").read_text()


def test_html_of_a_run_is_held_in_a_frame(site, page):
    (held,) = (site / "documents").rglob("*.html")
    text = held.read_text()
    assert str(held.relative_to(site)) in page
    source = re.search(
        r'<iframe class="document" sandbox="" title="report.html" srcdoc="([^"]*)">', text
    )
    shown = html.unescape(source[1])
    assert "Report</h1>" in shown
    assert not re.search(r"<(base|link|meta|script)|\son\w+=", shown)
    assert text.count("</iframe>") == 1
    assert "alert(2)" not in re.sub(r'srcdoc="[^"]*"', "", text)


def test_packages_are_a_file_that_runs_share(site, page):
    listed = [path.read_text() for path in (site / "files/packages").iterdir()]
    assert 0 < len(listed) < 12
    assert all("numpy==" in text for text in listed)
    assert "numpy==" not in page
    assert re.search(r'href="\.\./files/packages/[0-9a-f]+\.txt"', page)


def test_places_of_the_best_are_exact_and_of_others_about():
    one = flights()[0].run
    runs = [
        msgspec.structs.replace(
            one,
            id=f"20260101-000000-{number:06d}",
            metrics={"test_auc": number / 400, "odd": 1.0, "nan_auc": math.nan},
        )
        for number in range(400)
    ]

    script = scripts.call("places", places(Group("e", runs, Goals())))

    told = {name: rest for name, *rest in json.loads(script[15:-3])}
    best, marks, count = told["test_auc"]
    assert best[:2] == [399 / 400, 398 / 400]
    assert count == 400
    assert all(value == (400 - place) / 400 for value, place in marks)
    assert len(script) < 4_000
    assert told["nan_auc"] == [[], [], 0]


def test_where_less_is_better_the_least_comes_first():
    one = flights()[0].run
    runs = [
        msgspec.structs.replace(one, id=f"20260101-000000-{n:06d}", metrics={"loss": value})
        for n, value in enumerate((0.3, 0.1, 0.2))
    ]

    assert places(Group("e", runs, Goals())) == [["loss", [0.1, 0.2, 0.3], [], 3]]


def test_thin_lines_keep_what_stands_out():
    points = [(float(i), math.sin(i / 50)) for i in range(5000)]
    points[1234] = (1234.0, 9.0)
    points[4000] = (4000.0, -9.0)

    kept = thinned(points)

    assert len(kept) <= 122
    assert {points[0], points[1234], points[4000], points[-1]} <= set(kept)
    assert list(kept) == sorted(kept)
    assert thinned(points[:100]) == points[:100]


def test_a_path_tells_the_way_from_point_to_point():
    unit = Scale(0, 1)

    assert path([(0, 0), (0.5, 1), (1, 0.25)], unit, unit) == "M0 1000l500-1000 500 750"


@pytest.mark.parametrize(
    ("name", "of"), [("val_loss", "loss"), ("train/auc", "auc"), ("validity", "validity")]
)
def test_the_part_of_the_data_is_not_the_metric(name, of):
    assert family(name) == of


def test_what_does_not_move_or_is_no_number_is_not_drawn():
    history = History(
        steps=[0, 1, 2],
        times=[None] * 3,
        columns={
            "a": [1.0, None, None],
            "b": [math.nan] * 3,
            "c": [2, 2, 2],
            "d": [1e308, -1e308, 0],
        },
    )

    drawn = curves(history, ["a", "b", "c", "d"])

    assert [one.title for one in drawn] == ["c", "d"]
    assert not any(
        word in line.path for one in drawn for line in one.lines for word in ("nan", "inf")
    )


class _Row:
    """A metric's row that counts how often its curve is asked for."""

    asked = 0

    def __init__(self, row):
        self._row = row

    def __getattr__(self, name):
        _Row.asked += name == "curve"
        return getattr(self._row, name)


def _page_of(**fields):
    run = msgspec.structs.replace(flights()[0].run, **fields)
    group = Group("e", [run], Goals())
    frame = Frame(title="T", branch="gitrack", hidden=None)
    return run_page(
        frame, run, Files(), group, folder="runs/e", versions=AllVersions(), ids={run.id}
    )


def test_thousands_of_metrics_are_not_asked_for_their_curves_by_each_other():
    page = _page_of(metrics={f"class_{number}": 0.5 for number in range(300)})
    counted = msgspec.structs.replace(page, metrics=tuple(map(_Row, page.metrics)))
    path = f"runs/{page.run.id}.html"

    text = Renderer().page("run.html", counted, path)

    assert text == Renderer().page("run.html", page, path)
    assert _Row.asked <= 2 * len(page.metrics)


def test_changes_that_runs_share_are_kept_once_and_not_where_no_code_is_shown(tmp_path, bundles):
    dirty = [bundle for bundle in bundles if "code.patch" in bundle.files]
    other = msgspec.structs.replace(
        dirty[1], files={**dirty[1].files, "code.patch": b"diff --git a/x b/x\n+one\n"}
    )
    some = [one if one is not dirty[1] else other for one in bundles]
    for hide in (Hide(), Hide(patches=True)):
        build_site(MadeStore(some), tmp_path, title="T", hide=hide)
        kept = list(tmp_path.glob("data/patches/*.js"))
        told = {
            path
            for bundle in dirty
            for path in re.findall(
                r"data/patches/\w+\.js",
                (tmp_path / f"data/runs/{bundle.run.id}.js").read_text("utf-8"),
            )
        }
        assert told == {path.relative_to(tmp_path).as_posix() for path in kept}
        assert len(kept) == (0 if hide.patches else 2)
        assert len(dirty) > 2


def test_a_run_leads_to_the_runs_within_it_and_they_to_it(tmp_path):
    whole, one, alone = flights()[:3]
    inner = msgspec.structs.replace(one, run=msgspec.structs.replace(one.run, parent=whole.run.id))
    build_site(MadeStore([whole, inner, alone]), tmp_path, title="T", commit="c")

    def page(bundle):
        return (tmp_path / f"runs/{bundle.run.id}.html").read_text("utf-8")

    within = f'href="../runs.html#filter=parent%20%3D%20%27{whole.run.id}%27">runs within it<'
    assert within in page(whole)
    assert f'part of <a href="../runs/{whole.run.id}.html">' in page(inner)
    assert all("runs within it" not in page(other) for other in (inner, alone))


def test_results_stand_before_what_else_was_measured():
    names = ["best_iteration", "fit_seconds", "train/auc", "val/auc", "val/loss", "system.cpu"]
    run = msgspec.structs.replace(flights()[0].run, metrics=dict.fromkeys(names, 0.5))
    page = run_page(
        Frame(title="T", branch="gitrack"),
        run,
        Files(),
        Group(run.experiment, [run], Goals()),
        folder="runs/x",
        versions=AllVersions(),
        ids={run.id},
    )
    told = ["val/auc", "val/loss", "best_iteration", "fit_seconds"]
    assert [one.name for one in page.headlines] == told
    assert [row.name for row in page.metrics] == [*told, "train/auc"]


@pytest.mark.parametrize(
    ("count", "folded"), [(1000, None), (1001, "801 more"), (5200, "5,000 more")]
)
@pytest.mark.parametrize(("section", "value"), [("params", 3), ("tags", "x"), ("metrics", 0.25)])
def test_thousands_of_lines_are_folded_and_all_there(section, value, count, folded):
    page = _page_of(**{section: {f"own_{number}": value for number in range(count)}})

    text = Renderer().page("run.html", page, f"runs/{page.run.id}.html").decode()

    shown = text.partition(f'id="{section}"')[2].partition("</section>")[0]
    assert [f"<bdi>own_{number}</bdi>" in shown for number in range(count)] == [True] * count
    outside = shown.partition("<details")[0]
    assert outside.count("<bdi>own_") == (count if folded is None else 200)
    assert (f"<summary>{folded}</summary>" in shown) == (folded is not None)
