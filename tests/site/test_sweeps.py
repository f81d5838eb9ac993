"""A sweep's page, the list of all, and what one more run makes again."""

import re

import msgspec
import pytest

from gitrack.model.run import Run, RunBundle
from gitrack.model.sweep import Parameter, Sweep, SweepMetric
from gitrack.site import build_site
from gitrack.site.hiding.rules import Hide
from gitrack.site.hiding.sweeps import shown_sweep
from gitrack.site.links import slug
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.sweep import space, sweep_page_of, sweep_row, trials_of
from gitrack.store.sweeps import AllSweeps
from tests.site import sweeping
from tests.site.flights import MadeStore, flights

PAGE = f"sweeps/{sweeping.ID}.html"


def store(runs, sweeps=None):
    return MadeStore([*flights(), *runs], sweeps=sweeps or sweeping.sweeps(runs))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "site"
    build_site(store(sweeping.bundles()), folder, title="T", commit="c")
    return folder


def test_the_page_says_what_was_searched_and_found(built):
    html = (built / PAGE).read_text()
    text = re.sub(r"<[^>]+>", "", html)

    assert "60 of 80 runs" in text
    assert "54 finished" in text
    assert "6 failed" in text
    assert "0.001 to 0.3, log uniform values" in text
    assert "one of 4, 6, 8, 10, 12" in text
    assert "always 400" in text
    best = max(
        (b.run for b in sweeping.bundles() if b.run.metrics), key=lambda r: r.metrics["val_auc"]
    )
    row = re.search(r'<td class="num">1</td><th scope="row">.*?</th>', html)
    assert best.name in row[0]
    first = re.search(r'<tr><th scope="row"><bdi>(\w+)</bdi></th><td class="space">', html)
    assert first[1] == "learning_rate"
    assert html.count("data-run=") == 54 + 60  # a line each that has a result, a row each
    assert "../compare.html#runs=" in html


def test_the_list_leads_to_it_and_every_page_to_the_list(built):
    html = (built / "sweeps.html").read_text()

    assert f'href="{PAGE}"' in html
    assert "depth-and-rate" in html
    assert 'href="sweeps.html"' in (built / "index.html").read_text()


def test_a_trial_leads_to_its_sweep_and_no_other_run_does(built):
    link = f'trial of <a href="../{PAGE}"><bdi>depth-and-rate</bdi></a>'
    trials = {bundle.run.id for bundle in sweeping.bundles()}

    leading = {page.stem for page in (built / "runs").glob("*.html") if link in page.read_text()}

    assert leading == {slug(id) for id in trials}


def test_runs_belong_by_the_list_of_the_sweep_or_by_their_tag(built):
    runs = sweeping.bundles(4)
    sweep = sweeping.sweep(runs=[runs[0].run.id, "20200101-000000-gone00"])
    tagged = msgspec.structs.replace(runs[1].run, tags={"sweep": sweeping.ID})
    other = msgspec.structs.replace(runs[2].run, tags={"sweep": "another"})

    from gitrack.site.pages.sweep import trials_of

    found = trials_of([sweep], [runs[0].run, tagged, other])[sweeping.ID]

    assert [run.id for run in found.runs] == [runs[0].run.id, tagged.id]


def test_a_sweep_whose_runs_are_elsewhere_says_what_to_type(tmp_path):
    gone = AllSweeps(sweeps=(sweeping.sweep(runs=["20200101-000000-gone00"]),))
    none = AllSweeps(sweeps=(sweeping.sweep(),))

    build_site(store([], gone), tmp_path / "gone", title="T", commit="c")
    build_site(store([], none), tmp_path / "none", title="T", commit="c")

    assert "gitrack pull" in (tmp_path / "gone" / PAGE).read_text()
    assert f"<bdi>{sweeping.ID}</bdi>" in (tmp_path / "none" / PAGE).read_text()


def losing(**fields):
    """A sweep after the least loss, and runs of it by their numbers."""
    runs = [
        Run(
            id=f"20260910-12000{number}-aaaaaa",
            name=f"try {number}",
            experiment="e",
            started=f"2026-09-10T12:00:0{number}.000Z",
            metrics={} if loss is None else {"loss": loss},
        )
        for number, loss in enumerate((0.3, 0.1, None, 0.2))
    ]
    made = Sweep(
        id="losing",
        method="grid",
        metric=SweepMetric(name="loss", goal="minimize"),
        runs=[run.id for run in runs],
        **fields,
    )
    return made, runs


