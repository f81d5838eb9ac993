"""What an experiment is held against, and what its page dares to say of it."""

import random

import msgspec
import pytest

from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample, dump_evaluation
from gitrack.model.measure import Measure
from gitrack.model.run import Run, RunBundle, Status
from gitrack.site import build_site
from gitrack.site.baseline import NoSides, project, sides
from gitrack.site.extras import Extras
from gitrack.site.goals import Goals
from gitrack.site.pages.group import Group
from gitrack.site.pages.verdict import verdict
from tests.site.flights import MadeStore, flights
from tests.site.registered import models

BASE, NEW = "xgb-baseline-20260901", "xgb-weather-20260905"


def run(number, experiment, auc, *, seed=None, tags=None, **params):
    day = experiment[-8:]
    return Run(
        id=f"{day}-0000{number:02}-aaaaaa",
        name=f"{experiment[:8]}-{number}",
        experiment=experiment,
        status=Status.FINISHED,
        started=f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:{number:02}.000Z",
        params=params,
        seeds={} if seed is None else {"numpy": seed},
        metrics={} if auc is None else {"test_auc": auc},
        tags=tags or {},
    )


def found(runs, name=NEW, known=()):
    groups = {}
    for one in runs:
        groups.setdefault(one.experiment, []).append(one)
    grouped = {key: Group(key, some, Goals()) for key, some in groups.items()}
    whole = project(grouped.values(), {one.id: one for one in runs}, known)
    return sides(grouped[name], whole)


def auc(some):
    return [one.metrics["test_auc"] for one in some]


def seeded(experiment, values, first=1, **params):
    return [run(first + i, experiment, v, seed=i, **params) for i, v in enumerate(values)]


def test_the_baseline_is_found_by_its_name():
    old = seeded(BASE, [0.70, 0.72, 0.71], depth=6)
    new = seeded(NEW, [0.75, 0.77], depth=8)

    both = found([*old, *new])

    assert (both.how, both.named) == ("name", BASE)
    assert auc(both.old) == [0.72, 0.71, 0.70]
    assert auc(both.new) == [0.77, 0.75]


def test_a_tag_names_an_experiment_or_a_run():
    other = seeded("linear-20260902", [0.6, 0.65], depth=1)
    old = seeded(BASE, [0.70], depth=6)
    by_experiment = run(1, NEW, 0.8, tags={"baseline": "linear-20260902"})
    by_run = run(1, NEW, 0.8, tags={"baseline": other[0].id})

    assert auc(found([*other, *old, by_experiment]).old) == [0.65, 0.6]
    assert auc(found([*other, *old, by_run]).old) == [0.6, 0.65]


def test_runs_may_be_the_baseline_of_their_own_experiment():
    runs = [
        *(msgspec.structs.replace(r, tags={"baseline": True}) for r in seeded(NEW, [0.7, 0.71])),
        *seeded(NEW, [0.8, 0.81], first=5, depth=3),
    ]

    both = found(runs)

    assert both.how == "flag"
    assert (auc(both.new), auc(both.old)) == ([0.81, 0.8], [0.71, 0.7])


def test_what_was_in_production_when_it_began_is_the_last_resort():
    bundles = flights()
    late = [model for model in models(bundles).models if model.name == "late-arrivals"]
    first = {version.version: version.run for version in late[0].versions}
    runs = [
        msgspec.structs.replace(one.run, experiment="trees-20260903")
        for one in bundles
        if one.run.id in first.values()
    ]
    new = run(1, "linear-20260915", None)
    new = msgspec.structs.replace(new, metrics={"test_auc_roc": 0.9})

    both = found([*runs, new], new.experiment, late)

    # promoted on the 12th, replaced on the 20th
    assert (both.how, both.named) == ("production", "late-arrivals v1")
    assert [one.id for one in both.old] == [first[1]]


