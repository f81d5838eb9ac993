"""Recorded facts: the newest of a kind counts, for how long, how old, and by whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from gitrack.config.gates import EvidenceGate
from gitrack.model import moments
from gitrack.model.display import day_and_time, number
from gitrack.model.nearest import nearest
from gitrack.model.promotion import Outcome
from gitrack.model.registered import JUnitCount, Proof
from gitrack.model.run import Evidence
from gitrack.registry.gates import approvals
from gitrack.registry.gates.case import SLACK, Case, Recorded
from gitrack.registry.gates.finding import Finding, failed
from gitrack.registry.gates.wording import listed
from gitrack.registry.people import line_to_add

_DAY = 86_400.0


class Fact:
    """What a gate looks at: a proof, or what the run itself logged."""

    def __init__(
        self,
        source: str,
        *,
        passed: bool,
        at: str | None,
        begin: str | None = None,
        end: str | None = None,
        whose: str = "",
        detail: str | None = None,
        junit: JUnitCount | None = None,
    ) -> None:
        self.source = source
        self.passed = passed
        self.at = at
        self.begin = begin
        self.end = end
        self.whose = whose
        self.detail = detail
        self.junit = junit

    @classmethod
    def of_proof(cls, recorded: Recorded) -> Fact:
        proof: Proof = recorded.proof
        return cls(
            recorded.path,
            passed=proof.passed,
            at=proof.recorded,
            begin=proof.begin,
            end=proof.end,
            whose=f"recorded by {proof.by}",
            detail=proof.note,
            junit=proof.junit,
        )

    @classmethod
    def of_run(cls, case: Case, evidence: Evidence) -> Fact:
        return cls(
            f"{case.source}: evidence.{evidence.name}",
            passed=evidence.passed,
            at=evidence.time or case.run.ended or case.run.started,
            whose="logged by the run itself",
            detail=evidence.detail,
        )


def judge_evidence(case: Case, gate: EvidenceGate) -> Finding:
    """See the module. Evidence that only some people may give is waited for if it is approval."""
    if gate.by:
        _, unknown = case.people.members(gate.by)
        if unknown:
            return failed(f"nobody knows who {listed(unknown)} is; {line_to_add(unknown[0])}")
        if approvals.is_approval(gate):
            return approvals.judge_named(case, gate)
    fact = _newest(case, gate)
    if fact is None:
        return failed(_lacking(case, gate), required=_rule(gate)[0])
    return _judged(case, gate, fact)


def _newest(case: Case, gate: EvidenceGate) -> Fact | None:
    """The last proof of the kind; where there is none at all, what the run logged by the name."""
    proofs = case.evidence_of(gate.evidence)
    if gate.by:
        allowed, _ = case.people.members(gate.by)
        proofs = [p for p in proofs if (case.people.person(p.proof.by) or frozenset()) & allowed]
    if proofs:
        return Fact.of_proof(proofs[-1])
    if gate.by:
        return None
    logged = [each for each in case.run.evidence if each.name == gate.evidence]
    return Fact.of_run(case, logged[-1]) if logged else None


def _judged(case: Case, gate: EvidenceGate, fact: Fact) -> Finding:
    kind = gate.evidence
    if not fact.passed:
        why = f": {fact.detail[:200]}" if fact.detail else ""
        return _speaks_against(f"{kind} did not pass, {fact.whose}{why}", fact)
    if fact.junit is not None and (trouble := _tests(fact.junit)):
        return _speaks_against(f"{kind} says that it passed, but {trouble}", fact)
    try:
        at, begin, end = _moment(fact.at), _moment(fact.begin), _moment(fact.end)
        trouble = _in_order(case, at, begin, end)
    except (ValueError, OverflowError) as error:
        return failed(f"{kind} has a time that is none: {error}", source=fact.source)
    if trouble is not None:
        return failed(f"{kind} {trouble}", source=fact.source)
    since = end or at
    if gate.max_age_days is not None:
        old = _aged(case, gate, fact, since)
        if old.outcome is Outcome.FAILED or not _asks_duration(gate):
            return old
    if _asks_duration(gate):
        return _lasted(case, gate, fact, begin, end)
    when = f" on {day_and_time(fact.at)}" if fact.at else ""
    count = f", {fact.junit.tests} tests" if fact.junit else ""
    return Finding(
        outcome=Outcome.PASSED,
        says=f"{kind} passed{count}, {fact.whose}{when}",
        value=True,
        required=True,
        source=fact.source,
    )


def _speaks_against(says: str, fact: Fact) -> Finding:
    return failed(says, source=fact.source, value=False, required=True)


def _rule(gate: EvidenceGate) -> tuple[float | bool, str, float]:
    """What is asked for; of a duration its unit, and how many seconds that has."""
    seconds = (gate.for_days or 0.0) * _DAY + (gate.for_hours or 0.0) * 3600
    if gate.for_days is not None:
        return seconds / _DAY, "days", _DAY
    if gate.for_hours is not None:
        return seconds / 3600.0, "hours", 3600.0
    return True, "", 1.0


def _lasted(
    case: Case, gate: EvidenceGate, fact: Fact, begin: datetime | None, end: datetime | None
) -> Finding:
    """It was watched for long enough. A record without an end has not ended."""
    asked, unit, seconds = _rule(gate)
    required = asked * seconds
    if begin is None or end is None:
        return failed(
            f"{gate.evidence} does not say for how long; type  gitrack evidence add {case.name} "
            f"{case.version.version} {gate.evidence} --from … --to …",
            source=fact.source,
            required=asked,
        )
    took = (end - begin).total_seconds()
    value = float(f"{took / seconds:.6g}")
    return Finding(
        outcome=Outcome.PASSED if took >= required else Outcome.FAILED,
        says=(
            f"{gate.evidence} lasted {number(value, 4)} {unit}, "
            f"{number(asked, 4)} are asked for; {fact.whose}"
        ),
        value=value,
        required=asked,
        margin=float(f"{(took - required) / seconds:.6g}"),
        source=fact.source,
    )


def _aged(case: Case, gate: EvidenceGate, fact: Fact, since: datetime | None) -> Finding:
    assert gate.max_age_days is not None
    if since is None:
        return failed(f"nobody knows how old {gate.evidence} is", source=fact.source)
    # what came to the branch after the promotion was asked for is new, not of the future
    age = max((case.when - since).total_seconds(), 0.0) / _DAY
    return Finding(
        outcome=Outcome.PASSED if age <= gate.max_age_days else Outcome.FAILED,
        says=(
            f"{gate.evidence} is {number(age, 3)} days old, {number(gate.max_age_days)} at most "
            f"are asked for; {fact.whose}"
        ),
        value=float(f"{age:.6g}"),
        required=gate.max_age_days,
        margin=float(f"{gate.max_age_days - age:.6g}"),
        source=fact.source,
    )


def _in_order(
    case: Case, at: datetime | None, begin: datetime | None, end: datetime | None
) -> str | None:
    """Why the times of a record cannot be true."""
    if begin is not None and end is not None and end < begin:
        return "ends before it begins"
    started = moments.read(case.run.started)
    # people name days, and a day begins before the run that it brings
    if begin is not None and begin < started - timedelta(days=1):
        return f"begins on {moments.written(begin)}, before the run of this version did"
    bound = case.when + SLACK
    for what, moment in (("was recorded", at), ("begins", begin), ("ends", end)):
        if moment is None:
            continue
        if moment > bound and moment > (bound := case.latest + SLACK):
            return f"{what} on {moments.written(moment)}, which lies in the future"
        if at is not None and moment > at + SLACK:
            return f"{what} on {moments.written(moment)}, after it was recorded"
    return None


def _moment(text: str | None) -> datetime | None:
    return None if text is None else moments.read(text)


def _asks_duration(gate: EvidenceGate) -> bool:
    return gate.for_days is not None or gate.for_hours is not None


def _tests(count: JUnitCount) -> str | None:
    if count.failures or count.errors:
        return f"{count.failures} tests failed and {count.errors} broke"
    if count.tests - count.skipped <= 0:
        return "no test ran"
    return None


def _lacking(case: Case, gate: EvidenceGate) -> str:
    kind, number = gate.evidence, case.version.version
    add = f"type  gitrack evidence add {case.name} {number} {kind}"
    add += " --from … --to …" if _asks_duration(gate) else ""
    of_kind = [each for each in case.all_evidence if each.proof.kind == kind]
    here = [each for each in of_kind if each.proof.run == case.version.run]
    if here:
        return f"{kind} was recorded by {here[-1].proof.by}, but {listed(gate.by)} is asked for"
    if of_kind:
        return (
            f"{kind} was recorded about run {of_kind[-1].proof.run}, not about run "
            f"{case.version.run} of this version; {add}"
        )
    who = f" by {listed(gate.by)}" if gate.by else ""
    near = nearest(kind, sorted({each.proof.kind for each in case.all_evidence} - {"approval"}))
    other = f", but {near} was" if near else ""
    return f"no {kind} was recorded{who}{other}; {add}"
