"""What a site leaves out of an audit: people on a public one, and what it names that is hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from msgspec.structs import replace

from gitrack.model.audit import AliasChange, Audit, AuditedPromotion, Finding
from gitrack.site.contents import Contents
from gitrack.site.display import person
from gitrack.site.hiding.models import without_mail
from gitrack.site.hiding.rules import Hide

_WORDS = re.compile(r"[^\s,:;()'\"<>=]+")
#: How findings say who wrote a record, and who its commit: both may be named nowhere else.
_WROTE = (
    (" wrote it, and ", " wrote its commit"),
    (" wrote them, and ", " wrote their commits"),
)
_SHORT = 3


def shown_audit(contents: Contents) -> Audit | None:
    """The audit of this commit as the site may show it; None where nobody made one."""
    if contents.extras.audit is None:
        return None
    return hidden(contents.extras.audit(), contents.hide, contents.people)


def hidden(audit: Audit, hide: Hide, people: Set[str] = frozenset()) -> Audit:
    """Without verdicts, which pages of models show; without what the project hides.

    `people` are those whom records of the branch name.
    """
    promotions = [replace(one, verdicts=[]) for one in audit.promotions]
    findings, aliases = audit.findings, audit.aliases
    if hide.params or hide.tags or hide.metrics:
        findings = [_unnamed(one, hide) for one in findings]
    if hide.public:
        known = _people(audit, people)
        findings = [_nameless(one, known) for one in findings]
        promotions = [_nameless_promotion(one, known) for one in promotions]
        aliases = [_nameless_alias(one) for one in aliases]
    return replace(audit, promotions=promotions, findings=findings, aliases=aliases)


def _unnamed(finding: Finding, hide: Hide) -> Finding:
    """A sentence that names something hidden may give its value, too: neither is shown."""
    words = _WORDS.findall(f"{finding.what} {finding.means}")
    if not any(hide.name(word.strip(".")) for word in words):
        return finding
    return replace(
        finding,
        what=f"something that this site leaves out: {finding.kind}",
        means="gitrack audit  says what it is",
    )


def _people(audit: Audit, people: Set[str]) -> re.Pattern[str] | None:
    """Every name and address of people that are known or that the audit names, as one pattern."""
    known: set[str] = set(people)
    for one in audit.promotions:
        known |= {one.by, one.author, one.committer, *(a.by for a in one.approvers)}
        known |= {one.signature.signer or "", one.landed_signature.signer or ""}
    known |= {one.who or "" for one in audit.findings} | {one.who for one in audit.aliases}
    for finding in audit.findings:
        known |= set(_writers(finding.what))
    known |= {person(one) or "" for one in known}
    longest = sorted((name for name in known if len(name) >= _SHORT), key=_longest)
    return re.compile("|".join(map(re.escape, longest))) if longest else None


def _writers(what: str) -> Iterator[str]:
    """Who is named in a sentence about authors; it may be long, and is gone through once."""
    for middle, end in _WROTE:
        told, ended, _ = what.rpartition(end)
        records, both, author = told.rpartition(middle) if ended else ("", "", "")
        if both:
            yield author
            yield records.partition(" that ")[2]
            yield records.rpartition(" that ")[2]  # the path of a record may hold the word, too


def _longest(name: str) -> tuple[int, str]:
    return -len(name), name


def _nameless(finding: Finding, people: re.Pattern[str] | None) -> Finding:
    return replace(
        finding,
        what=_without(finding.what, people),
        means=_without(finding.means, people),
        look=finding.look and _without(finding.look, people),
        who=None,
    )


def _nameless_promotion(one: AuditedPromotion, people: re.Pattern[str] | None) -> AuditedPromotion:
    return replace(
        one,
        by="",
        author="",
        committer="",
        approvers=[replace(approver, by="") for approver in one.approvers],
        why=_without(one.why, people),
        subject=_without(one.subject, people),
        judged_again=_without(one.judged_again, people),
        policy=replace(one.policy, says=_without(one.policy.says, people)),
        signature=replace(one.signature, signer=None, key=None),
        landed_signature=replace(one.landed_signature, signer=None, key=None),
    )


def _nameless_alias(one: AliasChange) -> AliasChange:
    return replace(one, who="")


def _without(text: str, people: re.Pattern[str] | None) -> str:
    return without_mail(people.sub("…", text) if people else text)
