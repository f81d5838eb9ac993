"""Signatures of the branch's commits: which there are, and what they are worth."""

from __future__ import annotations

from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.trail import Trail
from gitrack.store.git.signatures import Signature, Signed, verified

_WORSE = {
    Signed.BAD: "the commit is not what was signed, or the signature was put in from elsewhere",
    Signed.REVOKED: "whoever holds the key must not sign any more",
}
_DOUBTFUL = {
    Signed.EXPIRED: "the key, or the signature, was past its time",
    Signed.UNKNOWN: "nobody here vouches for the key (gpg.ssh.allowedSignersFile, gpg --import)",
}
_REGISTRY = frozenset({Kind.VERSION, Kind.EVIDENCE, Kind.PROMOTION, Kind.STAGE, Kind.ALIAS})


class Signatures:
    """Knows of each commit whether it is signed, and verifies them if asked to."""

    def __init__(self, trail: Trail, findings: Findings, *, verify: bool, required: bool) -> None:
        self._trail = trail
        self._findings = findings
        self._required = required
        self.checked = verify or required
        self._known: dict[str, Signature] = {}
        if self.checked:
            signed = [commit.id for commit in trail.commits if commit.signed]
            self._known = verified(trail.repository, signed)

    def of(self, commit: str) -> Signature:
        """What a commit's signature is worth."""
        if not self._trail.by_id[commit].signed:
            return Signature(Signed.UNSIGNED)
        unknown = Signed.UNKNOWN if self.checked else Signed.UNCHECKED
        return self._known.get(commit, Signature(unknown))

    def check(self) -> None:
        """Tell bad and doubtful ones; with `required`, also where there is none."""
        if not self.checked:
            return
        for commit in self._trail.commits:
            found = self.of(commit.id)
            by = f" by {found.signer}" if found.signer else ""
            key = f" with the key {found.key}" if found.key else ""
            look = f"git verify-commit -v {commit.id[:12]}"
            if found.state in _WORSE:
                self._findings.tampering(
                    f"signature-{found.state.name.lower()}",
                    f"the signature of {commit.id[:12]}{by}{key} is {found.state}",
                    _WORSE[found.state],
                    commit=commit.id,
                    look=look,
                )
            elif not self._needed(commit.id):
                if found.state in _DOUBTFUL:
                    self._findings.remark(
                        "signature-doubtful",
                        f"the signature of {commit.id[:12]}{by}{key}: {found.state}",
                        _DOUBTFUL[found.state],
                        commit=commit.id,
                        look=look,
                    )
            elif found.state is not Signed.GOOD:
                self._findings.suspicious(
                    "not-signed",
                    f"{commit.id[:12]} changes the registry, and its signature is: {found.state}",
                    _DOUBTFUL.get(found.state, "anybody who may push may have written it"),
                    commit=commit.id,
                    look=look,
                )

    def _needed(self, commit: str) -> bool:
        return self._required and any(
            what_is(change.path).kind in _REGISTRY
            for step in self._trail.steps[commit]
            for change in step.changes
            if len(self._trail.steps[commit]) == 1
        )
