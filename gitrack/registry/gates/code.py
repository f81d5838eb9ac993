"""The code of the run was committed."""

from __future__ import annotations

from gitrack.config.gates import CodeGate
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.finding import Finding, failed, passed

_CLEAN = "clean"


def judge_code(case: Case, gate: CodeGate) -> Finding:
    """A commit is known, and nothing that git tracks had changed since."""
    code, source = case.run.code, f"{case.source}: code.{'dirty' if case.run.code else ''}"
    if code is None or code.commit is None:
        return failed(
            f"run {case.run.id} does not say which code it ran; run it in a git repository",
            source=f"{case.source}: code",
            required=_CLEAN,
        )
    if code.dirty is None:
        return failed(
            f"run {case.run.id} does not say whether its code had uncommitted changes",
            source=source,
            required=_CLEAN,
        )
    if code.dirty:
        kept = f", kept as {code.patch}" if code.patch else ""
        return failed(
            f"the code had uncommitted changes on top of {code.commit[:10]}{kept}; commit them "
            f"and run again",
            source=source,
            value="changed",
            required=_CLEAN,
        )
    beside = f" ({code.untracked} untracked files lay beside it)" if code.untracked else ""
    return passed(
        f"the code is commit {code.commit[:10]}, unchanged{beside}",
        source=source,
        value=_CLEAN,
        required=_CLEAN,
    )
