"""Models through time: who stood where when, cards, trends, what waits, and the audit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gitrack.model.measure import Measure
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Code, Dataset, Run, RunBundle
from gitrack.site import Hide, build_site
from gitrack.site.drawing.rounded import round_numbers, ticks
from gitrack.site.drawing.trend import Point, Step, steps, trend
from gitrack.site.extras import Extras
from gitrack.site.goals import Goals
from gitrack.site.pages.group import Group
from gitrack.site.pages.timeline import timeline_view
from gitrack.site.pages.trends import experiment_trend, production_data, production_trend
from gitrack.store.registry.whole import AllModels, KnownModel
from gitrack.store.timeline import StageChange
from tests.site.flights import MadeStore
from tests.site.past import changes, extras
from tests.site.registered import JANE, NAME, models

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def built(folder: Path, bundles: list[RunBundle], hide: Hide | None = None, **more) -> Path:
    store = MadeStore(bundles, models=models(bundles))
    given = {"extras": extras(bundles), **more}
    build_site(store, folder, title="T", commit="c", hide=hide, **given)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory, bundles) -> Path:
    return built(tmp_path_factory.mktemp("past") / "site", bundles)


def text_of(page: Path) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.read_text("utf-8")).split())


def change(day: float, before: list[int], after: list[int], stage: str = "production", **more):
    return StageChange(
        when=BEGAN + timedelta(days=day),
        commit=f"{int(day * 100):040x}",
        model="m",
        stage=stage,
        before=before,
        after=after,
        **more,
    )


def stays_of(*given: StageChange):
    view = timeline_view(KnownModel(name="m"), given, {})
    return view, [
        (stay.stage, stay.version, stay.begin.iso[:10], stay.end and stay.end.iso[:10], stay.row)
        for lane in view.lanes
        for stay in lane.stays
    ]


# -- who stood where when -----------------------------------------------------------------


def a_run(number: int, **fields) -> Run:
    return Run(
        id=f"20260301-00000{number}-aaaaaa",
        name=f"run {number}",
        experiment="e",
        started=f"2026-03-01T00:00:0{number}.000Z",
        **fields,
    )


def a_version(number: int, run: Run) -> ModelVersion:
    return ModelVersion(version=number, run=run.id, created=run.started, by=JANE)


def test_a_version_stays_until_it_leaves_and_may_come_again():
    view, stays = stays_of(
        change(0, [], [1]), change(10, [1], [2]), change(20, [2], [1]), change(30, [1], [1, 3])
    )

    assert stays == [
        ("production", 1, "2026-03-01", "2026-03-11", 0),
        ("production", 2, "2026-03-11", "2026-03-21", 0),
        ("production", 1, "2026-03-21", None, 0),
        ("production", 3, "2026-03-31", None, 1),
    ]
    assert view.lanes[0].rows == 2
    assert view.changed.iso == "2026-03-31T00:00:00.000Z"
    first, *_, last = view.lanes[0].stays
    assert (first.left, last.left) == ("0.000", "94.340")
    assert float(last.left) + float(last.width) == pytest.approx(100, abs=0.01)


def test_what_made_a_version_come_is_told_whoever_did_it():
    view, _ = stays_of(
        change(0, [], [1], promotion="20260301T000000Z-v1-production"),
        change(1, [1], [], reverts="20260301T000000Z-v1-production"),
        change(2, [], [2]),
        change(3, [2], [], fault="it is no YAML"),
    )
    one, two = view.lanes[0].stays

    assert (one.came.how, one.went.how) == ("promoted", "taken back")
    assert (two.came.how, two.went.how) == ("changed by hand", "its file cannot be read")


def test_what_a_run_wrote_is_none_of_the_data_it_was_made_of():
    data = [
        Dataset(name="rows", role="train", version="3"),
        Dataset(name="rows", role="test", dvc="md5:0123456789abcdef"),
        Dataset(name="scores", role="output", version="1"),
    ]
    one = a_run(1, data=data)
    model = KnownModel(name="m", versions=(a_version(1, one),))

    (stay,) = timeline_view(model, [change(0, [], [1])], {one.id: one}).lanes[0].stays

    assert stay.data == ("rows 3", "rows 01234567")


def test_the_archive_is_no_place_to_stand():
    assert timeline_view(KnownModel(name="m"), [change(0, [], [1], "archived")], {}) is None
    assert timeline_view(KnownModel(name="m"), [], {}) is None


def test_a_change_at_the_end_of_all_calendars_is_drawn():
    late = change(0, [], [1])
    late = msgspec.structs.replace(late, when=datetime.max.replace(tzinfo=UTC))

    view = timeline_view(KnownModel(name="m"), [change(0, [], [2]), late], {})

    assert view.last.iso.startswith("9999")


def test_the_page_says_it_without_scripts(made, bundles):
    text = text_of(made / f"models/{NAME}.html")
    run = bundles[1].run

    assert "v2 production 2026-09-22 15:40 UTC still there rolled back by Ravi Patel" in text
    assert "2026-09-20 09:00 UTC 2026-09-22 03:12 UTC after 1 d 18 h" in text
    assert f"{run.name} {run.code.commit[:12]}" in text
    html = (made / f"models/{NAME}.html").read_text("utf-8")
    assert len(re.findall(r'class="stay', html)) >= 7


def test_without_a_timeline_the_page_goes_without(tmp_path, bundles):
    html = (built(tmp_path / "s", bundles, extras=Extras()) / f"models/{NAME}.html").read_text()

    assert "data-timeline" not in html
    assert "timeline.js" not in html


def test_the_card_is_that_of_the_version_in_production(made, bundles):
    text = text_of(made / f"models/{NAME}.html")
    card = text[text.index("Model card of v2 in production") : text.index("Versions Version Run")]

    assert "Depth 6, with weather at the origin." in card
    assert bundles[1].run.name in card
    assert f"commit {bundles[1].run.code.commit[:12]}" in card
    for name in bundles[1].run.params:
        assert name in card


def test_a_promotion_says_how_it_came_to_the_branch(made):
    text = text_of(made / f"models/{NAME}.html")

    assert "pull request #12" in text
    assert "approved by Ravi Patel" in text
    assert "judged again the gates say the same" in text


# -- models and what waits ----------------------------------------------------------------


@pytest.mark.parametrize("page", ["models.html", "index.html"])
def test_what_waits_for_review_says_which_gates_are_open(made, page):
    text = text_of(made / page)

    assert "late-arrivals v3 to production draft promote/late-arrivals-v3-production" in text
    assert "1 of 3 gates passed, 1 failed, 1 waiting" in text
    assert "failed shadow-mode for 7 days : 2 of 7 days" in text
    assert "waiting 2 approvals : 0" in text


def test_without_models_the_page_says_how_to_get_one(tmp_path, bundles):
    build_site(MadeStore(bundles[:2]), tmp_path / "s", title="T", commit="c")

    assert "gitrack model register" in text_of(tmp_path / "s/models.html")
    assert 'href="models.html"' in (tmp_path / "s/index.html").read_text()


# -- the audit ------------------------------------------------------------------------------


def test_the_audit_says_the_worst_first_and_leads_on(made, bundles):
    text = text_of(made / "audit.html")
    html = (made / "audit.html").read_text("utf-8")

    assert "The record was changed 1 sign of tampering, 1 thing to be explained." in text
    assert text.index("Tampering 1") < text.index("Suspicious 1") < text.index("Remark 1")
    assert f'href="runs/{bundles[0].run.id}.html"' in html
    assert "late-arrivals v2 back to production" in text
    assert re.search(r'href="models/late-arrivals\.html#p-2026\w+-v1-staging"', html)


def test_a_clean_audit_says_so(tmp_path, bundles):
    clean = extras(bundles, found=lambda audit: msgspec.structs.replace(audit, findings=[]))

    text = text_of(built(tmp_path / "s", bundles, extras=clean) / "audit.html")

    assert "Nobody changed the record" in text


def test_without_an_audit_there_is_no_page_of_it(tmp_path, bundles):
    site = built(tmp_path / "s", bundles, extras=Extras())

    assert not (site / "audit.html").exists()
    assert "audit.html" not in (site / "index.html").read_text()


def test_a_public_site_names_nobody_in_any_of_it(tmp_path, bundles):
    site = built(tmp_path / "s", bundles, Hide(public=True))

    for name in ("audit.html", "models.html", "trends.html", f"models/{NAME}.html", "index.html"):
        html = (site / name).read_text("utf-8")
        for word in ("Jane", "Ravi", "jane.smith@", "ravi@"):
            assert word not in html, (name, word)


def test_a_finding_that_names_what_is_hidden_says_only_its_kind(tmp_path, bundles):
    site = built(tmp_path / "s", bundles, Hide(metrics=["test_f1"]))

    text = text_of(site / "audit.html")
    assert "test_f1" not in text
    assert "0.9" not in text
    assert "something that this site leaves out: changed-run" in text
    assert "test_f1" not in (site / "trends.html").read_text()
    assert "test_f1" not in (site / "data/production.js").read_text()
    for path in (site / "data/trends").iterdir():
        assert "test_f1" not in path.read_text()


# -- trends ---------------------------------------------------------------------------------


def test_trends_say_what_served_and_how_experiments_went(made, bundles):
    text = text_of(made / "trends.html")
    value = bundles[1].run.metrics["test_auc_roc"]

    assert f"late-arrivals {value:.4g} test_auc_roc ↑" in text
    commit = bundles[1].run.code.commit[:12]
    assert f"v2 {value:.4g} {commit} 2026-09-22 15:40 UTC still there" in text
    for name in {bundle.run.experiment for bundle in bundles}:
        assert name in text
    html = (made / "trends.html").read_text("utf-8")
    assert html.count('class="drawing') == 1 + len({b.run.experiment for b in bundles})


def test_what_served_is_the_one_that_came_last_and_is_held_against_the_one_before():
    runs = [a_run(number, metrics={"loss": value}) for number, value in ((1, 0.5), (2, 0.25))]
    model = KnownModel(name="m", versions=(a_version(1, runs[0]), a_version(2, runs[1])))
    came = [change(0, [], [1]), change(10, [1], [1, 2])]
    known = {run.id: run for run in runs}

    trend = production_trend(model, came, known, Goals())

    assert [one.version for one in trend.served] == [2, 1]
    assert (trend.now, trend.change, trend.better) == ("0.25", "-0.25", True)
    _, stays, metrics = production_data(model, came, known, Goals())
    assert [version for version, _, _ in stays] == [1, 2]
    assert stays[0][2] == stays[1][1] == stays[0][1] + 10 * 86_400
    assert metrics == [["loss", "minimize", [0.5, 0.25]]]


def test_what_computing_is_off_by_is_no_change():
    values = ((1, 0.9999999999999999), (2, 1.0))
    runs = [a_run(number, metrics={"auc": value}) for number, value in values]
    model = KnownModel(name="m", versions=(a_version(1, runs[0]), a_version(2, runs[1])))
    came = [change(0, [], [1]), change(10, [1], [2])]

    trend = production_trend(model, came, {run.id: run for run in runs}, Goals())

    assert trend.change is None
    assert [mark.text for mark in trend.drawing.y] == ["0.95", "1.00", "1.05"]


def test_a_commit_is_a_record_where_it_beats_all_before_it():
    values = [(1, 0.5), (2, 0.6), (3, 0.45), (4, 0.45), (5, 0.3)]
    runs = [
        a_run(number, metrics={"loss": value}, code=Code(commit=f"{number:040x}"))
        for number, value in values
    ]

    trend = experiment_trend(Group("e", runs, Goals()))

    # the newest first; the first one beats nobody
    assert [row.record for row in trend.commits] == [True, False, True, False, False]
    assert trend.best == "0.3"


def test_one_run_is_no_trend(tmp_path, bundles):
    build_site(MadeStore(bundles[:1]), tmp_path / "s", title="T", commit="c")
    text = text_of(tmp_path / "s/trends.html")

    assert "No trend yet" in text
    assert bundles[0].run.experiment in text


def test_a_trend_keeps_every_extreme_and_the_record():
    points = [Point(float(i), 0.5, "finished") for i in range(5000)]
    points[1234] = Point(1234.0, 0.9, "finished")
    points[4321] = Point(4321.0, 0.1, "failed")

    drawn = trend(points, Measure("auc", "maximize"))

    assert sum(dots.path.count("M") for dots in drawn.dots) < 300
    ys = [int(y) for dots in drawn.dots for y in re.findall(r"M\d+ (\d+)h0", dots.path)]
    assert (min(ys), max(ys)) == (54, 946)
    assert drawn.best.endswith(" 54h0")


def test_what_served_has_gaps_where_nothing_did():
    drawn = steps([Step(0, 10_000, 0.5), Step(10_000, 20_000, 0.6), Step(50_000, 60_000, 0.4)])

    assert drawn.stair.count("M") == 2
    assert drawn.stair.count("V") == 1
    assert steps([Step(0, 1, float("nan"))]) is None


def test_whatever_a_metric_is_a_trend_is_drawn_or_not(tmp_path, bundles):
    odd = [float("nan"), float("inf"), 1e308, -1e308, 0, 5e-324]
    strange = [
        RunBundle(
            run=msgspec.structs.replace(
                bundle.run, metrics={"test_auc_roc": value}, started="9999-12-31T23:59:59.999Z"
            )
        )
        for bundle, value in zip(bundles, odd, strict=False)
    ]

    build_site(MadeStore(strange), tmp_path / "s", title="T", commit="c")

    assert "NaN" not in re.sub(r"<script.*?</script>", "", (tmp_path / "s/trends.html").read_text())


# -- axes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0.001, 0.02, 0.4, 3, 20, 90, 400, 4000, 300_000])
def test_an_axis_of_time_has_some_round_dates(days):
    begin = BEGAN + timedelta(hours=7, minutes=33, seconds=50)
    marks = ticks(begin, begin + timedelta(days=days))

    assert 1 <= len(marks) <= 9
    assert all(0 <= float(mark.place) <= 100 for mark in marks)
    assert len({mark.text for mark in marks}) == len(marks)


def test_round_numbers_lie_within_their_bounds():
    assert round_numbers(0.0, 1.0) == [0.0, 0.2, 0.4, pytest.approx(0.6), 0.8, 1.0]
    assert round_numbers(3, 3) == [3]
    assert round_numbers(float("nan"), 1) == []
    assert all(-1e308 <= one <= 1e308 for one in round_numbers(-1e308, 1e308))


# -- made again only when it has to be --------------------------------------------------------


def test_a_build_after_a_change_has_the_bytes_of_a_full_one(tmp_path, bundles):
    def build(some, known, told, *, cache: bool):
        site = tmp_path / ("site" if cache else f"full-{len(list(tmp_path.iterdir()))}")
        store = MadeStore(some, models=AllModels(models=tuple(known)))
        more = {"cache": tmp_path / "cache"} if cache else {}
        report = build_site(store, site, title="T", commit=str(len(some)), extras=told, **more)
        return report, {
            str(path.relative_to(site)): path.read_bytes()
            for path in site.rglob("*")
            if path.is_file()
        }

    every, full = models(bundles).models, extras(bundles)
    later = {known.name: changes(known)[:-1] for known in every}
    story = [
        (bundles, every, full),
        (bundles[:-1], every, full),
        (bundles, every, msgspec.structs.replace(full, waiting=lambda: [])),
        (bundles, every, msgspec.structs.replace(full, stages=lambda name: later[name])),
        (bundles, every, msgspec.structs.replace(full, audit=None)),
        (bundles, every[:1], full),
        (bundles, (), msgspec.structs.replace(full, stages=None)),
        (bundles, every, full),
    ]
    for some, known, told in story:
        _, quick = build(some, known, told, cache=True)
        _, whole = build(some, known, told, cache=False)
        assert quick == whole


def test_one_more_run_leaves_models_and_the_audit_alone(tmp_path, bundles):
    def build(some):
        store = MadeStore(some, models=models(bundles))
        build_site(
            store, tmp_path / "s", title="T", commit=str(len(some)), extras=extras(bundles),
            cache=tmp_path / "cache",
        )  # fmt: skip
        return {
            path.name: path.stat().st_ino
            for path in [*(tmp_path / "s").glob("*.html"), *(tmp_path / "s/models").iterdir()]
        }

    # the last one is of no version, and no finding speaks of it
    before, after = build(bundles[:-1]), build(bundles)

    for name in ("models.html", "audit.html", f"{NAME}.html", "early-departures.html"):
        assert before[name] == after[name], name
    assert JANE not in (tmp_path / "s/audit.html").read_text()
