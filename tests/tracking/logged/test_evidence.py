"""Facts about a run that a promotion may ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gitrack
from gitrack.errors import InvalidName, UsageError
from gitrack.model.run import Run

Runs = Callable[[], list[Run]]


def test_what_was_said_last_counts(project: Path, runs: Runs) -> None:
    with gitrack.start_run("facts"):
        gitrack.log_evidence("unit-tests", False, "3 failed")
        gitrack.log_text("# Tests\n", "tests.md")
        gitrack.log_evidence("unit-tests", True, "212 passed", report="tests.md")
        gitrack.log_evidence("no-leakage", True)

    (run,) = runs()
    first, second = run.evidence
    assert (first.name, first.passed, first.detail, first.report) == (
        "unit-tests", True, "212 passed", "tests.md",
    )  # fmt: skip
    assert (first.time or "").endswith("Z")
    assert (second.name, second.detail) == ("no-leakage", None)


def test_a_resumed_run_keeps_what_it_had(project: Path, runs: Runs) -> None:
    with gitrack.start_run("facts") as run:
        run.log_evidence("unit-tests", True).log_evidence("no-leakage", True)
    with gitrack.start_run("facts", run_id=run.id):
        gitrack.log_evidence("no-leakage", False)

    (record,) = runs()
    assert {fact.name: fact.passed for fact in record.evidence} == {
        "unit-tests": True,
        "no-leakage": False,
    }


def test_a_secret_in_a_detail_goes_no_further(project: Path, runs: Runs) -> None:
    token = "ghp_" + "a1B2" * 9
    with gitrack.start_run("facts"):
        gitrack.log_evidence("unit-tests", True, f"token {token}")

    assert token not in (runs()[0].evidence[0].detail or "")


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "two words", 7, "x" * 101])
def test_a_name_must_be_one_that_a_file_can_have(project: Path, name: str) -> None:
    with gitrack.start_run("facts") as run, pytest.raises(InvalidName, match="evidence"):
        run.log_evidence(name, True)


@pytest.mark.parametrize("passed", [1, "yes", None])
def test_a_verdict_is_true_or_false(project: Path, passed: bool) -> None:
    with gitrack.start_run("facts") as run, pytest.raises(UsageError, match="not a verdict"):
        run.log_evidence("unit-tests", passed)
