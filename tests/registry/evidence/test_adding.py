"""Evidence: who, when, how long; nothing is ever written over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import gitrack
from gitrack.errors import InvalidName, NotFound, UsageError
from gitrack.registry.evidence.adding import add_evidence
from gitrack.registry.registering import register
from gitrack.store.registry.paths import evidence_path
from tests.registry.conftest import run_id


@pytest.fixture
def churn(with_models):
    """One version, of the run of 2024-10-01."""
    register(with_models, run_id(1), "churn", aliases=["champion"])
    return with_models


def test_a_fact_says_who_when_and_about_which_run(churn, git):
    before = datetime.now(UTC)

    proof = add_evidence(
        churn,
        "churn",
        "@champion",
        "shadow-mode",
        begin="2024-10-02",
        end="2024-10-09T12:00:00+02:00",
        links=["https://user:password@ci.example.com/7?token=x&page=2"],
        note=" quiet ",
    )

    assert churn.reader().proofs("churn", 1) == {"shadow-mode": proof}
    assert (proof.version, proof.run, proof.passed) == (1, run_id(1), True)
    assert proof.by == "Ada Example <ada@example.com>"
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(proof.recorded)
    assert (proof.begin, proof.end) == ("2024-10-02T00:00:00.000Z", "2024-10-09T10:00:00.000Z")
    assert proof.links == ["https://ci.example.com/7?page=2"]
    assert proof.note == "quiet"
    said = git(churn.place.folder, "log", "-1", "--format=%B", "gitrack").splitlines()
    assert said[0] == "model churn v1: evidence shadow-mode (passed)"
    assert "Evidence: shadow-mode" in said


def test_nothing_is_written_over(churn):
    for note in ("a", "b", "c"):
        add_evidence(churn, "churn", 1, "phase", note=note)
    add_evidence(churn, "churn", 1, "phase-4", note="another kind")
    add_evidence(churn, "churn", 1, "PHASE", note="d", passed=False)

    found = churn.reader().proofs("churn", 1)
    assert {stem: proof.note for stem, proof in found.items()} == {
        "phase": "a",
        "phase-2": "b",
        "phase-3": "c",
        "phase-5": "d",
        "phase-4": "another kind",
    }
    assert found["phase-5"].kind == "phase"
    assert not found["phase-5"].passed


def test_without_an_end_it_ends_now(churn):
    proof = add_evidence(churn, "churn", 1, "canary", begin="2024-10-02")

    assert proof.end == proof.recorded


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (None, "2024-10-09", "does not begin"),
        ("2024-10-09", "2024-10-02", "exchange the two times"),
        ("2024-10-09", "2024-10-09", "give the time of day"),
        ("2024-10-02", "9999-01-01", "yet to come"),
        ("2024-09-30", "2024-10-09", "before the run of churn v1"),
        ("last week", None, "which is no time"),
        ("2024-10-02", "9999-99-99", "which is no time"),
    ],
)
def test_times_that_cannot_be_are_refused(churn, begin, end, said):
    tip = churn.branch.tip()

    with pytest.raises(UsageError) as caught:
        add_evidence(churn, "churn", 1, "canary", begin=begin, end=end)

    assert said in str(caught.value)
    assert churn.branch.tip() == tip


@pytest.mark.parametrize("kind", ["../x", "a/b", "con", "dvc", "", "-x", "ü", "a b", "x" * 120])
def test_a_kind_is_the_name_of_a_file(churn, kind):
    with pytest.raises(InvalidName):
        add_evidence(churn, "churn", 1, kind)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "see there", "http://"]
)
def test_a_link_opens_something_elsewhere(churn, link):
    with pytest.raises(UsageError):
        add_evidence(churn, "churn", 1, "canary", links=[link])


def test_about_what_is_not_there_nothing_is_recorded(churn):
    with pytest.raises(NotFound, match="no version 7"):
        add_evidence(churn, "churn", 7, "canary")
    with pytest.raises(NotFound, match="no registered model 'eta'"):
        add_evidence(churn, "eta", 1, "canary")
    with pytest.raises(UsageError, match="level 'roughly' is none"):
        add_evidence(churn, "churn", 1, "reproduce", level="roughly")


def test_the_function_takes_one_report_or_many(churn, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase name="a"/></testsuite>')

    proof = gitrack.add_evidence("churn", 1, "unit-tests", junit=report)
    other = gitrack.add_evidence("churn", 1, "reproduce", junit=[str(report)], level="bitwise")

    assert proof.junit is not None
    assert proof.junit == other.junit
    assert (proof.junit.tests, other.level) == (1, "bitwise")


def test_a_failed_test_is_a_fact_against_the_version(churn, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text('<testsuite><testcase name="a"><failure/></testcase></testsuite>')

    assert not add_evidence(churn, "churn", 1, "unit-tests", junit=[str(report)]).passed


def test_a_file_in_the_place_of_another_kind_is_a_fault(churn):
    proof = add_evidence(churn, "churn", 1, "unit-tests")
    data = churn.branch.read(evidence_path("churn", 1, "unit-tests"))
    for stem in ("approval", "unit-tests-x", "unit-tests-1"):
        churn.branch.commit({evidence_path("churn", 1, stem): data}, "copied")

    registry = churn.reader()

    assert registry.proofs("churn", 1) == {"unit-tests": proof}
    assert len(registry.faults) == 3
    assert "kind is 'unit-tests', but its file is 'approval'" in registry.faults[0].why
