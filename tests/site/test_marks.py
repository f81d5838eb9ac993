"""The runs that stand out, for the comparison: known to its page, and seldom made again."""

import json

import msgspec
import pytest

from gitrack.model.registered import ModelVersion
from gitrack.model.run import RunBundle
from gitrack.site import build_site
from gitrack.site.pages.marks import marks
from gitrack.store.registry.whole import KnownModel
from tests.site.flights import MadeStore
from tests.site.registered import models

BASELINE, WEATHER = "xgboost-baseline-20260903", "xgboost-weather-features-20260905"


@pytest.fixture
def build(tmp_path, bundles):
    """Builds over what was built before; returns the page, the marks, and how much was made."""

    def make(present, registered=None, **options):
        site = tmp_path / "site"
        store = MadeStore(present, models=registered or models(bundles))
        report = build_site(store, site, title="T", cache=tmp_path / "cache", **options)
        text = (site / "data/marks.js").read_text()
        marks = json.loads(text.removeprefix("gitrack.marks(").removesuffix(");\n"))
        return (site / "compare.html").read_text(), marks, report

    return make


def better(bundle, value, **fields):
    metrics = {**bundle.run.metrics, "test_auc_roc": value}
    run = msgspec.structs.replace(bundle.run, metrics=metrics, **fields)
    return RunBundle(run=run, files=bundle.files)


def test_the_best_and_those_in_stages_are_marked(build, bundles):
    page, marks, _ = build(bundles)

    runs = {bundle.run.id: bundle.run for bundle in bundles}
    for experiment, metric, goal, best, name, value in marks["best"]:
        fellows = [run for run in runs.values() if run.experiment == experiment]
        assert (metric, goal) == ("test_auc_roc", "maximize")
        assert value == max(run.metrics.get(metric, 0) for run in fellows)
        assert (runs[best].metrics[metric], runs[best].name) == (value, name)
    assert [[model, stage, version] for model, stage, version, *_ in marks["stages"]] == [
        ["late-arrivals", "archived", 1],
        ["late-arrivals", "production", 2],
        ["late-arrivals", "staging", 3],
    ]
    assert "production of" in page
    assert "archived of" not in page
    assert 'href="#runs=@production:late-arrivals,@staging:late-arrivals"' in page
    assert f'href="#runs=@production:late-arrivals,@best:{WEATHER}"' in page


def test_of_versions_in_one_stage_the_one_that_came_last_is_first(bundles):
    one, other = bundles[0].run, bundles[1].run
    versions = tuple(
        ModelVersion(version=number, run=run.id, created=run.started, by="Ada")
        for number, run in ((1, one), (2, other))
    )
    model = KnownModel(name="m", versions=versions, stages={"production": [1, 2]})

    found = marks([], [model], {one.id: one, other.id: other})

    assert [mark.version for mark in found.stages] == [2, 1]


def test_one_more_run_changes_the_page_only_when_it_stands_out(build, bundles):
    weather = next(b for b in bundles if b.run.experiment == WEATHER)
    page, marks, _ = build(bundles)

    worse = better(weather, 0.1, id="20261101-000000-aaaaaa", name="worse")
    again, marks_again, _ = build([*bundles, worse])
    assert (again, marks_again) == (page, marks)

    best = better(weather, 0.999, id="20261102-000000-bbbbbb", name="the <b>best</b>")
    changed, marked, _ = build([*bundles, worse, best])
    assert "the &lt;b&gt;best&lt;/b&gt;" in changed
    assert [WEATHER, best.run.id] in [[mark[0], mark[3]] for mark in marked["best"]]


def test_without_runs_the_page_says_how_to_begin(build):
    page, marks, _ = build([])

    assert marks == {"best": [], "stages": []}
    assert "gitrack run -- python train.py" in page