def test_of_two_baselines_that_of_the_same_kind_counts_though_it_is_older():
    other = seeded("linear-baseline-20260903", [0.6], depth=1)
    old = seeded(BASE, [0.7], depth=6)

    assert found([*old, *other, run(1, NEW, 0.8)]).named == BASE
    assert found([*other, run(1, NEW, 0.8)]).named == "linear-baseline-20260903"


def test_what_waited_for_review_when_it_began_was_not_in_production():
    bundles = flights()
    (late,) = (one for one in models(bundles).models if one.name == "late-arrivals")
    waiting = {id: msgspec.structs.replace(p, draft=True) for id, p in late.promotions.items()}
    drafts = msgspec.structs.replace(late, promotions=waiting)
    ids = {version.run for version in late.versions}
    runs = [
        msgspec.structs.replace(one.run, experiment="trees-20260903")
        for one in bundles
        if one.run.id in ids
    ]
    new = msgspec.structs.replace(run(1, "linear-20260915", None), metrics={"test_auc_roc": 0.9})

    assert found([*runs, new], new.experiment, [late]) != NoSides()
    assert found([*runs, new], new.experiment, [drafts]) == NoSides()


@pytest.mark.parametrize("said", ["nobody-20260101", NEW, "20260905-000001-zzzzzz"])
def test_a_baseline_that_is_not_there_is_said_to_be_missing(said):
    assert found([run(1, NEW, 0.8, tags={"baseline": said})]) == NoSides(missing=said)


def test_a_baseline_has_none():
    assert found(seeded(BASE, [0.7]), BASE) == NoSides(is_baseline=True)


def test_the_same_seed_twice_is_one_replicate():
    old = [run(1, BASE, 0.7, seed=1), run(2, BASE, 0.7, seed=1), run(3, BASE, 0.71, seed=2)]

    both = found([*old, run(1, NEW, 0.8)])

    assert auc(both.old) == [0.71, 0.7]


def test_other_settings_data_or_an_end_that_was_none_are_no_replicates():
    failed = msgspec.structs.replace(run(4, BASE, 0.7, seed=9, depth=6), status=Status.FAILED)
    old = [*seeded(BASE, [0.70, 0.72], depth=6), run(3, BASE, 0.71, seed=5, depth=7), failed]

    assert auc(found([*old, run(1, NEW, 0.8)]).old) == [0.72, 0.70]


def losing(runs):
    """The same runs, and lower is better."""
    return [msgspec.structs.replace(r, metrics={"test_loss": r.metrics["test_auc"]}) for r in runs]


LOSS = Measure("test_loss", "minimize")


def test_where_less_is_better_less_is_ahead():
    old, less, more = run(1, BASE, 0.7), run(1, NEW, 0.6), run(1, NEW, 0.8)

    ahead = verdict(found(losing([old, less])), LOSS, None)
    behind = verdict(found(losing([old, more])), LOSS, None)

    assert ahead.headline == "Ahead of its baseline, but by one run each"
    assert ahead.difference == "-0.1"
    assert behind.headline == "Behind its baseline, but by one run each"


def test_where_less_is_better_the_least_is_the_best_and_less_for_sure_is_better():
    old = seeded(BASE, [0.70, 0.72, 0.71], depth=6)
    runs = losing([*old, *seeded(NEW, [0.62, 0.60, 0.61], depth=8)])

    both = found(runs)
    panel = verdict(both, LOSS, None)

    assert [one.metrics["test_loss"] for one in both.new] == [0.60, 0.61, 0.62]
    assert (panel.word, panel.headline) == ("better", "Better than its baseline")
    assert panel.compare == f"compare.html#runs={both.old[0].id},{both.new[0].id}"


def test_replicates_that_are_all_there_is_were_not_chosen_among_others():
    old, new = run(1, BASE, 0.7), seeded(NEW, [0.75, 0.77], depth=8)
    chosen = "was chosen by the same metric"

    alone = verdict(found([old, *new]), Measure("test_auc"), None)
    among = verdict(found([old, *new, run(7, NEW, 0.5, depth=3)]), Measure("test_auc"), None)

    assert not any(chosen in one for one in alone.cautions)
    assert any("The best of 3 runs" in one and chosen in one for one in among.cautions)


