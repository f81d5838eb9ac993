"""The run was run again, and came out as well as the policy asks."""

from __future__ import annotations

import re

from gitrack.config.gates import ReproducibleGate
from gitrack.model.promotion import Outcome
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.finding import Finding, failed

KIND = "reproduce"
#: The best first: who is the same to the bit is within any tolerance.
_LEVELS = ("bitwise", "tolerance", "statistical")
_WORD = re.compile(r"\w+")


def judge_reproducible(case: Case, gate: ReproducibleGate) -> Finding:
    """The newest proof of a reproduction counts; else what the run logged about one."""
    asked = gate.reproducible
    found = _found(case)
    if found is None:
        return failed(
            f"nobody has run it again; do so, and type  gitrack evidence add {case.name} "
            f"{case.version.version} {KIND} --level {asked}",
            required=asked,
        )
    good, level, source, whose = found
    if not good:
        return failed(f"it did not come out the same again, {whose}", source=source, required=asked)
    if level is None:
        return failed(
            f"how well it came out again is not said; record it with --level {asked}",
            source=source,
            required=asked,
        )
    enough = _LEVELS.index(level) <= _LEVELS.index(asked)
    more = "" if enough else f"; {asked} is asked for"
    return Finding(
        outcome=Outcome.PASSED if enough else Outcome.FAILED,
        says=f"it was reproduced ({level}), {whose}{more}",
        value=level,
        required=asked,
        source=source,
    )


def _found(case: Case) -> tuple[bool, str | None, str, str] | None:
    """(passed, level, source, who says so)."""
    proofs = case.evidence_of(KIND)
    if proofs:
        proof = proofs[-1].proof
        return proof.passed, proof.level, proofs[-1].path, f"recorded by {proof.by}"
    logged = [each for each in case.run.evidence if each.name == KIND]
    if not logged:
        return None
    said = _WORD.findall(logged[-1].detail or "")
    level = next((word for word in said if word in _LEVELS), None)
    source = f"{case.source}: evidence.{KIND}"
    return logged[-1].passed, level, source, "logged by the run itself"
