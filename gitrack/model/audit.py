"""What an audit says: promotions with all that is known of them, and findings."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gitrack.model.promotion import PolicyUsed, Verdict

#: The version of the JSON that an audit prints and exports.
SCHEMA = 1


class Severity(StrEnum):
    """How bad it is. A remark is no finding: something that honest work leaves behind, too."""

    TAMPERING = "tampering"
    SUSPICIOUS = "suspicious"
    REMARK = "remark"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be: what, where, by whom, when, and how to look.

    `kind` is a word for programs. `means` says what it would mean. `who` and `when` are those of
    the commit, `look` is what to type to see it.
    """

    severity: Severity
    kind: str
    what: str
    means: str
    commit: str | None = None
    path: str | None = None
    who: str | None = None
    when: str | None = None
    look: str | None = None
    model: str | None = None
    run: str | None = None
    promotion: str | None = None


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved, and where that is written: a trailer of a commit, or a file of evidence."""

    by: str
    source: str


class AuditedSignature(msgspec.Struct, frozen=True, kw_only=True):
    """What a commit's signature is worth: `good`, `bad`, `unknown key`, `expired`, `revoked`,
    `unsigned`, or `unchecked` where nobody asked."""

    state: str
    signer: str | None = None
    key: str | None = None


class AuditedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The policy that judged, and where it was found again in the code's history, if it was.

    `state`: `found`, `not found`, `other` (that commit of the code has another policy), `none`
    (there was no policy).
    """

    used: PolicyUsed | None = None
    state: str
    in_force: bool | None = None
    says: str = ""


class AuditedPromotion(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion, and how it came onto the branch.

    `commit` brought the record, `landed` is the commit of the branch's own line that has it first
    (the same, or a merge) and `effective` that commit's time, None for what was taken back before
    it came to others. `judged_again` says what came of judging its gates once more: `same`,
    `differs`, or why that was not done; `unjudged` are gates that cannot be judged twice.
    `reverted` is the commit that took it back.
    """

    id: str
    model: str
    version: int
    run: str
    kind: str
    source: str | None
    to: str
    at: str
    by: str
    why: str
    draft: bool
    commit: str
    landed: str | None
    effective: str | None
    subject: str
    pull_request: str | None
    author: str
    committer: str
    approvers: list[Approver]
    verdicts: list[Verdict]
    judged_again: str
    unjudged: list[str]
    policy: AuditedPolicy
    signature: AuditedSignature
    landed_signature: AuditedSignature
    archived: list[int]
    kept: list[int]
    reverted: str | None = None


class AliasChange(msgspec.Struct, frozen=True, kw_only=True):
    """A free pointer that was set, moved or removed. None: it did not point anywhere."""

    model: str
    alias: str
    before: int | None
    after: int | None
    commit: str
    who: str
    when: str


class Rewriting(msgspec.Struct, frozen=True, kw_only=True):
    """A tip that this clone has seen and that the branch does not contain any more.

    `lost` are paths of runs and promotions that were there and are not, or not so.
    """

    branch: str
    seen: str
    now: str | None
    commits: int
    lost_runs: list[str]
    lost_promotions: list[str]
    accepted: bool = False


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, and all that came of it. `clean` if nothing but remarks did.

    `earlier` counts findings that are not listed, since they are of before `since`.
    """

    schema: int = SCHEMA
    branch: str
    tip: str | None
    model: str | None = None
    since: str | None = None
    commits: int = 0
    runs: int = 0
    versions: int = 0
    signatures: str = "unchecked"
    promotions: list[AuditedPromotion] = []
    aliases: list[AliasChange] = []
    rewritings: list[Rewriting] = []
    findings: list[Finding] = []
    earlier: int = 0

    @property
    def clean(self) -> bool:
        """True if there is nothing but remarks."""
        return all(finding.severity is Severity.REMARK for finding in self.findings)

    def of(self, severity: Severity) -> list[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity is severity]
