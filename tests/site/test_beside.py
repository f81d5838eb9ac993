"""What a page leads to is there without scripts: two runs beside each other, and the way back."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import msgspec
import pytest

from gitrack.model.registered import ModelVersion
from gitrack.model.run import Dataset, Run, Status
from gitrack.site import build_site
from gitrack.site.goals import Goals
from gitrack.site.pages.beside import Beside, beside
from gitrack.site.pages.group import Group
from gitrack.site.pages.questions import asked_pairs
from gitrack.site.pages.registry import stood_before
from gitrack.site.pages.serving import by_experiment, serving
from gitrack.store.registry.whole import KnownModel
from tests.site.flights import MadeStore
from tests.site.registered import NAME, models


def run(number: int, experiment: str = "trees", **fields) -> Run:
    return Run(
        id=f"20260901-00000{number}-aaaaaa",
        name=f"run-{number}",
        experiment=experiment,
        status=Status.FINISHED,
        started=f"2026-09-0{number}T00:00:00.000Z",
        **fields,
    )


def known(runs: list[Run], production: int | None) -> KnownModel:
    """A model of which each run is a version."""
    versions = tuple(
        ModelVersion(version=number, run=one.id, created="2026-09-09T00:00:00.000Z")
        for number, one in enumerate(runs, start=1)
    )
    stages = {"production": (production,)} if production else {}
    return KnownModel(name="churn", versions=versions, stages=stages)


@pytest.fixture(scope="module")
def site(tmp_path_factory, bundles) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    build_site(MadeStore(bundles, models=models(bundles)), folder, title="T", commit="c")
    return folder


def test_every_comparison_that_a_page_offers_is_there_without_scripts(site):
    ids = {
        unescape(one) for one in re.findall(r' id="([^"]*)"', (site / "compare.html").read_text())
    }
    offered = set()
    for page in (site / "index.html", site / "compare.html", *(site / "experiments").iterdir()):
        text = re.sub(r'<a class="more".*?</a>', "", page.read_text())  # beside its baseline
        offered |= {unescape(one) for one in re.findall(r'href="[^"]*#(runs=[^"]*)"', text)}
    assert any("@best:" in one for one in offered)
    assert any("@" not in one for one in offered)
    assert offered <= ids


def told(found: Beside) -> list[tuple[str, str, str, str, str | None]]:
    return [
        (title, line.name, line.one.value, line.other.value, line.change)
        for title, lines in found.groups
        for line in lines
    ]


def test_what_differs_is_told_and_the_rest_is_counted():
    one = run(
        1,
        metrics={"test_auc": 0.8, "val_auc": 0.7, "train_auc": float("nan")},
        params={"depth": 4, "lr": 0.1},
        tags={"team": "a"},
        data=[Dataset(name="flights", role="train", version="v1", dvc="md5:" + "a" * 32)],
        command="python train.py",
    )
    other = run(
        2,
        metrics={"test_auc": 0.85, "val_auc": 0.7, "train_auc": float("nan"), "p99_ms": 3.0},
        params={"depth": 4, "lr": 0.2, "rounds": 9},
        tags={"team": "a"},
        data=[Dataset(name="flights", role="train", version="v2", dvc="md5:" + "b" * 32)],
        command="python train.py",
    )
    found = beside(one, other, Goals())

    assert (found.verdict, found.metric) == ("is ahead of", "test_auc")
    assert told(found) == [
        ("Metrics", "test_auc", "0.8", "0.85", "+0.05000"),
        ("Metrics", "p99_ms", "–", "3", None),
        ("Params", "lr", "0.1", "0.2", None),
        ("Params", "rounds", "–", "9", None),
        ("Data", "flights (train)", "v1 aaaaaaaaaaaa", "v2 bbbbbbbbbbbb", None),
    ]
    assert found.same == 5  # two metrics, depth, the team, the command


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ({"loss": 0.3}, {"loss": 0.2}, "is ahead of"),
        ({"loss": 0.2}, {"loss": 0.3}, "is behind"),
        ({"loss": 0.2}, {"loss": 0.2}, "is level with"),
        ({"auc": 0.9999999999999999}, {"auc": 1.0}, "is level with"),
        ({"loss": 0.2}, {}, "has no result in common with"),
        ({}, {}, "has no result in common with"),
    ],
)
def test_less_of_a_loss_is_ahead(one, other, verdict):
    assert beside(run(1, metrics=one), run(2, metrics=other), Goals()).verdict == verdict


def test_an_experiment_is_held_against_the_models_of_its_runs_or_the_only_one():
    here = [run(1, metrics={"auc": 0.8}), run(2, metrics={"auc": 0.9})]
    there = [run(3, "forest", metrics={"auc": 0.7})]
    group, forest = Group("trees", here[::-1], Goals()), Group("forest", there, Goals())
    by_id = {one.id: one for one in (*here, *there)}
    other = msgspec.structs.replace(known([run(4, "gone")], 1), name="other")

    def of(group, *models):
        meant = by_experiment(models, by_id).get(group.name, ())
        found = serving(group, models, meant)
        return [(one.model, one.version, one.href) for one in found]

    compared = "compare.html#runs=@production:churn,@best:"
    assert of(group, known(here, 1)) == [("churn", None, f"{compared}trees")]
    assert of(group, known(here, 2)) == [("churn", 2, "models/churn.html")]
    assert of(group, other, known(here, 1)) == [("churn", None, f"{compared}trees")]
    assert of(forest, known(here, 1)) == [("churn", None, f"{compared}forest")]
    assert of(forest, known(here, 1), other) == []
    assert of(group, known(here, None)) == []


def test_two_models_are_compared_only_by_what_both_have():
    standing = run(1, metrics={"test_auc": 0.8})
    tuned = run(3, "tuning", metrics={"val_auc": 0.95})
    forest = run(2, "forest", metrics={"test_auc": 0.7})
    runs = {one.id: one for one in (standing, tuned, forest)}
    groups = [Group(one.experiment, [one], Goals()) for one in runs.values()]

    (pair,) = asked_pairs(groups, [known([standing], 1)], runs)
    assert (pair.one, pair.other) == (standing, forest)
    assert (pair.one_is, pair.other_is) == ("churn in production", "the best of forest")
    assert asked_pairs(groups[:2], [known([standing], 1)], runs) == []
    assert asked_pairs([], [], {}) == []


def test_the_way_back_names_the_version_and_its_run(site, bundles):
    text = (site / f"models/{NAME}.html").read_text()
    (model,) = (one for one in models(bundles).models if one.name == NAME)
    before = stood_before(model, "production")
    assert before == 1
    back = text[text.index('id="roll-back"') :].partition("</details>")[0]
    assert "v1 stood here before" in back
    assert f"gitrack rollback {NAME} --to-version 1" in back
    assert next(v.run for v in model.versions if v.version == 1) in back
    assert f'href="models/{NAME}.html#roll-back"' in (site / "index.html").read_text()


def test_a_link_to_a_promotion_leads_into_its_fold(site):
    text = (site / f"models/{NAME}.html").read_text()
    for place in re.findall(r'href="#(p-[^"]*)"', text):
        before = text[: text.index(f'id="{place}"')]
        assert before.count("<details") > before.count("</details>"), place