def page(tmp_path, runs, *, extras=None, files=None, name=NEW):
    bundles = [RunBundle(run=one, files=(files or {}).get(one.id, {})) for one in runs]
    build_site(MadeStore(bundles), tmp_path / "site", title="T", commit="c", extras=extras)
    return (tmp_path / f"site/experiments/{name}.html").read_text()


def test_replicates_make_a_verdict(tmp_path):
    old = seeded(BASE, [0.70, 0.72, 0.71, 0.705], depth=6)
    new = seeded(NEW, [0.75, 0.77, 0.76], depth=8)

    html = page(tmp_path, [*old, *new])

    assert "Better than its baseline" in html
    assert "0.7087 ± 0.00854" in html
    assert "3 and 4 runs that differ by their seeds" in html
    assert "better" in (tmp_path / "site/index.html").read_text()


def test_a_lead_within_the_spread_is_none(tmp_path):
    old = seeded(BASE, [0.70, 0.78, 0.74], depth=6)
    new = seeded(NEW, [0.73, 0.77, 0.79], depth=8)

    html = page(tmp_path, [*old, *new])

    assert "No clear difference from its baseline" in html
    assert "zero lies inside" in html


def test_one_run_each_is_said_to_be_little(tmp_path):
    html = page(tmp_path, [run(1, BASE, 0.7), *(run(i, NEW, 0.7 + i / 50, d=i) for i in (1, 2))])

    assert "Ahead of its baseline, but by one run each" in html
    assert "run both again with other seeds" in html
    assert "The best of 2 runs was chosen by the same metric" in html
    assert "do not say whether both were judged on the same data" in html


def test_without_a_baseline_the_page_says_how_to_name_one(tmp_path):
    html = page(tmp_path, [run(1, "linear-20260901", 0.7), run(1, NEW, 0.8)])

    assert 'tags={"baseline": "<bdi>linear-20260901</bdi>"}' in html.replace("&#34;", '"')


def evaluated(value, scores, cases="same"):
    chance = random.Random(1)
    truth = [float(chance.random() < 0.4) for _ in scores]
    sample = Sample(of=len(scores), picked="all", truth=truth, scores=scores)
    one = EvaluationSet(
        task="binary", cases=len(scores), cases_digest=cases, auc=value, sample=sample
    )
    return {"evaluation.json": dump_evaluation(Evaluation(sets={"predictions.parquet": one}))}


def test_scores_of_the_same_cases_make_a_paired_verdict(tmp_path):
    chance = random.Random(2)
    old, new = run(1, BASE, 0.7), run(1, NEW, 0.8)
    scores = [round(chance.random(), 4) for _ in range(50)]
    files = {old.id: evaluated(0.7, scores), new.id: evaluated(0.8, scores)}
    asked = []

    def paired(truth, one, other):
        asked.append((truth, one, other))
        return 0.1, 0.04, 0.16

    html = page(tmp_path, [old, new], files=files, extras=Extras(paired=paired))
    assert "Better than its baseline" in html
    assert "+0.04 to +0.16" in html
    assert "paired, on 50 cases that both were judged on" in html
    assert "nothing of the chance in training" in html
    assert [len(values) for values in asked[0]] == [50, 50, 50]

    files[old.id] = evaluated(0.7, scores, cases="others")
    html = page(tmp_path, [old, new], files=files, extras=Extras(paired=paired))
    assert "by one run each" in html

    files[old.id] = evaluated(0.65, scores)  # the predictions of something else
    html = page(tmp_path, [old, new], files=files, extras=Extras(paired=paired))
    assert "by one run each" in html


def test_an_evaluation_that_cannot_be_read_makes_no_verdict(tmp_path):
    old, new = run(1, BASE, 0.7), run(1, NEW, 0.8)
    files = {old.id: {"evaluation.json": b"[}"}, new.id: {}}

    html = page(tmp_path, [old, new], files=files, extras=Extras(paired=lambda *_: (0, 0, 0)))

    assert "by one run each" in html
