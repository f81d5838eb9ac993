"""What came between the judgement of a promotion and its merge, and speaks against it.

A check is as old as the base on which it ran. Where a host does not ask for another one, git merges
a promotion cleanly although a failed test, or a withdrawn approval, has been recorded since.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from gitrack.errors import GitrackError
from gitrack.model import moments
from gitrack.model.registered import Proof
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.outcomes import Found
from gitrack.registry.audit.trail import Trail


class Meanwhile:
    """Knows the evidence about every version, and by which commit it came."""

    def __init__(self, trail: Trail, contents: Contents, findings: Findings) -> None:
        self._trail = trail
        self._contents = contents
        self._findings = findings

    @cached_property
    def _proofs(self) -> dict[tuple[str, int], list[tuple[str, str, Proof]]]:
        """By model and version: commits, paths and records."""
        found: dict[tuple[str, int], list[tuple[str, str, Proof]]] = defaultdict(list)
        for path, states in self._trail.states.items():
            what = what_is(path)
            if what.kind is not Kind.EVIDENCE:
                continue
            commit, blob = states[0]
            proof = self._contents.record(path, blob, Proof)
            if isinstance(proof, Proof):
                found[what.name, proof.version].append((commit, path, proof))
        return found

    def tell(self, one: Found, landed: str) -> None:
        """The last word of each kind of evidence before the merge, if it came since and says no."""
        parents = self._trail.by_id[landed].parents
        record = one.record
        if landed == one.commit or not parents or parents[0] == record.base:
            return
        last: dict[str, tuple[str, str, Proof]] = {}
        for commit, path, proof in self._proofs.get((record.model, record.version), ()):
            if proof.run != record.run or not self._trail.contains(commit, parents[0]):
                continue
            other = last.get(proof.kind)
            if other is None or _when(proof) >= _when(other[2]):
                last[proof.kind] = (commit, path, proof)
        for commit, path, proof in last.values():
            if proof.passed or self._trail.contains(commit, record.base):
                continue
            self._findings.suspicious(
                "merged-against-evidence",
                f"{record.model} v{record.version} was merged to {record.to} although {proof.by} "
                f"had recorded meanwhile that {proof.kind} failed ({path})",
                "it was judged before that, and merged without another check",
                commit=landed,
                path=path,
                promotion=one.id,
            )


def _when(proof: Proof) -> float:
    try:
        return moments.read(proof.recorded).timestamp()
    except (ValueError, OverflowError, GitrackError):
        return 0.0
