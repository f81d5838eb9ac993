"""Four eyes: who approved, each person once, and not those who may not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from gitrack.config.gates import ApprovalsGate, EvidenceGate
from gitrack.model import moments
from gitrack.model.promotion import Outcome
from gitrack.registry.gates.case import SLACK, Case, Recorded
from gitrack.registry.gates.finding import Finding, failed
from gitrack.registry.gates.wording import listed
from gitrack.registry.people import Person, known_as, line_to_add

APPROVAL = "approval"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that stands. `person` are all names of who gave it; a host tells no time."""

    who: str
    person: Person
    source: str
    at: datetime | None = None


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """All approvals that stand, and what people should know of others."""

    given: list[Given]
    remarks: list[str]


def is_approval(gate: EvidenceGate) -> bool:
    """True for evidence that is somebody's word alone: `approval`, `business-approval`."""
    timed = gate.for_days is not None or gate.for_hours is not None
    return not timed and (gate.evidence == APPROVAL or gate.evidence.endswith(f"-{APPROVAL}"))


def gathered(case: Case, kinds: Iterable[str] = (APPROVAL,)) -> Gathered:
    """Approvals on the branch, the last word of each person; then those of the host's review.

    One that was withdrawn stays so until the same person records another: nobody knows whether a
    review came before or after it.
    """
    words: dict[Person, Given | None] = {}
    remarks: list[str] = []
    for at, each in _in_time(case, kinds, remarks):
        proof = each.proof
        stage = proof.details.get("stage")
        if stage is not None and stage != case.to:
            remarks.append(f"{proof.by} approved it for {stage!s:.60}")
            continue
        person = case.people.person(proof.by)
        if person is None:
            remarks.append(f"nobody knows who {proof.by} is; {line_to_add(proof.by)}")
            continue
        given = Given(who=proof.by, person=person, source=each.path, at=at)
        words[_same(words, person)] = given if proof.passed else None
        if not proof.passed:
            remarks.append(f"{proof.by} does not approve")
    for approval in case.approvals:
        person = case.people.person(approval.by)
        if person is None:
            remarks.append(
                f"{known_as(approval.by)} approved, but nobody knows who that is; "
                f"{line_to_add(approval.by)}"
            )
            continue
        words.setdefault(
            _same(words, person), Given(who=approval.by, person=person, source=approval.source)
        )
    return Gathered(given=[word for word in words.values() if word is not None], remarks=remarks)


def judge_approvals(case: Case, gate: ApprovalsGate) -> Finding:
    """So many people, some of them not counted. What lacks may still come: it is waited for."""
    asked = gate.approvals
    allowed, unknown = case.people.members(gate.by)
    if unknown:
        return failed(
            f"nobody knows who {listed(unknown)} is; {line_to_add(unknown[0])}", required=asked
        )
    barred: list[tuple[Person, str]] = []
    for whom in gate.not_by:
        who = case.run.author if whom == "run-author" else case.promoter
        what = "made the run" if whom == "run-author" else "promotes"
        person = case.people.person(who) if who else None
        if person is None:
            why = f"nobody knows who {what}"
            if who:
                why = f"{known_as(who)} {what}, and nobody knows who that is; {line_to_add(who)}"
            return failed(f"{why}, so nobody can be told from them", required=asked)
        barred.append((person, what))
    found = gathered(case)
    counted, remarks = [], list(found.remarks)
    for given in found.given:
        why_not = next((what for person, what in barred if person & given.person), None)
        if why_not is not None:
            remarks.append(f"{given.who} does not count: {why_not}")
        elif gate.by and not given.person & allowed:
            remarks.append(f"{given.who} does not count: is not one of {listed(gate.by)}")
        else:
            counted.append(given)
    return _counted(counted, remarks, asked)


def judge_named(case: Case, gate: EvidenceGate) -> Finding:
    """`{evidence: business-approval, by: ['@product']}`: one of them said so, or approved."""
    allowed, _ = case.people.members(gate.by)
    found = gathered(case, (gate.evidence, APPROVAL))
    mine, remarks = [], list(found.remarks)
    for given in found.given:
        if not given.person & allowed:
            remarks.append(f"{given.who} is not one of {listed(gate.by)}")
        elif (
            gate.max_age_days is not None
            and given.at is not None
            and ((case.when - given.at).total_seconds() > gate.max_age_days * 86_400)
        ):
            remarks.append(f"what {given.who} said is older than {gate.max_age_days:g} days")
        else:
            mine.append(given)
    # one suffices: that another one has agreed since makes no other verdict
    return _counted(mine[:1], [] if mine else remarks, 1, by=f" by {listed(gate.by)}")


def _counted(given: list[Given], remarks: list[str], asked: int, *, by: str = "") -> Finding:
    count = len(given)
    names = ", ".join(each.who for each in given)
    said = f"approved by {names}" if given else f"not approved yet{by}"
    if 0 < count < asked:
        said += f": {count} of {asked}"
    return Finding(
        outcome=Outcome.PASSED if count >= asked else Outcome.WAITING,
        says="; ".join([said, *dict.fromkeys(remarks)]),
        value=count,
        required=asked,
        margin=float(count - asked),
        source=", ".join(dict.fromkeys(each.source for each in given)) or None,
    )


def _same(words: dict[Person, Given | None], person: Person) -> Person:
    """Under which name this person spoke before."""
    return next((known for known in words if known & person), person)


def _in_time(
    case: Case, kinds: Iterable[str], remarks: list[str]
) -> list[tuple[datetime, Recorded]]:
    """Words of these kinds, the first one first; one from the future is none."""
    found: list[tuple[datetime, Recorded]] = []
    for each in case.evidence_of(*kinds):
        try:
            at = moments.read(each.proof.recorded)
        except ValueError:
            remarks.append(f"{each.path} says no time")
            continue
        if at > case.when + SLACK and at > case.latest + SLACK:
            remarks.append(f"{each.path} is dated {moments.written(at)}, which is in the future")
            continue
        found.append((at, each))
    return sorted(found, key=lambda pair: pair[0])
