"""Recorded facts: which counts, for how long, how old, by whom, about what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gitrack.model import moments
from gitrack.model.promotion import Outcome
from gitrack.model.registered import JUnitCount, ModelVersion
from gitrack.model.run import Evidence
from tests.registry.gates.conftest import NOW, World, approval


def ago(**span: float) -> str:
    return moments.written(NOW - timedelta(**span))


def of_old(world: World) -> ModelVersion:
    """A version whose run lies a year back."""
    return world.version(started=ago(days=365))


def test_what_was_recorded_passes_and_says_by_whom(world: World):
    version = world.version()
    world.proof(version, "unit-tests")

    verdict = world.one(version, "{evidence: unit-tests}")

    assert verdict.outcome is Outcome.PASSED
    assert "recorded by Grace <grace@example.com>" in verdict.says
    assert verdict.source == "registry/churn/evidence/1/unit-tests.yaml"


def test_what_lacks_fails_and_says_what_to_type(world: World):
    verdict = world.one(world.version(), "{evidence: unit-tests}")

    assert verdict.outcome is Outcome.FAILED
    assert verdict.says.endswith("gitrack evidence add churn 1 unit-tests")


def test_the_newest_of_a_kind_counts(world: World):
    version = world.version()
    world.proof(version, "unit-tests", passed=True)
    world.proof(version, "unit-tests", "unit-tests-2", passed=False, note="flaky")
    gate = "{evidence: unit-tests}"
    worse = world.one(version, gate)
    for number in range(3, 12):
        world.proof(version, "unit-tests", f"unit-tests-{number}", passed=number == 11)

    better = world.one(version, gate)

    assert worse.outcome is Outcome.FAILED
    assert "flaky" in worse.says
    assert better.outcome is Outcome.PASSED


def test_evidence_about_another_run_is_none(world: World):
    version = world.version()
    world.proof(version, "unit-tests", run="20241022-143012-7k3f9q")

    verdict = world.one(version, "{evidence: unit-tests}")

    assert verdict.outcome is Outcome.FAILED
    assert "about run 20241022-143012-7k3f9q, not about run" in verdict.says


@pytest.mark.parametrize(
    ("begin", "end", "gate", "outcome", "margin"),
    [
        (8, 1, "for_days: 7", "passed", 0.0),
        (9, 1, "for_days: 7", "passed", 1.0),
        (7, 1, "for_days: 7", "failed", -1.0),
        (3, 1, "for_hours: 48", "passed", 0.0),
        (3, 2, "for_hours: 48", "failed", -24.0),
        (3, 1, "for_days: 1, for_hours: 24", "passed", 0.0),
    ],
)
def test_how_long_it_lasted(world: World, begin, end, gate, outcome, margin):
    version = of_old(world)
    world.proof(version, "shadow", begin=ago(days=begin), end=ago(days=end))

    verdict = world.one(version, f"{{evidence: shadow, {gate}}}")

    assert (verdict.outcome, verdict.margin) == (outcome, margin)
    assert "are asked for" in verdict.says


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "does not say for how long"),
        ({"begin": ago(days=9)}, "does not say for how long"),
        ({"begin": ago(days=1), "end": ago(days=9)}, "ends before it begins"),
        ({"begin": ago(days=9), "end": ago(days=-9)}, "lies in the future"),
        ({"recorded": ago(days=-1)}, "lies in the future"),
        ({"recorded": "0001-01-01T00:00:00+14:00"}, "has a time that is none"),
        ({"recorded": "soon"}, "has a time that is none"),
        ({"begin": "0001-01-01T00:00:00Z", "end": ago()}, "before the run"),
        (
            {"recorded": ago(days=2), "begin": ago(days=9), "end": ago(days=1)},
            "after it was recorded",
        ),
    ],
)
def test_times_that_cannot_be_true_fail(world: World, fields, why):
    version = of_old(world)
    world.proof(version, "shadow", **fields)

    verdict = world.one(version, "{evidence: shadow, for_days: 7}")

    assert verdict.outcome is Outcome.FAILED
    assert why in verdict.says


def test_what_came_to_the_branch_after_the_promotion_is_no_future(world: World):
    version = world.version()
    world.proof(version, "unit-tests")

    verdict = world.one(version, "{evidence: unit-tests}", when=NOW - timedelta(days=3))

    assert verdict.outcome is Outcome.PASSED


@pytest.mark.parametrize(("days", "outcome"), [(1, "passed"), (30, "passed"), (31, "failed")])
def test_how_old_it_may_be(world: World, days: float, outcome: str):
    version = world.version()
    world.proof(version, "audit", recorded=ago(days=days))

    verdict = world.one(version, "{evidence: audit, max_age_days: 30}")

    assert (verdict.outcome, verdict.margin) == (outcome, 30 - days)


def test_what_was_watched_long_ago_and_recorded_now_is_old(world: World):
    version = of_old(world)
    world.proof(version, "shadow", begin=ago(days=300), end=ago(days=290))

    verdict = world.one(version, "{evidence: shadow, for_days: 7, max_age_days: 30}")

    assert verdict.outcome is Outcome.FAILED
    assert verdict.value == 290


@pytest.mark.parametrize(
    ("count", "why"), [((9, 1, 0, 0), "1 tests failed"), ((0, 0, 0, 0), "no test ran"),
                       ((3, 0, 0, 3), "no test ran"), ((3, 0, 2, 0), "2 broke")],
)  # fmt: skip
def test_tests_that_did_not_pass_are_no_evidence(world: World, count, why):
    tests, failures, errors, skipped = count
    junit = JUnitCount(
        tests=tests, failures=failures, errors=errors, skipped=skipped, sha256="0" * 64
    )
    version = world.version()
    world.proof(version, "unit-tests", junit=junit)

    verdict = world.one(version, "{evidence: unit-tests}")

    assert verdict.outcome is Outcome.FAILED
    assert why in verdict.says


def test_what_the_run_logged_counts_until_somebody_records_it(world: World):
    version = world.version(evidence=[Evidence(name="no-leakage", passed=True)])
    gate = "{evidence: no-leakage}"

    logged = world.one(version, gate)
    by_somebody = world.one(version, "{evidence: no-leakage, by: [grace@example.com]}")
    world.proof(version, "no-leakage", passed=False)
    recorded = world.one(version, gate)

    assert logged.outcome is Outcome.PASSED
    assert "logged by the run itself" in logged.says
    assert (logged.source or "").endswith("run.yaml: evidence.no-leakage")
    assert by_somebody.outcome is Outcome.FAILED
    assert recorded.outcome is Outcome.FAILED


def test_only_some_may_say_so(world: World):
    people = "{'@sre': [sue@example.com]}"
    version = world.version()
    world.proof(version, "canary")
    gate = "{evidence: canary, by: ['@sre']}"

    grace = world.one(version, gate, people)
    world.proof(version, "canary", "canary-2", by="Sue <SUE@example.com>")
    sue = world.one(version, gate, people)
    world.proof(version, "canary", "canary-3", passed=False)
    others_do_not_count = world.one(version, gate, people)
    unknown = world.one(version, gate)

    assert grace.outcome is Outcome.FAILED
    assert "recorded by Grace <grace@example.com>, but @sre is asked for" in grace.says
    assert sue.outcome is others_do_not_count.outcome is Outcome.PASSED
    assert unknown.outcome is Outcome.FAILED
    assert "'@sre': [name@example.com]" in unknown.says


def test_the_word_of_a_group_is_waited_for(world: World):
    people = "{'@product': [pam@example.com, '@pat'], '@pat': [pat@example.com]}"
    gate = "{evidence: business-approval, by: ['@product']}"
    version = world.version()

    nobody = world.one(version, gate, people)
    stranger = world.one(version, gate, people, approvals=[approval("ada@example.com")])
    review = world.one(version, gate, people, approvals=[approval("@Pat")])
    world.proof(version, "approval", by="Pam <pam@example.com>")
    general = world.one(version, gate, people)
    world.proof(version, "business-approval", by="Pam <pam@example.com>", passed=False)
    withdrawn = world.one(version, gate, people)

    assert nobody.outcome is stranger.outcome is withdrawn.outcome is Outcome.WAITING
    assert "not approved yet by @product" in nobody.says
    assert "ada@example.com is not one of @product" in stranger.says
    assert "Pam <pam@example.com> does not approve" in withdrawn.says
    assert review.outcome is general.outcome is Outcome.PASSED
    assert review.source == "pull request 7"


def test_what_was_watched_before_the_run_is_about_something_else(world: World):
    version = world.version(started=ago(days=5))
    world.proof(version, "shadow", begin=ago(days=9), end=ago(days=1))

    verdict = world.one(version, "{evidence: shadow, for_days: 7}")

    assert verdict.outcome is Outcome.FAILED
    assert "before the run of this version did" in verdict.says


@pytest.mark.parametrize(
    ("kind", "gate"),
    [
        ("unit-tests", "{evidence: unit-tests}"),
        ("approval", "{approvals: 1}"),
        ("reproduce", "{reproducible: statistical}"),
    ],
)
def test_evidence_that_cannot_be_read_may_be_the_one_that_counts(world: World, kind, gate):
    version = world.version()
    world.proof(version, kind, level="bitwise")
    before = world.one(version, gate)
    world.put({f"registry/churn/evidence/1/{kind}-2.yaml": b"passed: [no\n"})
    world.put({"registry/churn/evidence/1/other.yaml": b"passed: [no\n"})

    verdict = world.one(version, gate)

    assert before.outcome is Outcome.PASSED
    assert verdict.outcome is Outcome.FAILED
    assert f"{kind}-2.yaml" in verdict.says


def test_what_anybody_wrote_is_said_in_one_line(world: World):
    version = world.version()
    note = "line\none\x1b[31m" + "x" * 5000
    world.proof(version, "unit-tests", passed=False, note=note)

    verdict = world.one(version, "{evidence: unit-tests}")

    assert verdict.says.isprintable()
    assert len(verdict.says) <= 1000


def test_a_kind_that_is_nearly_the_one_asked_for_is_named(world: World):
    version = world.version()
    world.proof(version, "unit-test")
    world.proof(version, "lunch")

    verdict = world.one(version, "{evidence: unit-tests}")

    assert verdict.outcome is Outcome.FAILED
    assert verdict.says.startswith("no unit-tests was recorded, but unit-test was; type  gitrack")
