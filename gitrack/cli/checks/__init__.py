"""What `gitrack doctor` looks at: each check says how it stands and what to type if it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from gitrack.cli.checks.finding import Finding, Patient
from gitrack.errors import GitrackError

Check = Callable[[Patient], Iterator[Finding]]


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All findings, and the worst of their states."""

    state: Literal["ok", "warn", "fail"]
    findings: list[Finding]


def examine(folder: Path) -> Diagnosis:
    """Look at everything, whatever breaks on the way. Nothing is changed."""
    from gitrack.cli.checks import branch, heavy, machine, project

    patient, findings = _admit(folder)
    checks: dict[str, Check] = dict(machine.CHECKS)
    if patient.repository is not None:
        checks |= project.CHECKS | branch.CHECKS | heavy.CHECKS
    failures = {finding.message for finding in findings}
    for name, check in checks.items():
        for finding in _run(name, check, patient):
            # wrong settings stop several checks alike: they are said once
            if finding.state != "fail" or finding.message not in failures:
                findings.append(finding)
            if finding.state == "fail":
                failures.add(finding.message)
    states = {finding.state for finding in findings}
    worst: Literal["ok", "warn", "fail"] = (
        "fail" if "fail" in states else "warn" if "warn" in states else "ok"
    )
    return Diagnosis(state=worst, findings=findings)


def _admit(folder: Path) -> tuple[Patient, list[Finding]]:
    from gitrack.store.git.repository import Repository

    try:
        repository = Repository.discover(folder)
    except GitrackError as error:
        return Patient(folder=folder), [Finding.of_error("repository", error)]
    return Patient(folder=folder, repository=repository), []


def _run(name: str, check: Check, patient: Patient) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(patient))
    except GitrackError as error:
        found.append(Finding.of_error(name, error))
    except OSError as error:
        found.append(Finding(name=name, state="fail", message=str(error)))
    return found
