"""A recorded fact about a version: what was proved, when, by whom."""

from __future__ import annotations

import msgspec

from gitrack.model.registered import Proof
from gitrack.site import display
from gitrack.site.links import web_address
from gitrack.site.pages.frame import Cell, Moment, cells, when


class ProofView(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded fact about a version."""

    version: int
    kind: str
    passed: bool
    recorded: Moment
    by: str | None
    facts: tuple[str, ...]
    note: str | None
    links: tuple[tuple[str, str | None], ...]  # as written, and where a page may lead
    details: tuple[Cell, ...]


def proof_view(proof: Proof) -> ProofView:
    facts = []
    if proof.begin and proof.end:
        lasted = display.duration(proof.begin, proof.end)
        told = f"{display.absolute(proof.begin)} to {display.absolute(proof.end)}"
        facts.append(f"{told} ({lasted})" if lasted else told)
    elif proof.begin or proof.end:
        word, moment = ("from", proof.begin) if proof.begin else ("until", proof.end)
        facts.append(f"{word} {display.absolute(moment)}")
    if proof.junit is not None:
        count = proof.junit
        wrong = count.failures + count.errors
        facts.append(f"{count.tests:,} tests, {wrong:,} failed, {count.skipped:,} skipped")
    if proof.level is not None:
        facts.append(f"reproduced: {proof.level}")
    return ProofView(
        version=proof.version,
        kind=proof.kind,
        passed=proof.passed,
        recorded=when(proof.recorded),
        by=display.person(proof.by) or None,
        facts=tuple(facts),
        note=proof.note,
        links=tuple((link, web_address(link)) for link in proof.links),
        details=cells(proof.details),
    )
