"""What a gate found, before it is told from the others of its stage."""

from __future__ import annotations

import msgspec

from gitrack.model.promotion import Outcome
from gitrack.model.run import Scalar


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a verdict that one gate knows. See `Verdict`."""

    outcome: Outcome
    says: str
    value: Scalar = None
    required: Scalar = None
    margin: float | None = None
    baseline: float | None = None
    source: str | None = None


def failed(
    says: str, *, source: str | None = None, value: Scalar = None, required: Scalar = None
) -> Finding:
    """A gate that found no number to judge."""
    return Finding(outcome=Outcome.FAILED, says=says, source=source, value=value, required=required)


def passed(
    says: str, *, source: str | None = None, value: Scalar = None, required: Scalar = None
) -> Finding:
    """A gate that is content, without a margin."""
    return Finding(outcome=Outcome.PASSED, says=says, source=source, value=value, required=required)


def outcome_of(good: bool) -> Outcome:
    """Passed or failed."""
    return Outcome.PASSED if good else Outcome.FAILED
