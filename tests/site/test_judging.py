"""Which metric ranks runs, which way it goes, and what is hidden."""

import math

import pytest

from gitrack.model.measure import Measure, guess_goal
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.run import Code, Environment, Run
from gitrack.site.goals import Goals
from gitrack.site.hiding.rules import Hide
from gitrack.site.pages.group import Group
from gitrack.store.registry.whole import KnownModel


def a_run(number: int = 1, **fields) -> Run:
    return Run(
        id=f"20260101-00000{number}-aaaaaa",
        name=f"run {number}",
        experiment="e",
        started=f"2026-01-01T00:00:0{number}Z",
        **fields,
    )


@pytest.mark.parametrize(
    ("metric", "goal"),
    [
        ("test_auc_roc", "maximize"),
        ("val/accuracy", "maximize"),
        ("val_logloss", "minimize"),
        ("inference_latency_p99_ms", "minimize"),
        ("calibration_ece", "minimize"),
        ("blossom", None),
        ("epoch", None),
    ],
)
def test_a_goal_is_guessed_only_from_whole_words(metric, goal):
    assert guess_goal(metric) == goal


def test_the_policy_says_which_metric_ranks():
    runs = [a_run(metrics={"test_auc": 0.9, "profit": 3.0})]

    assert Goals().measure(runs) == Measure("test_auc", "maximize")
    assert Goals(primary=[Measure("profit")]).measure(runs) == Measure("profit")
    assert Goals(known={"test_auc": "minimize"}).goal("test_auc") == "minimize"
    assert Goals().measure([a_run(metrics={"epoch": 3})]) is None


def test_runs_that_failed_early_do_not_choose_the_metric():
    whole = {"val_auc": 0.8, "test_auc": 0.79}
    runs = [a_run(1, metrics=whole), a_run(2, metrics=whole), a_run(3, metrics={"val_auc": 0.5})]

    measure = Goals().measure(runs)

    assert measure is not None
    assert measure.metric == "test_auc"


def test_nan_is_never_the_best():
    assert Measure("a").best([{"a": math.nan}, {}, {"a": 1.0}, {"a": 2.0}, {"a": 2.0}]) == 3
    assert Measure("a").best([{"a": math.nan}]) is None


def test_a_run_stands_among_its_siblings():
    runs = [a_run(n) for n in range(3)]
    group = Group("e", [runs[1], runs[0], runs[2]], Goals())

    assert group.neighbours(runs[1]) == (runs[0], runs[2])
    assert group.neighbours(runs[0]) == (None, runs[1])
    assert group.neighbours(runs[2]) == (runs[1], None)


def test_hidden_names_leave_the_record():
    run = a_run(
        params={"data_path": "/mnt/secret", "lr": 1},
        metrics={"cost_usd": 3.0, "auc": 0.5},
        curves={"cost_usd.min": 1.0, "auc.min": 0.1},
        tags={"ticket": "ML-1", "team": "x"},
        command="train --data /mnt/secret --lr 1",
    )

    shown = Hide(params=["*_path"], metrics=["cost_*"], tags=["ticket"]).of(run)

    assert shown.params == {"lr": 1}
    assert shown.metrics == {"auc": 0.5}
    assert shown.curves == {"auc.min": 0.1}
    assert shown.tags == {"team": "x"}
    assert shown.command == "train --data [hidden] --lr 1"


def test_a_public_site_names_no_people_and_no_machines():
    run = a_run(
        author="Jane <j@x.org>",
        code=Code(commit="c", remote="git@host:x"),
        environment=Environment(python="3.12", host="gpu7", variables={"USER": "jane"}),
    )

    shown = Hide(public=True).of(run)

    assert shown.author is None
    assert shown.code == Code(commit="c")
    assert shown.environment == Environment(python="3.12")


@pytest.mark.parametrize(
    ("kind", "gate", "stays"),
    [
        ("tag", "tag ticket is set", False),
        ("tags", "tags team, ticket", False),
        ("tag", "tag team is set", True),
        ("metric", "cost_usd <= 5", False),
        ("metric", "auc >= 0.7", True),
        ("evidence", "evidence ticket", True),
    ],
)
def test_a_gate_that_asks_for_what_is_hidden_is_hidden(kind, gate, stays):
    verdict = Verdict(gate=gate, kind=kind, outcome=Outcome.PASSED, says="it is")
    one = Promotion(
        model="m",
        version=1,
        run="r",
        kind="promotion",
        to="production",
        at="2026-01-01T00:00:00.000Z",
        by="Ada",
        why="better",
        base="b",
        record="c",
        verdicts=[verdict],
    )

    shown = Hide(metrics=["cost_*"], tags=["ticket"]).model(
        KnownModel(name="m", promotions={"p": one})
    )

    assert shown.promotions["p"].verdicts == ([verdict] if stays else [])
