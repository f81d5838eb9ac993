"""Four eyes, and who is who."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitrack.model import moments
from gitrack.model.promotion import Outcome
from gitrack.registry.people import People, known_as
from tests.registry.gates.conftest import NOW, World, approval

TWO = "{approvals: 2, not_by: [run-author, promoter]}"


def test_people_who_approve_are_counted_once_each(world: World):
    version = world.version()
    for number, who in enumerate(("Bo <bo@x.org>", "bo@X.org", "Cy <cy@x.org>"), 1):
        world.proof(version, "approval", f"approval-{number}".removesuffix("-1"), by=who)
        verdict = world.one(version, TWO)
        assert verdict.value == (1, 1, 2)[number - 1]
        assert verdict.outcome == ("waiting", "waiting", "passed")[number - 1]

    assert verdict.required == 2
    assert "registry/churn/evidence/1/approval-3.yaml" in (verdict.source or "")


@pytest.mark.parametrize(
    ("who", "why"),
    [("Ada <ADA@example.com>", "made the run"), ("petra@example.com", "promotes")],
)
def test_neither_who_made_it_nor_who_promotes_counts(world: World, who: str, why: str):
    version = world.version()
    world.proof(version, "approval", by=who)

    verdict = world.one(version, "{approvals: 1, not_by: [run-author, promoter]}")

    assert verdict.outcome is Outcome.WAITING
    assert f"{who} does not count: {why}" in verdict.says


def test_an_approval_can_be_withdrawn_and_given_again(world: World):
    version = world.version()
    gate = "{approvals: 1}"
    found = []
    for number, passed in enumerate((True, False, True), 1):
        stem = f"approval-{number}".removesuffix("-1")
        recorded = moments.written(NOW - timedelta(minutes=10 - number))
        world.proof(version, "approval", stem, passed=passed, recorded=recorded)
        found.append(world.one(version, gate).outcome)
        reviewed = world.one(version, gate, approvals=[approval("grace@example.com")])
        assert reviewed.outcome == found[-1]

    assert found == ["passed", "waiting", "passed"]


def test_reviews_of_the_host_count_where_people_says_who_that_is(world: World):
    version = world.version()
    gate = "{approvals: 1, not_by: [run-author]}"
    people = "{'@bo': [bo@x.org], '@team': ['@bo', cy@x.org], '@ada': [ada@example.com]}"

    def judged(by: str):
        return world.one(version, gate, people, approvals=[approval(by)])

    assert judged("@BO").outcome is Outcome.PASSED
    assert judged("bo@x.org").outcome is Outcome.PASSED
    assert "@ada does not count: made the run" in judged("@ada").says
    stranger = judged("@zoe")
    assert stranger.outcome is Outcome.WAITING
    assert "'@zoe': [name@example.com]" in stranger.says
    # somebody may have registered an account with the name of a group
    assert judged("@team").outcome is Outcome.WAITING


def test_one_person_by_review_and_on_the_branch_is_one(world: World):
    version = world.version()
    world.proof(version, "approval", by="Bo <bo@x.org>")

    verdict = world.one(version, TWO, "{'@bo': [bo@x.org]}", approvals=[approval("@bo")])

    assert verdict.value == 1


def test_only_some_are_asked(world: World):
    version = world.version()
    world.proof(version, "approval")
    gate = "{approvals: 1, by: ['@risk']}"

    other = world.one(version, gate, "{'@risk': [rick@x.org]}")
    same = world.one(version, gate, "{'@risk': [grace@example.com]}")
    unknown = world.one(version, gate)

    assert other.outcome is Outcome.WAITING
    assert "is not one of @risk" in other.says
    assert same.outcome is Outcome.PASSED
    assert unknown.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("more", "fields"),
    [({}, {"author": None}), ({"promoter": None}, {}), ({"promoter": "@who"}, {})],
)
def test_who_cannot_be_told_from_others_fails(world: World, more, fields):
    version = world.version(**fields)
    world.proof(version, "approval")

    verdict = world.one(version, "{approvals: 1, not_by: [run-author, promoter]}", **more)

    assert verdict.outcome is Outcome.FAILED
    assert "nobody can be told from them" in verdict.says


def test_an_approval_for_another_stage_or_of_the_future_is_none(world: World):
    version = world.version()
    world.proof(version, "approval", details={"stage": "staging"})
    later = moments.written(NOW + timedelta(days=1))
    world.proof(version, "approval", "approval-2", by="bo@x.org", recorded=later)

    verdict = world.one(version, "{approvals: 1}")

    assert verdict.value == 0
    assert "approved it for staging" in verdict.says
    assert "in the future" in verdict.says


def test_approvals_of_another_run_do_not_count(world: World):
    version = world.version()
    world.proof(version, "approval", run="20241022-143012-7k3f9q")

    assert world.one(version, "{approvals: 1}").value == 0


@pytest.mark.parametrize(
    ("who", "known"),
    [
        ("Jane <Jane@X.org>", "jane@x.org"),
        ("jane@x.org <evil@y.org>", "evil@y.org"),
        ("<jane@x.org> evil@y.org", "<jane@x.org> evil@y.org"),
        ("@Jane", "@jane"),
        ("jane", "@jane"),
        ("", "@"),
    ],
)
def test_how_people_are_known(who: str, known: str):
    assert known_as(who) == known


def test_groups_of_groups_that_lead_back_end():
    people = People({"@a": ["@b", "x@x.org"], "@b": ["@a", "y@x.org"], "@c": ["@d"], "e": []})

    assert people.members(["@a"]) == ({"x@x.org", "y@x.org"}, [])
    assert people.members(["@c", "e", "z@x.org"]) == ({"z@x.org"}, ["@c", "e"])
    assert people.person("@a") is None
    assert people.person("@c") is None


@given(st.text(), st.text())
def test_no_text_breaks_it_and_nobody_becomes_another(one: str, other: str):
    people = People({"@bo": ["bo@x.org"]})
    first, second = people.person(one), people.person(other)

    if first and second and first & second:
        assert known_as(one) == known_as(other) or {known_as(one), known_as(other)} <= {
            "@bo",
            "bo@x.org",
        }


def test_several_addresses_of_one_person_are_one(world: World):
    people = (
        "{ada@example.com: ['@ada', 7+ada@users.noreply.github.com], "
        "'@ml': [7+ada@users.noreply.github.com, bo@x.org], '@also-ada': [ada@example.com]}"
    )
    version = world.version(author="Ada <7+ada@users.noreply.github.com>")
    gate = "{approvals: 1, by: ['@ml'], not_by: [run-author]}"

    for who in ("@ada", "ada@example.com", "7+Ada@users.noreply.github.com", "@also-ada"):
        verdict = world.one(version, gate, people, approvals=[approval(who)])
        assert "does not count: made the run" in verdict.says
    assert world.one(version, gate, people, approvals=[approval("bo@x.org")]).value == 1
    by_either = "{approvals: 1, by: ['@ml']}"
    assert world.one(version, by_either, people, approvals=[approval("@ada")]).value == 1
    two = [approval("@ada"), approval("ada@example.com")]
    assert world.one(version, "{approvals: 2}", people, approvals=two).value == 1


def test_that_another_one_agrees_later_is_no_other_verdict(world: World):
    people = "{'@product': [pam@x.org, pat@x.org]}"
    version = world.version()
    world.proof(version, "approval", by="pam@x.org")
    gate = "{evidence: business-approval, by: ['@product']}"

    one = world.one(version, gate, people)
    world.proof(version, "approval", "approval-2", by="pat@x.org")
    both = world.one(version, gate, people)

    assert (one.outcome, one.value) == (both.outcome, both.value) == ("passed", 1)


def test_an_approval_by_a_name_that_nobody_explains_does_not_count(world: World):
    version = world.version()
    world.proof(version, "approval", by="@jane")
    verdict = world.one(version, "{approvals: 1}")
    assert verdict.outcome is Outcome.WAITING
    assert "nobody knows who @jane is; add  '@jane'" in verdict.says


def test_an_approval_without_a_time_does_not_count(world: World):
    version = world.version()
    world.proof(version, "approval", recorded="soon")
    verdict = world.one(version, "{approvals: 1}")
    assert (verdict.outcome, verdict.value) == (Outcome.WAITING, 0)
    assert "approval.yaml says no time" in verdict.says


def test_what_somebody_said_long_ago_does_not_count(world: World):
    version = world.version()
    people = "{'@product': [grace@example.com]}"
    gate = "{evidence: business-approval, by: ['@product'], max_age_days: 30}"
    days_ago = moments.written(NOW - timedelta(days=31))
    world.proof(version, "business-approval", recorded=days_ago)
    verdict = world.one(version, gate, people)
    assert verdict.outcome is Outcome.WAITING
    assert "is older than 30 days" in verdict.says
    world.proof(version, "business-approval", "business-approval-2")
    assert world.one(version, gate, people).outcome is Outcome.PASSED
