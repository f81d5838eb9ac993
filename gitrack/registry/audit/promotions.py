"""Every promotion with all that is known of it: who, on what, judged how, and whether it holds."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from functools import cached_property

from gitrack.model import moments
from gitrack.model.audit import (
    Approver,
    AuditedPromotion,
    AuditedSignature,
)
from gitrack.model.registered import ModelVersion, Proof
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.judged import Judging
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.meanwhile import Meanwhile
from gitrack.registry.audit.outcomes import Found, tell_allowed, tell_outcome
from gitrack.registry.audit.policies import Policies
from gitrack.registry.audit.renumbered import new_numbers, renumbered
from gitrack.registry.audit.reverts import Reverts
from gitrack.registry.audit.signed import Signatures
from gitrack.registry.audit.trail import Trail, moment
from gitrack.registry.gates.approval import Approval
from gitrack.registry.history import request_of
from gitrack.registry.people import known_as
from gitrack.registry.ruling import Ruling, digest
from gitrack.store.registry.paths import stage_path, taken_apart, version_path
from gitrack.store.timeline.commits import Said, said

_SKEW = 300


class Promotions:
    """Lists promotions, and checks what each says of itself."""

    def __init__(
        self,
        trail: Trail,
        contents: Contents,
        reverts: Reverts,
        findings: Findings,
        policies: Policies,
        judging: Judging | None,
        signatures: Signatures,
        *,
        name: str | None = None,
    ) -> None:
        self._trail = trail
        self._contents = contents
        self._reverts = reverts
        self._findings = findings
        self._policies = policies
        self._judging = judging
        self._signatures = signatures
        self._name = name
        self._meanwhile = Meanwhile(trail, contents, findings)
        self._newest_known: dict[tuple[str, str], tuple[list[int], list[Found]]] = {}

    def audited(self) -> list[AuditedPromotion]:
        """All promotions in the order in which they took effect; those that did not come last."""
        order = self._trail.order
        found = [self._one(one) for one in self._found if self._name in (None, one.record.model)]
        last = len(order)
        found.sort(
            key=lambda one: (order.get(one.landed or "", last), order[one.commit], one.at, one.id)
        )
        return found

    @cached_property
    def bases(self) -> dict[tuple[str, str], str]:
        """By model and promotion, the commit on which it was judged."""
        return {
            (one.record.model, one.id): one.record.base
            for one in self._found
            if one.record.base in self._trail.by_id
        }

    @cached_property
    def _found(self) -> list[Found]:
        found: list[Found] = []
        for path, commits in self._reverts.brought_by.items():
            what = what_is(path)
            parts = taken_apart(what.item)
            assert parts is not None
            states = dict(self._trail.states[path])
            commit = commits[0]
            record = self._contents.promotion(path, states[commit])
            if record is None or self._renumbered(path, commit) or self._given_up(path, commit):
                continue
            found.append(
                self._as_published(Found(what.item, parts, path, states[commit], commit, record))
            )
        return found

    def _as_published(self, one: Found) -> Found:
        """What a merge made of it that gave other numbers to versions of which it speaks."""
        landed = self._trail.landed.get(one.commit, one.commit)
        if landed == one.commit:
            return one
        for step in self._trail.steps[landed]:
            for change in step.changes:
                if change.path != one.path or change.old != one.blob or change.new is None:
                    continue
                record = self._contents.promotion(one.path, change.new)
                if record is not None and one.path in renumbered(self._trail, self._contents, step):
                    return one._replace(blob=change.new, commit=landed, record=record)
        return one

    def _renumbered(self, path: str, commit: str) -> bool:
        """True for a promotion that got another number before anybody else saw it."""
        landed = self._trail.landed.get(commit, commit)
        return landed != commit and any(
            path in renumbered(self._trail, self._contents, step)
            for step in self._trail.steps[landed]
            if any(change.path == path and change.new is None for change in step.changes)
        )

    def _given_up(self, path: str, commit: str) -> bool:
        """True for a promotion that its maker gave up before anybody else saw it."""
        landed = self._trail.landed.get(commit, commit)
        for step in self._trail.steps[landed]:
            for change in step.changes:
                if change.path == path and change.new is None:
                    self._reverts.of(step, change)
        return path in self._reverts.given_up

    @cached_property
    def _said(self) -> dict[str, Said]:
        commits = {one.commit for one in self._found}
        commits |= {self._trail.landed.get(commit, commit) for commit in commits}
        return said(self._trail.repository, sorted(commits))

    @cached_property
    def _to(self) -> dict[tuple[str, str], list[Found]]:
        """Promotions by model and stage, in the order of their names."""
        found: dict[tuple[str, str], list[Found]] = defaultdict(list)
        for one in sorted(self._found, key=lambda one: one.parts):
            found[one.record.model, one.parts.stage].append(one)
        return found

    @cached_property
    def _approvals(self) -> dict[tuple[str, int], list[tuple[str, str, Proof]]]:
        """Approvals on the branch by model and version: (commit, path, record)."""
        found: dict[tuple[str, int], list[tuple[str, str, Proof]]] = defaultdict(list)
        for path, states in self._trail.states.items():
            what = what_is(path)
            if what.kind is not Kind.EVIDENCE or "/approval" not in path:
                continue
            commit, blob = states[0]
            proof = self._contents.record(path, blob, Proof)
            if isinstance(proof, Proof) and proof.kind == "approval" and proof.passed:
                found[what.name, proof.version].append((commit, path, proof))
        return found

    # -- one promotion ----------------------------------------------------------------------

    def _one(self, one: Found) -> AuditedPromotion:
        record = one.record
        landed = self._trail.landed.get(one.commit)
        words = self._said[landed or one.commit]
        past = self._trail.by_id[one.commit]
        approvers = self._approvers(one, landed)
        policy, ruling = self._policies.of(record, one.id, one.commit)
        judged, unjudged = self._checked(one, ruling, approvers)
        if landed is not None:
            tell_outcome(self._findings, one, landed, approvers)
            self._meanwhile.tell(one, landed)
        request = request_of(words.message) or request_of(self._said[one.commit].message)
        if ruling is not None:
            merged = landed != one.commit or request is not None
            left = self._left(one)
            tell_allowed(self._findings, one, ruling, past, merged=merged, left=left)
        brought = self._reverts.brought_by[one.path]
        taken = self._reverts.taken_back.get(one.path, [])
        order = self._trail.order
        reverted = taken[-1] if taken and order[taken[-1]] > order[brought[-1]] else None
        gone = landed != one.commit and landed == self._trail.landed.get(reverted or "")
        effective = None if landed is None or gone else moment(self._trail.times[landed])
        return AuditedPromotion(
            id=one.id,
            model=record.model,
            version=record.version,
            run=record.run,
            kind=record.kind,
            source=record.source,
            to=record.to,
            at=record.at,
            by=record.by,
            why=record.why,
            draft=record.draft,
            commit=one.commit,
            landed=landed,
            effective=effective,
            subject=words.message.partition("\n")[0],
            pull_request=request,
            author=past.author,
            committer=self._trail.by_id[landed or one.commit].committer,
            approvers=approvers,
            verdicts=record.verdicts,
            judged_again=judged,
            unjudged=unjudged,
            policy=policy,
            signature=self._signature(one.commit),
            landed_signature=self._signature(landed or one.commit),
            archived=record.archived,
            kept=record.kept,
            reverted=reverted,
        )

    def _signature(self, commit: str) -> AuditedSignature:
        found = self._signatures.of(commit)
        return AuditedSignature(state=found.state, signer=found.signer, key=found.key)

    def _approvers(self, one: Found, landed: str | None) -> list[Approver]:
        found: dict[str, Approver] = {}
        at = landed or one.commit
        for commit in dict.fromkeys((at, one.commit)):
            for who in self._said[commit].approvers:
                found.setdefault(
                    known_as(who), Approver(by=who, source=f"trailer of {commit[:12]}")
                )
        for commit, path, proof in self._approvals.get((one.record.model, one.record.version), ()):
            if proof.run == one.record.run and self._trail.contains(commit, at):
                found.setdefault(known_as(proof.by), Approver(by=proof.by, source=path))
        return list(found.values())

    def _checked(
        self, one: Found, ruling: Ruling | None, approvers: list[Approver]
    ) -> tuple[str, list[str]]:
        """Base, version, run and chain of a promotion; what came of judging it again."""
        record, where = one.record, {"commit": one.commit, "path": one.path, "promotion": one.id}
        if self._moved(one):
            return "not judged again: its version took another number in a merge", []
        if not self._trail.contains(record.base, one.commit):
            if self._trail.repository.shallow:
                return "not judged again: this clone is shallow", []
            self._findings.tampering(
                "base-missing",
                f"{record.model}: {one.id} was judged on {record.base[:12]}, which is not below it",
                "the branch was rewritten since, or the promotion was written by hand",
                **where,
            )
            parents = self._trail.by_id[one.commit].parents
            self._chain(one, parents[0] if parents else one.commit)
            return "not judged again: the commit that was judged is not there", []
        self._before_base(one)
        self._chain(one, record.base)
        self._way_back(one)
        version = self._version(one)
        if version is None:
            return "not judged again: there was no such version", []
        if not self._digest(one, version):
            return "not judged again: it was another run", []
        if self._judging is None:
            return "not asked", []
        if ruling is None:
            return "not judged again: its policy was not found", []
        given = [Approval(by=one.by, source=one.source) for one in approvers]
        return self._judging.again(one.id, record, version, ruling, one.commit, given)

    def _left(self, one: Found) -> str | None:
        """The stage that a version came from, if the commit that says so did not touch it."""
        record, steps = one.record, self._trail.steps[one.commit]
        if record.source in (None, record.to) or len(steps) > 1:
            return None
        path = stage_path(record.model, record.source or "")
        return None if any(change.path == path for change in steps[0].changes) else record.source

    def _moved(self, one: Found) -> bool:
        steps = self._trail.steps[one.commit]
        return len(steps) > 1 and any(
            (Kind.VERSION, one.record.model) in new_numbers(self._trail, self._contents, step)
            for step in steps
        )

    def _way_back(self, one: Found) -> None:
        """A rollback, which passes fewer gates, leads to where the version has been before."""
        record = one.record
        if record.kind != "rollback" or any(
            other.record.version == record.version
            and self._trail.contains(other.commit, record.base)
            for other in self._to[record.model, one.parts.stage]
        ):
            return
        self._findings.tampering(
            "no-rollback",
            f"{record.model}: {one.id} rolls {record.to} back to v{record.version}, which never "
            "stood there",
            "it came there without the gates of a promotion",
            commit=one.commit,
            path=one.path,
            promotion=one.id,
        )

    def _before_base(self, one: Found) -> None:
        base = self._trail.by_id[one.record.base]
        try:
            at = moments.read(one.record.at).timestamp()
        except ValueError:
            return
        if at < base.committed - _SKEW:
            self._findings.suspicious(
                "before-its-base",
                f"{one.record.model}: {one.id} says that it was decided at {one.record.at}, and it "
                f"was judged on a commit of {moment(base.committed)}",
                "it was dated back",
                commit=one.commit,
                path=one.path,
                promotion=one.id,
            )

    def _version(self, one: Found) -> ModelVersion | None:
        record = one.record
        path = version_path(record.model, record.version)
        blob = self._trail.state_at(path, record.base)
        version = self._contents.record(path, blob, ModelVersion) if blob is not None else None
        where = {"commit": one.commit, "path": one.path, "promotion": one.id}
        if not isinstance(version, ModelVersion):
            self._findings.tampering(
                "no-version",
                f"{record.model}: {one.id} promotes version {record.version}, which was not "
                "registered when it was judged",
                "what was promoted is not what a version names",
                **where,
            )
            return None
        if version.run != record.run:
            self._findings.tampering(
                "other-run",
                f"{record.model}: {one.id} is about run {record.run}, and version "
                f"{record.version} is of run {version.run}",
                "one run was judged, and another went to the stage",
                **where,
            )
            return None
        return version

    def _digest(self, one: Found, version: ModelVersion) -> bool:
        """True if the run on the base is the one that was judged."""
        path = self._run_paths.get(version.run)
        blob = self._trail.state_at(path, one.record.base) if path is not None else None
        data = self._contents.data(blob) if blob is not None else None
        where = {"commit": one.commit, "path": one.path, "promotion": one.id}
        if data is None:
            self._findings.tampering(
                "no-run",
                f"{one.record.model}: {one.id} is about run {version.run}, which was not on the "
                "branch when it was judged",
                "nobody can tell what was promoted",
                **where,
            )
            return False
        if digest(data) != one.record.record:
            self._findings.tampering(
                "other-record",
                f"{one.record.model}: {one.id} judged a record of run {version.run} with the "
                f"digest {one.record.record[:12]}; on {one.record.base[:12]} it is "
                f"{digest(data)[:12]}",
                "the run's record was changed, or the digest made up",
                look=f"git show {one.record.base[:12]}:{path} | sha256sum",
                **where,
            )
            return False
        return True

    @cached_property
    def _run_paths(self) -> dict[str, str]:
        """By id of a run, where its record lies."""
        whats = ((path, what_is(path)) for path in self._trail.states)
        return {what.name[-22:]: path for path, what in whats if what.kind is Kind.RUN}

    def _chain(self, one: Found, base: str) -> None:
        previous = self._previous(one, base)
        follows = one.record.follows
        where = {"commit": one.commit, "path": one.path, "promotion": one.id}
        if follows is None and previous is None:
            return
        if follows is None or previous is None or follows.promotion != previous.id:
            said = "none" if follows is None else follows.promotion
            there = "none" if previous is None else previous.id
            self._findings.tampering(
                "chain",
                f"{one.record.model}: {one.id} follows {said}; the one before it was {there}",
                "a promotion was removed, put in between, or written by hand",
                **where,
            )
            return
        data = self._contents.data(previous.blob)
        if data is not None and digest(data) != follows.sha256:
            self._findings.tampering(
                "chain-digest",
                f"{one.record.model}: {one.id} follows {previous.id} with the digest "
                f"{follows.sha256[:12]}, and that file has {digest(data)[:12]}",
                "the earlier promotion was changed, or the chain made up",
                look=f"git show {one.commit[:12]}:{previous.path} | sha256sum",
                **where,
            )

    def _previous(self, one: Found, base: str) -> Found | None:
        """The newest promotion to the same stage that was there when this one was judged."""
        places, newest = self._newest(one.record.model, one.parts.stage)
        order = self._trail.order
        behind = bisect_right(places, order[base])
        if behind == 0:
            return None
        best = newest[behind - 1]
        if self._was_there(best, one, base):
            return best  # nearly always; the rest is for lines beside the branch's own, and reverts
        others = self._to[one.record.model, one.parts.stage]
        return next((o for o in reversed(others) if self._was_there(o, one, base)), None)

    def _was_there(self, other: Found, one: Found, base: str) -> bool:
        if other.path == one.path or not self._trail.contains(other.commit, base):
            return False
        taken_back = other.path in self._reverts.taken_back
        return not taken_back or self._trail.at(other.path, base) is not None

    def _newest(self, model: str, stage: str) -> tuple[list[int], list[Found]]:
        """By place in history: the newest promotion to a stage of all up to there."""
        known = self._newest_known.get((model, stage))
        if known is None:
            order = self._trail.order
            found = sorted(self._to[model, stage], key=lambda one: order[one.commit])
            newest: list[Found] = []
            for one in found:
                newest.append(max(newest[-1], one, key=lambda o: o.parts) if newest else one)
            known = ([order[one.commit] for one in found], newest)
            self._newest_known[model, stage] = known
        return known
