"""All gates of a stage, judged; and judged again, to see whether a record says the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from gitrack.config.gates import Gate, StageGate
from gitrack.errors import GitrackError
from gitrack.model.display import safe
from gitrack.model.promotion import Outcome, Promotion, Verdict
from gitrack.model.run import Scalar
from gitrack.registry.gates import finding
from gitrack.registry.gates.case import CannotJudge, Case
from gitrack.registry.gates.table import judge_of
from gitrack.registry.gates.wording import kind_of, words

#: Approvals come after the promotion was asked for: what lacked then may be there now.
_GIVEN_LATER = ("approvals", "evidence")

_LONGEST = 1_000
_LONGEST_VALUE = 200


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded verdict that is not what is found now. One of both is None where it is missing."""

    gate: str
    via: str | None = None
    says: str
    recorded: Verdict | None = None
    found: Verdict | None = None


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A gate that could not be judged again here. `recorded` is what the record says of it."""

    gate: str
    kind: str
    via: str | None = None
    why: str
    recorded: Verdict | None = None


class Rejudged(msgspec.Struct, frozen=True, kw_only=True):
    """What judging again gave. `verdicts` are those found now, without the unjudged."""

    verdicts: list[Verdict]
    disagreements: list[Disagreement]
    unjudged: list[Unjudged]


def judge(case: Case, *, back: bool = False) -> list[Verdict]:
    """A verdict for every gate of the stage, those of other stages that it asks for in between.

    `back` asks for the gates of a rollback. What cannot be judged here fails, and says why.
    """
    verdicts = []
    for asked in _asked(case, back=back):
        try:
            found = asked.found(case)
        except CannotJudge as error:
            found = finding.failed(str(error))
        verdicts.append(asked.verdict(found))
    return verdicts


def failed(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that failed."""
    return [verdict for verdict in verdicts if verdict.outcome is Outcome.FAILED]


def waiting(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that wait for approvals."""
    return [verdict for verdict in verdicts if verdict.outcome is Outcome.WAITING]


def rejudge(case: Case, promotion: Promotion) -> Rejudged:
    """The gates of a recorded promotion judged again on the case's commit, and held against it.

    What cannot be judged here (no code is run, nothing is fetched, bytes are missing) disagrees
    with nothing and is listed. What waited for approvals may have been approved since.
    """
    recorded: dict[tuple[str, str | None], Verdict] = {}
    disagreements: list[Disagreement] = []
    for verdict in promotion.verdicts:
        key = (verdict.gate, verdict.via)
        if key in recorded:
            disagreements.append(_differs(verdict, None, f"{verdict.gate} is recorded twice"))
        recorded[key] = verdict
    verdicts: list[Verdict] = []
    unjudged: list[Unjudged] = []
    for asked in _asked(case, back=promotion.kind == "rollback"):
        said = recorded.pop((asked.gate, asked.via), None)
        try:
            found = asked.verdict(asked.found(case))
        except CannotJudge as error:
            unjudged.append(asked.unjudged(str(error), said))
            continue
        verdicts.append(found)
        if said is None:
            says = f"the policy asks for '{asked.gate}', and the promotion says nothing of it"
            disagreements.append(_differs(None, found, says))
        elif (why := _difference(said, found)) is not None:
            disagreements.append(_differs(said, found, why))
    for said in recorded.values():
        says = f"the promotion says '{said.gate}', for which the policy does not ask"
        disagreements.append(_differs(said, None, says))
    return Rejudged(verdicts=verdicts, disagreements=disagreements, unjudged=unjudged)


class _Asked(NamedTuple):
    """A gate of the policy, as one stage or another asks for it. None: it asks for nothing."""

    gate: str
    kind: str
    via: str | None
    rule: Gate | None

    def found(self, case: Case) -> finding.Finding:
        """What it says. Raises CannotJudge."""
        if self.rule is None:
            return finding.passed(f"the policy asks for nothing in {self.via}")
        judge_it: Callable[[Case, Any], finding.Finding] = judge_of(self.rule)
        try:
            return judge_it(case, self.rule)
        except CannotJudge:
            raise
        except GitrackError as error:
            return finding.failed(str(error))

    def verdict(self, found: finding.Finding) -> Verdict:
        return Verdict(
            gate=self.gate,
            kind=self.kind,
            outcome=found.outcome,
            says=_in_one_line(found.says, _LONGEST),
            value=_in_one_line(found.value, _LONGEST_VALUE)
            if isinstance(found.value, str)
            else found.value,
            required=found.required,
            margin=found.margin,
            baseline=found.baseline,
            source=found.source,
            via=self.via,
        )

    def unjudged(self, why: str, recorded: Verdict | None) -> Unjudged:
        return Unjudged(gate=self.gate, kind=self.kind, via=self.via, why=why, recorded=recorded)


def _asked(case: Case, *, back: bool) -> Iterator[_Asked]:
    """Every gate once, in the order of the policy; two that read alike are numbered."""
    rule = case.rules[case.to]
    names: dict[tuple[str, str | None], int] = {}
    seen: set[tuple[Gate, str | None]] = set()
    for gate, via in _expanded(case, rule.rollback.gates if back else rule.gates, None, set()):
        if gate is not None and (gate, via) in seen:
            continue
        kind = "stage" if gate is None else kind_of(gate)
        name = f"gates of {via}" if gate is None else words(gate)
        if gate is not None:
            seen.add((gate, via))
        count = names[name, via] = names.get((name, via), 0) + 1
        yield _Asked(f"{name} ({count})" if count > 1 else name, kind, via, gate)


def _expanded(
    case: Case, gates: Sequence[Gate], via: str | None, done: set[str]
) -> Iterator[tuple[Gate | None, str | None]]:
    for gate in gates:
        if not isinstance(gate, StageGate):
            yield gate, via
        elif gate.stage not in done:
            done.add(gate.stage)
            rule = case.rules.get(gate.stage)
            if rule is None or not rule.gates:
                yield None, gate.stage
            else:
                yield from _expanded(case, rule.gates, gate.stage, done)


def _differs(recorded: Verdict | None, found: Verdict | None, says: str) -> Disagreement:
    one = recorded or found
    assert one is not None
    return Disagreement(gate=one.gate, via=one.via, says=says, recorded=recorded, found=found)


def _difference(said: Verdict, found: Verdict) -> str | None:
    """In what a recorded verdict is not the one that is found, or None."""
    name = f"'{said.gate}'"
    if said.kind != found.kind:
        return f"{name} is recorded as one of {said.kind!r:.40}, and it is one of {found.kind}"
    later = said.kind in _GIVEN_LATER and said.outcome is Outcome.WAITING
    if later:
        return None
    if said.outcome is not found.outcome:
        return f"{name} is recorded as {said.outcome}, and it is {found.outcome}: {found.says}"
    if said.kind == "approvals":
        return None  # more may have approved since
    for what in ("value", "required", "margin", "baseline"):
        one, other = getattr(said, what), getattr(found, what)
        # what was not recorded claims nothing: another version of gitrack may say more
        if one is not None and not _alike(one, other):
            return f"{name} is recorded with {what} {_shown(one)}, and it is {_shown(other)}"
    return None


def _alike(one: Scalar, other: Scalar) -> bool:
    """The same, but for the dust of another machine's arithmetic."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return one == other


def _in_one_line(text: str, longest: int) -> str:
    """Notes, tags and names are anybody's: no line breaks, no control characters, no novel."""
    shown = safe(text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def _shown(value: Scalar) -> str:
    return "nothing" if value is None else f"{value!r:.80}"