def test_where_less_is_better_the_least_is_the_best():
    made, runs = losing()

    trials = trials_of([made], runs)[made.id]

    assert trials.best == 1
    assert trials.ranked == [1, 3, 0]
    assert sweep_row(trials).value == "0.1"


def test_a_run_that_is_elsewhere_is_missed_though_another_came_by_its_tag():
    made, runs = losing()
    other = msgspec.structs.replace(runs[0], id="tagged", tags={"sweep": made.id})
    frame = Frame(title="T", branch="gitrack", hidden=None)

    page = sweep_page_of(frame, trials_of([made], [*runs[1:], other])[made.id])

    assert (page.count, page.missing) == (4, 1)


def test_what_is_hidden_is_in_no_sweep():
    hide = Hide(params=("learning_*",), metrics=("val_*",), public=True)

    shown = shown_sweep(sweeping.sweep(), hide)

    assert "learning_rate" not in shown.parameters
    assert (shown.metric.name, shown.command, shown.by) == ("", None, None)
    assert shown_sweep(sweeping.sweep(), Hide()) == sweeping.sweep()


def test_without_a_metric_the_page_still_stands(tmp_path):
    runs = sweeping.bundles(12)
    hide = Hide(metrics=("val_*",))

    build_site(store(runs), tmp_path / "site", title="T", commit="c", hide=hide)

    html = (tmp_path / "site" / PAGE).read_text()
    assert "val_auc" not in html
    assert "sweep-01" in html


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        (Parameter(value=None), "always –"),
        (Parameter(values=list(range(20))), "one of 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"),
        (Parameter(distribution="normal", mu=0.5), "around 0.5 ± 1, normal"),
        (Parameter(min=1, q=2), "1 to ∞, in steps of 2"),
        (Parameter(distribution="constant"), "constant"),
    ],
)
def test_spaces_in_words(parameter, said):
    assert space(parameter) == said


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def changed_pages(before, after):
    return {
        path
        for path in before.keys() | after.keys()
        if path.endswith(".html") and before.get(path) != after.get(path)
    }


def test_one_more_run_makes_its_sweep_and_the_list_again_and_no_other(tmp_path):
    runs = sweeping.bundles(20)
    other = Sweep(id="other", method="grid", metric=SweepMetric(name="test_f1"))
    other = msgspec.structs.replace(other, runs=[b.run.id for b in flights()[:3]])
    whole = sweeping.sweeps(runs)
    both = AllSweeps(sweeps=(other, *whole.sweeps))

    def build(some, folder, **options):
        build_site(store(some, both), tmp_path / folder, title="T", commit="c", **options)
        return files(tmp_path / folder)

    before = build(runs[:-1], "site", cache=tmp_path / "cache")
    after = build(runs, "site", cache=tmp_path / "cache")

    assert after == build(runs, "whole")
    pages = changed_pages(before, after)
    assert {PAGE, "sweeps.html", "index.html"} <= pages
    assert "sweeps/other.html" not in pages


def test_a_baseline_that_changes_changes_what_is_held_against_it(tmp_path):
    bundles = flights()
    base = next(b for b in bundles if "baseline" in b.run.experiment)
    metrics = {**base.run.metrics, "test_auc_roc": 0.99}
    better = RunBundle(run=msgspec.structs.replace(base.run, metrics=metrics), files=base.files)

    def build(some, folder, **options):
        build_site(MadeStore(some), tmp_path / folder, title="T", commit="c", **options)
        return files(tmp_path / folder)

    before = build(bundles, "site", cache=tmp_path / "cache")
    present = [better if b is base else b for b in bundles]
    after = build(present, "site", cache=tmp_path / "cache")

    assert after == build(present, "whole")
    weather = "experiments/xgboost-weather-features-20260905.html"
    assert weather in changed_pages(before, after)
    assert b"Behind its baseline" in after[weather]
