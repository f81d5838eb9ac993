"""Judged again: what a record may say, and what is a lie."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from gitrack.model import moments
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.registered import ModelVersion
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import failed, rejudge, waiting
from gitrack.registry.ruling import Ruling
from gitrack.store.codec.records import dump_record, load_record
from tests.registry.gates.conftest import NOW, World, approval, changed

GATES = (
    "{metric: test_auc_roc, at_least: 0.88, baseline: 0.85}",
    "{evidence: shadow, max_age_days: 30}",
    "{approvals: 1}",
    "{command: 'true'}",
)


@pytest.fixture
def version(world: World) -> ModelVersion:
    version = world.version(metrics={"test_auc_roc": 0.9})
    world.proof(version, "shadow", recorded=moments.written(NOW - timedelta(days=1, seconds=1.5)))
    world.gates(*GATES)
    return version


def recorded(world: World, version: ModelVersion) -> list[Verdict]:
    return world.judge(version)


def test_an_honest_record_agrees(world: World, version: ModelVersion):
    verdicts = recorded(world, version)
    case = world.case(version, fetch=False, run_code=False)

    again = rejudge(case, world.promotion(version, verdicts))

    assert not again.disagreements
    assert [each.kind for each in again.unjudged] == ["command"]
    assert again.unjudged[0].why == "no code is run here"
    assert again.unjudged[0].recorded == verdicts[3]
    assert [v.gate for v in waiting(again.verdicts)] == ["1 approval"]


def test_a_moment_is_kept_to_what_a_record_says_of_it(world: World, version: ModelVersion):
    when = NOW + timedelta(microseconds=1789)
    promotion = world.promotion(version, world.judge(version, when=when), at=moments.written(when))
    ruling = Ruling(policy=world.rules)

    case = Case.of_promotion(world.opened, promotion, version, ruling, id="x", run_code=False)

    assert not rejudge(case, promotion).disagreements


@pytest.mark.parametrize(
    ("place", "fields", "says"),
    [
        (0, {"value": 0.95}, "recorded with value 0.95, and it is 0.9"),
        (0, {"margin": 0.5}, "recorded with margin 0.5"),
        (0, {"required": 0.1}, "recorded with required 0.1"),
        (0, {"baseline": 0.2}, "recorded with baseline 0.2"),
        (0, {"outcome": Outcome.FAILED}, "recorded as failed, and it is passed"),
        (0, {"outcome": Outcome.WAITING}, "recorded as waiting, and it is passed"),
        (0, {"value": True}, "recorded with value True"),
        (0, {"kind": "approvals"}, "recorded as one of 'approvals'"),
        (0, {"gate": "test_auc_roc >= 0.1"}, "for which the policy does not ask"),
        (0, {"via": "staging"}, "for which the policy does not ask"),
        (2, {"outcome": Outcome.PASSED}, "recorded as passed, and it is waiting"),
    ],
)
def test_a_lie_is_told(world: World, version: ModelVersion, place: int, fields, says: str):
    verdicts = recorded(world, version)
    verdicts[place] = changed(verdicts[place], **fields)

    again = rejudge(world.case(version, run_code=False), world.promotion(version, verdicts))

    assert any(says in each.says for each in again.disagreements)


def test_what_another_version_of_gitrack_did_not_record_is_no_lie(
    world: World, version: ModelVersion
):
    verdicts = recorded(world, version)
    verdicts[0] = changed(verdicts[0], value=None, required=None, margin=None, baseline=None)

    again = rejudge(world.case(version, run_code=False), world.promotion(version, verdicts))

    assert not again.disagreements


def test_a_gate_that_is_left_out_added_or_doubled_is_told(world: World, version: ModelVersion):
    verdicts = recorded(world, version)
    case = world.case(version, run_code=False)

    out = rejudge(case, world.promotion(version, verdicts[1:]))
    doubled = rejudge(case, world.promotion(version, [*verdicts, verdicts[0]]))
    nothing = rejudge(case, world.promotion(version, []))

    assert [each.says for each in out.disagreements] == [
        "the policy asks for 'test_auc_roc >= 0.88', and the promotion says nothing of it"
    ]
    assert [each.says for each in doubled.disagreements] == [
        "test_auc_roc >= 0.88 is recorded twice"
    ]
    assert len(nothing.disagreements) == 3
    assert len(nothing.unjudged) == 1


def test_what_waited_may_have_been_approved(world: World, version: ModelVersion):
    verdicts = recorded(world, version)
    case = world.case(version, approvals=[approval("bo@x.org")], run_code=False)

    again = rejudge(case, world.promotion(version, verdicts))

    assert not again.disagreements
    assert not waiting(again.verdicts)
    more = [changed(v, outcome=Outcome.PASSED, value=1) if v.kind == "approvals" else v
            for v in verdicts]  # fmt: skip
    two = world.case(version, approvals=[approval("bo@x.org"), approval("cy@x.org")])
    assert not rejudge(two, world.promotion(version, more)).disagreements


def test_evidence_that_failed_later_counts(world: World, version: ModelVersion):
    verdicts = recorded(world, version)
    world.proof(version, "shadow", "shadow-2", passed=False, recorded=moments.written(NOW))

    again = rejudge(world.case(version, run_code=False), world.promotion(version, verdicts))

    assert [each.gate for each in again.disagreements] == ["evidence shadow of the last 30 days"]
    assert [v.kind for v in failed(again.verdicts)] == ["evidence"]


def test_a_rollback_is_held_against_the_gates_of_rollbacks(world: World):
    world.policy(
        "models:\n  churn:\n    stages:\n      production:\n"
        "        gates: [{metric: none_such, at_least: 1}]\n"
        "        rollback: {gates: [{code: clean}]}\n"
    )
    version = world.version()
    verdicts = world.judge(version)
    back = rejudge(world.case(version), world.promotion(version, verdicts, kind="rollback"))

    assert [v.kind for v in back.verdicts] == ["code"]
    assert len(back.disagreements) == 2


def test_judging_reads_the_commit_that_it_is_given(world: World, version: ModelVersion):
    before = world.opened.branch.tip()
    world.proof(version, "shadow", "shadow-2", passed=False)
    world.version(5, metrics={"test_auc_roc": 0.1})

    then, now = (world.judge(version, at=at)[1].outcome for at in (before, None))

    assert (then, now) == (Outcome.PASSED, Outcome.FAILED)


def test_a_record_that_was_written_and_read_agrees(world: World):
    world.version(1, metrics={"test_auc_roc": 1 / 3, "n": 7})
    world.stands("production", 1)
    version = world.version(
        2,
        metrics={"test_auc_roc": 0.1 + 0.2, "n": 10**15, "tiny": 5e-324, "lost": math.nan},
        tags={"flag": True, "level": 3, "text": "yes: 'no'\n\x07"},
        started=moments.written(NOW - timedelta(days=99)),
    )
    begin, end = (moments.written(NOW - timedelta(days=days, seconds=7.77)) for days in (20, 3))
    world.proof(version, "shadow", begin=begin, end=end)
    world.proof(version, "reproduce", level="bitwise")
    world.gates(
        "{metric: test_auc_roc, at_least: 0.3}",
        "{metric: n, at_most: 1.0e+20}",
        "{metric: tiny, at_least: 0}",
        "{metric: lost, at_least: 0}",
        "{metric: missing, at_least: 0}",
        "{no_regression: test_auc_roc, relative: 0.07, against: production}",
        "{evidence: shadow, for_days: 7, max_age_days: 30}",
        "{evidence: shadow, max_age_days: 30}",
        "{reproducible: tolerance}",
        "{tag: flag, is: ['true']}",
        "{tag: level, is: ['3']}",
        "{tag: text, is: [x]}",
        "{tags: [flag, nothing]}",
        "{approvals: 2}",
        "{code: clean}",
        "{data: fresh, within_days: 3}",
    )
    promotion = world.promotion(version, world.judge(version))

    read = load_record("p.yaml", dump_record(promotion), Promotion)

    assert len(read.verdicts) == 16
    assert not rejudge(world.case(version), read).disagreements
