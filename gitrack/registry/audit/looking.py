"""The audit: history is read once, every check looks at it, and what they find is put together."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from gitrack.errors import NotFound, UsageError
from gitrack.model import moments
from gitrack.model.audit import Audit, Finding, Severity
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.judged import Judging
from gitrack.registry.audit.kept import Kept
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.policies import Policies
from gitrack.registry.audit.promotions import Promotions
from gitrack.registry.audit.recorded import Recorded
from gitrack.registry.audit.reverts import Reverts
from gitrack.registry.audit.rewritten import Rewritten, lines_of
from gitrack.registry.audit.signed import Signatures
from gitrack.registry.audit.stages import Stages
from gitrack.registry.audit.trail import Trail, moment
from gitrack.registry.opened import OpenRegistry, open_registry
from gitrack.store.git.ancestry import shallow_commits
from gitrack.tracking.place import Place


class Looked(NamedTuple):
    """An audit, and what it looked at; `bases` are the commits on which promotions were judged."""

    audit: Audit
    opened: OpenRegistry
    trail: Trail | None
    contents: Contents | None
    bases: dict[tuple[str, str], str]


def audit(
    name: str | None = None,
    since: str | datetime | None = None,
    *,
    rejudge: bool = True,
    verify_signatures: bool = False,
    require_signed: bool = False,
    note: bool = True,
    where: OpenRegistry | Place | Path | None = None,
) -> Audit:
    """Every promotion of the branch, and whether anybody has changed the record since.

    All of history is verified; `name` shows what concerns one model, `since` (a day or a moment)
    what came since then. `rejudge` judges recorded gates once more, `verify_signatures` has git
    check signatures, `require_signed` also finds fault with commits of the registry that have no
    good one. `note` keeps in mind where the branch stands, so that a later rewriting shows.
    Raises NotFound for a model that was never there, UsageError for a time that is none.
    """
    return look(
        name,
        since,
        rejudge=rejudge,
        verify_signatures=verify_signatures,
        require_signed=require_signed,
        note=note,
        where=where,
    ).audit


def look(
    name: str | None = None,
    since: str | datetime | None = None,
    *,
    rejudge: bool = True,
    verify_signatures: bool = False,
    require_signed: bool = False,
    note: bool = True,
    where: OpenRegistry | Place | Path | None = None,
    at: str | None = None,
) -> Looked:
    """An audit together with the history that it read.

    With `at`, a commit of the branch, it is what that commit tells: nothing of what only this
    clone knows, which has seen other tips, is asked for or kept in mind.
    """
    opened = where if isinstance(where, OpenRegistry) else open_registry(where)
    begin = _begin(since)
    tip = at or opened.branch.tip()
    if tip is None:
        if name is not None:
            raise _no_model(name)
        return Looked(
            Audit(branch=opened.branch.name, tip=None, since=begin), opened, None, None, {}
        )
    lines = [] if at else lines_of(opened.branch)
    others = [id for *_, id in lines if id is not None and id != tip]
    trail = Trail(opened.branch, tip, others)
    if name is not None and not _ever(trail, name):
        raise _no_model(name)
    contents, findings, reverts = Contents(trail), Findings(trail), Reverts(trail)
    _cut(trail, findings)
    Kept(trail, contents, reverts, findings).check()
    stages = Stages(trail, contents, reverts, findings)
    stages.check()
    Recorded(trail, contents, findings).check()
    signatures = Signatures(trail, findings, verify=verify_signatures, required=require_signed)
    signatures.check()
    listed = Promotions(
        trail,
        contents,
        reverts,
        findings,
        Policies(opened, findings),
        Judging(opened, trail, contents, findings) if rejudge else None,
        signatures,
        name=name,
    )
    promotions = listed.audited()
    rewritten = Rewritten(opened.branch, trail, findings)
    if at is None:
        rewritten.check(note=note)
    runs, versions = _counts(trail)
    concerned = {p.run for p in promotions} | _runs_of(trail, contents, name)
    concerning = [one for one in findings.sorted() if _concerns(one, name, concerned)]
    found = Audit(
        branch=opened.branch.name,
        tip=tip,
        model=name,
        since=begin,
        commits=len(trail.commits),
        runs=runs,
        versions=versions,
        signatures="checked" if signatures.checked else "unchecked",
        promotions=[
            one for one in promotions if begin is None or (one.effective or one.at) >= begin
        ],
        aliases=[
            one
            for one in stages.aliases
            if name in (None, one.model) and not _before(one.commit, begin, trail)
        ],
        rewritings=rewritten.found,
        findings=[one for one in concerning if not _before(one.commit, begin, trail)],
        earlier=sum(
            one.severity is not Severity.REMARK and _before(one.commit, begin, trail)
            for one in concerning
        ),
    )
    return Looked(found, opened, trail, contents, listed.bases)


def _concerns(finding: Finding, name: str | None, runs: set[str]) -> bool:
    if name is None:
        return True
    if finding.model is not None:
        return finding.model == name
    return finding.run is None or finding.run in runs


def _before(commit: str | None, begin: str | None, trail: Trail) -> bool:
    """True for what was on the branch's own line before a moment.

    The date that a commit claims is its author's word: what is dated back, or was made long ago on
    a side branch, counts from when it came to everybody.
    """
    if begin is None or commit is None:
        return False
    landed = trail.landed.get(commit)
    return landed is not None and moment(trail.times[landed]) < begin


def _begin(since: str | datetime | None) -> str | None:
    if since is None:
        return None
    if isinstance(since, datetime):
        return moments.written(since if since.tzinfo else since.astimezone())
    try:
        return moments.written(moments.read(since.strip()))
    except ValueError:
        raise UsageError(
            f"{since!r} is not a time", hint="write it as 2026-05-22 or 2026-05-22T14:30"
        ) from None


def _cut(trail: Trail, findings: Findings) -> None:
    # the code may be cut off, too, which says nothing of the branch
    if shallow_commits(trail.repository) & trail.by_id.keys():
        findings.suspicious(
            "shallow",
            f"this clone is shallow: it has {len(trail.commits)} commits, and what came before "
            "was not looked at",
            "an audit needs all of history",
            path=trail.branch.name,
            look=f"git fetch --unshallow {trail.branch.remote or 'origin'} {trail.branch.name}",
        )


def _ever(trail: Trail, name: str) -> bool:
    start = f"registry/{name}/"
    return any(path.startswith(start) for path in trail.states)


def _counts(trail: Trail) -> tuple[int, int]:
    kinds = [what_is(path).kind for path in trail.states]
    return kinds.count(Kind.RUN), kinds.count(Kind.VERSION)


def _runs_of(trail: Trail, contents: Contents, name: str | None) -> set[str]:
    """The runs of which a model's versions were ever made."""
    if name is None:
        return set()
    from gitrack.model.registered import ModelVersion

    found: set[str] = set()
    for path, states in trail.states.items():
        what = what_is(path)
        if what.kind is Kind.VERSION and what.name == name:
            for _, blob in states:
                version = contents.record(path, blob, ModelVersion)
                if isinstance(version, ModelVersion):
                    found.add(version.run)
    return found


def _no_model(name: str) -> NotFound:
    return NotFound(
        f"there never was a registered model {name!r} on this branch",
        hint="type  gitrack model ls",
    )
