"""What a page takes from others is an input of it: when they change alone, it is made again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gitrack.config.views import NamedView, View
from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample, dump_evaluation
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Artifact, Run, RunBundle, Status, Use
from gitrack.model.sweep import Sweep, SweepMetric
from gitrack.site import build_site
from gitrack.site.extras import Extras
from gitrack.store.made import AllVersions, Made
from gitrack.store.registry.whole import AllModels, KnownModel
from gitrack.store.sweeps import AllSweeps
from tests.site import past, registered
from tests.site.flights import MadeStore

ADA = "Ada Example <ada@example.com>"


def a_run(day: int, experiment: str = "trees", auc: float = 0.5, **fields) -> Run:
    known = {"metrics": {"test_auc": auc}, "status": Status.FINISHED, "name": f"run {day}"}
    return Run(
        id=f"202603{day:02}-000000-aaaaaa",
        experiment=experiment,
        started=f"2026-03-{day:02}T00:00:00.000Z",
        **{**known, **fields},
    )


def store(*runs: Run, files=None, **more) -> MadeStore:
    files = files or {}
    return MadeStore([RunBundle(run=one, files=files.get(one.id, {})) for one in runs], **more)


def model(*runs: Run, **fields) -> AllModels:
    """Versions of these runs, numbered from 1."""
    versions = tuple(
        ModelVersion(version=number, run=one.id, created=one.started, by=ADA)
        for number, one in enumerate(runs, 1)
    )
    return AllModels(models=(KnownModel(name="churn", versions=versions, **fields),))


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def again(tmp_path):
    """Builds one store over another; the pages are those of a build of the second one alone.

    Gives the pages, other than those of all runs, that are not as they were.
    """

    def build(before: MadeStore, after: MadeStore, was=None, now=None) -> set[str]:
        site, cache, whole = tmp_path / "site", tmp_path / "cache", tmp_path / "whole"
        build_site(before, site, title="T", cache=cache, extras=was)
        first = files_of(site)
        build_site(after, site, title="T", cache=cache, extras=now)
        build_site(after, whole, title="T", extras=now)
        found = files_of(site)
        assert found == files_of(whole)
        return {path for path in found if first.get(path, found[path]) != found[path]}

    return build


ONE, TWO, THREE, FOUR = (a_run(day, auc=0.5 + day / 100) for day in (1, 2, 3, 4))


def page(run: Run) -> str:
    return f"runs/{run.id}.html"


def test_a_run_says_what_became_of_it(again):
    runs = [ONE, TWO]
    changed = again(store(*runs, models=model(TWO)), store(*runs, models=model(TWO, ONE)))

    assert page(ONE) in changed
    assert page(TWO) not in changed


def test_a_run_leads_to_runs_that_are_there(again):
    other = a_run(9, "linear")
    child = msgspec.structs.replace(ONE, parent=other.id)
    user = msgspec.structs.replace(TWO, uses=[Use(run=other.id, path="model")])

    assert {page(child), page(user)} <= again(store(child, user), store(child, user, other))


def test_a_run_tells_its_metrics_in_the_order_of_its_experiment(again):
    told = {"val_auc": 0.5, "test_f1": 0.5}
    mine = msgspec.structs.replace(ONE, metrics=told)
    others = [msgspec.structs.replace(one, metrics={"val_auc": 0.5}) for one in (TWO, THREE, FOUR)]
    then = [msgspec.structs.replace(one, metrics={"test_f1": 0.5}) for one in (THREE, FOUR)]

    assert page(mine) in again(store(mine, *others), store(mine, others[0], *then))


def test_a_run_says_of_which_version_its_artifact_is(again):
    mine = msgspec.structs.replace(
        ONE, artifacts=[Artifact(path="m", kind="model", store="dvc", md5="a" * 32, name="m")]
    )
    made = AllVersions(by_contents={("m", "a" * 32): Made(name="m", version=3, run=TWO.id)})

    assert page(mine) in again(store(mine), store(mine, versions=made))


@pytest.mark.parametrize("of", [None, "linear"])
def test_tables_keep_room_for_the_views_that_there_are(again, of):
    runs = store(ONE, TWO, a_run(9, "linear"))
    view = NamedView(name="v", path="v.yaml", view=View(title="V", experiment=of))
    changed = again(runs, runs, Extras(), Extras(views=(view,)))

    everywhere = {"runs.html", "experiments/linear.html", "experiments/trees.html"}
    assert changed & everywhere == (everywhere if of is None else {"experiments/linear.html"})


def test_an_experiment_says_whose_sweeps_its_runs_are(again):
    def sweeps(name):
        made = Sweep(
            id="s", name=name, method="grid", metric=SweepMetric(name="test_auc"), runs=[ONE.id]
        )
        return AllSweeps(sweeps=(made,))

    changed = again(store(ONE, sweeps=sweeps("old")), store(ONE, sweeps=sweeps("new")))

    assert "experiments/trees.html" in changed


def test_an_experiment_names_the_one_before_it_as_an_example(again):
    other = a_run(1, "linear")

    assert "experiments/trees.html" in again(store(TWO, THREE), store(other, TWO, THREE))


def test_an_experiment_says_whom_it_serves(again):
    runs = [ONE, TWO]
    stands = {"stages": {"production": [1]}}
    changed = again(
        store(*runs, models=model(ONE, **stands)), store(*runs, models=model(TWO, **stands))
    )

    assert "experiments/trees.html" in changed


def test_an_experiment_is_held_against_the_scores_of_its_baseline_where_anybody_can(again):
    chance = [(i % 7) / 7 for i in range(40)]
    one = EvaluationSet(
        task="binary",
        cases=40,
        cases_digest="d",
        auc=0.5,
        sample=Sample(of=40, picked="all", truth=[float(i % 2) for i in range(40)], scores=chance),
    )
    told = {"evaluation.json": dump_evaluation(Evaluation(sets={"p": one}))}
    old, new = a_run(1, "tree-baseline"), a_run(2)
    given = store(old, new, files={old.id: told, new.id: told})

    changed = again(given, given, None, Extras(paired=lambda *_: (0.1, 0.04, 0.16)))

    assert "experiments/trees.html" in changed


def test_a_model_shows_what_its_runs_reached(again):
    better = msgspec.structs.replace(ONE, metrics={"test_auc": 0.9})
    stands = {"stages": {"production": [1]}}
    changed = again(
        store(ONE, TWO, models=model(ONE, **stands)),
        store(better, TWO, models=model(ONE, **stands)),
    )

    assert {"models/churn.html", "models.html"} <= changed


def test_a_table_is_ordered_by_the_metric_that_ranks(again):
    runs = [msgspec.structs.replace(one, metrics={"a_loss": 0.5}) for one in (ONE, TWO)]
    more = msgspec.structs.replace(THREE, metrics={"a_loss": 0.5, "test_auc": 0.5})
    also = [msgspec.structs.replace(one, metrics={"a_loss": 0.5, "test_auc": 0.4}) for one in runs]

    assert "data/tables/all/head.js" in again(store(*runs, more), store(*also, more))


def test_a_model_tells_what_an_audit_knows_of_its_promotions(again, bundles):
    def numbered(found):
        told = [msgspec.structs.replace(one, pull_request="#99") for one in found.promotions]
        return msgspec.structs.replace(found, promotions=told)

    given = MadeStore(bundles, models=registered.models(bundles))
    changed = again(given, given, past.extras(bundles), past.extras(bundles, found=numbered))

    assert f"models/{registered.NAME}.html" in changed


def test_what_waits_for_review_is_told_when_nothing_else_changed(again, bundles):
    given = MadeStore(bundles, models=registered.models(bundles))
    known = past.extras(bundles)
    nothing = msgspec.structs.replace(known, waiting=lambda: [])

    assert {"models.html", "index.html"} <= again(given, given, nothing, known)
