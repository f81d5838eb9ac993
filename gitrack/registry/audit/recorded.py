"""Records say who wrote them and when; the commit that brought them says so, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import time
from typing import NamedTuple

import msgspec

from gitrack.model import moments
from gitrack.model.promotion import Promotion
from gitrack.model.registered import (
    ModelAlias,
    ModelVersion,
    Proof,
    RegisteredModel,
    StageState,
)
from gitrack.model.run import Run
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.findings import Findings
from gitrack.registry.audit.kinds import Kind, What, what_is
from gitrack.registry.audit.renumbered import new_numbers, stood_elsewhere
from gitrack.registry.audit.trail import Trail, moment
from gitrack.registry.history import request_of
from gitrack.registry.people import known_as
from gitrack.store.git.ancestry import Change, PastCommit
from gitrack.store.registry.paths import version_path

_TYPES: dict[Kind, type[msgspec.Struct]] = {
    Kind.RUN: Run,
    Kind.VERSION: ModelVersion,
    Kind.EVIDENCE: Proof,
    Kind.PROMOTION: Promotion,
    Kind.STAGE: StageState,
    Kind.ALIAS: ModelAlias,
    Kind.MODEL: RegisteredModel,
}
#: Clocks of two machines differ by so much, and nobody lies.
_SKEW = 300
#: What is written is committed at once; a commit that follows so much later tells another story.
_BACK = 3600
#: Commits of one branch come from many machines.
_BACKWARDS = 600
_CO_AUTHOR = re.compile(r"^Co-authored-by: *(.+)$", re.IGNORECASE | re.MULTILINE)
#: How gitrack begins the message of what several processes committed at one moment.
_TOGETHER = re.compile(r"[1-9]\d* commits at once\n", re.ASCII)
_HOST = re.compile(r"(?:^|[.@])noreply(?:\.|@)|@users\.noreply\.", re.IGNORECASE)


class Said(NamedTuple):
    """A moment that a record names, and what happened then."""

    what: str
    when: str


class Recorded:
    """Looks at every record as its commit brought it."""

    def __init__(self, trail: Trail, contents: Contents, findings: Findings) -> None:
        self._trail = trail
        self._contents = contents
        self._findings = findings
        self._now = time()
        #: by (author of the run, author of the commit): commits and paths
        self._by_others: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def check(self) -> None:
        """All commits, parents first."""
        known: set[tuple[str, str]] = set()
        for commit in self._trail.commits:
            self._clock(commit)
            for change in self._trail.brought[commit.id]:
                what = what_is(change.path)
                if what.kind not in _TYPES or change.new is None:
                    continue
                state = (change.path, change.new)
                if state in known:
                    continue  # a revert was reverted
                known.add(state)
                self._record(commit, change, what)
        self._tell_others()
        for id in self._trail.damaged():
            paths = [
                path
                for path, states in self._trail.states.items()
                if any(blob == id for _, blob in states)
            ]
            for path in paths or [id]:
                self._findings.tampering(
                    "damaged",
                    f"{path}: the object {id[:12]} does not hold what its id stands for",
                    "somebody, or a disk, has changed it inside of this clone's object database",
                    path=path,
                    look="git fsck",
                )

    def _clock(self, commit: PastCommit) -> None:
        if commit.committed > self._now + _SKEW:
            self._findings.suspicious(
                "clock-ahead",
                f"{commit.id[:12]} says {moment(commit.committed)}, which is still to come",
                "it was dated by hand, or a clock was wrong; when it came is not known",
                commit=commit.id,
                look=f"git log -1 --format='%h %ci %an %s' {commit.id[:12]}",
            )
        for parent in commit.parents:
            before = self._trail.by_id.get(parent)
            if before is not None and commit.committed < before.committed - _BACKWARDS:
                self._findings.suspicious(
                    "clock-backwards",
                    f"{commit.id[:12]} says {moment(commit.committed)}, and the commit that it "
                    f"follows says {moment(before.committed)}",
                    "commits were put into another order or dated back, or a clock was wrong",
                    commit=commit.id,
                    look=f"git log -2 --format='%h %ci %an %s' {commit.id[:12]}",
                )

    def _record(self, commit: PastCommit, change: Change, what: What) -> None:
        assert change.new is not None
        record = self._contents.record(change.path, change.new, _TYPES[what.kind])
        if isinstance(record, str):
            self._findings.suspicious(
                "unreadable",
                f"{change.path} cannot be read: {record}",
                "gitrack writes no such file: it was made or changed by hand",
                commit=commit.id,
                path=change.path,
            )
            return
        moved = len(commit.parents) > 1 and self._moved(commit, change, what)
        if change.old is None and not moved:
            self._author(commit, change, what, record)
        self._times(commit, change, what, record, moved=moved or change.old is not None)

    def _moved(self, commit: PastCommit, change: Change, what: What) -> bool:
        """True for what a merge wrote again under another number, or another name."""
        if what.kind is Kind.EVIDENCE and stood_elsewhere(self._trail, commit, change):
            return True
        return any(
            new_numbers(self._trail, self._contents, step).get((Kind.VERSION, what.name))
            for step in self._trail.steps[commit.id]
        )

    # -- times ------------------------------------------------------------------------------

    def _times(
        self, commit: PastCommit, change: Change, what: What, record: msgspec.Struct, *, moved: bool
    ) -> None:
        for said in _moments(record):
            try:
                when = moments.read(said.when)
            except ValueError:
                self._findings.suspicious(
                    "no-time",
                    f"{change.path}: {said.what} is {said.when[:60]!r}, which is no time",
                    "gitrack writes no such time",
                    commit=commit.id,
                    path=change.path,
                )
                continue
            seconds = when.timestamp()
            if seconds > commit.committed + _SKEW:
                self._findings.suspicious(
                    "from-the-future",
                    f"{change.path} was committed at {moment(commit.committed)} and says that it "
                    f"{said.what} at {said.when}",
                    "it was written with another date than the day's, or a clock was wrong",
                    commit=commit.id,
                    path=change.path,
                )
            elif not moved and what.kind is not Kind.RUN and said.what in _AT_ONCE:
                waited = isinstance(record, Promotion) and record.base not in commit.parents
                self._back_dated(commit, change, what, said, when, waited=waited)
        if isinstance(record, Proof):
            self._about(commit, change, what, record)
            if record.end is not None:
                self._watched(commit, change, record)

    def _back_dated(
        self,
        commit: PastCommit,
        change: Change,
        what: What,
        said: Said,
        when: datetime,
        *,
        waited: bool,
    ) -> None:
        """`waited` is a promotion that was judged on an older commit than its own follows."""
        parents = [self._trail.by_id[p] for p in commit.parents if p in self._trail.by_id]
        if not parents:
            return
        parent = max(parent.committed for parent in parents)
        if when.timestamp() >= parent - _BACK:
            return
        told = (
            f"{change.path} says that it {said.what} at {said.when}; its commit of "
            f"{moment(commit.committed)} follows one of {moment(parent)}"
        )
        rebased = abs(commit.authored - when.timestamp()) <= _BACK
        if waited or self._by_host(commit) or (rebased and what.kind is not Kind.EVIDENCE):
            self._findings.remark(
                "squashed",
                told,
                "a squash or a rebase puts what was written earlier behind what came meanwhile",
                commit=commit.id,
                path=change.path,
            )
        else:
            self._findings.suspicious(
                "back-dated",
                told,
                "it was written later than it says",
                commit=commit.id,
                path=change.path,
            )

    def _by_host(self, commit: PastCommit) -> bool:
        """True for what a host committed for its author: it squashes with a date of its own.

        GitLab does so under the name of whoever merges, and may put a merge on top.
        """
        if _HOST.search(known_as(commit.committer)) or commit.author != commit.committer:
            return True
        landed = self._trail.by_id.get(self._trail.landed.get(commit.id, commit.id))
        return landed is not None and any(
            request_of(one.message) is not None for one in (commit, landed)
        )

    def _about(self, commit: PastCommit, change: Change, what: What, proof: Proof) -> None:
        """Evidence is about the run that the version names."""
        path = version_path(what.name, proof.version)
        runs = [
            version.run
            for by, blob in self._trail.states.get(path, ())
            if self._trail.contains(by, commit.id)
            and isinstance(version := self._contents.record(path, blob, ModelVersion), ModelVersion)
        ]
        if proof.run not in runs:
            there = f"is of run {runs[-1]}" if runs else "was not registered"
            self._findings.suspicious(
                "evidence-other-run",
                f"{change.path} is about run {proof.run}, and version {proof.version} {there}",
                "what was shown of one model is filed under another",
                commit=commit.id,
                path=change.path,
            )

    def _watched(self, commit: PastCommit, change: Change, proof: Proof) -> None:
        try:
            end, recorded = moments.read(proof.end or ""), moments.read(proof.recorded)
        except ValueError:
            return
        if end > recorded + timedelta(seconds=_SKEW):
            self._findings.suspicious(
                "watched-the-future",
                f"{change.path} was recorded at {proof.recorded} and says that something was "
                f"watched until {proof.end}",
                "it claims more time than had passed",
                commit=commit.id,
                path=change.path,
            )

    # -- people -----------------------------------------------------------------------------

    def _author(
        self, commit: PastCommit, change: Change, what: What, record: msgspec.Struct
    ) -> None:
        by = _by(record)
        if by is None or known_as(by) == known_as(commit.author):
            return
        co_authors = {known_as(line) for line in _CO_AUTHOR.findall(commit.message)}
        where = {"commit": commit.id, "path": change.path}
        told = f"{change.path} says that {by} wrote it, and {commit.author} wrote its commit"
        if known_as(by) in co_authors:
            approval = isinstance(record, Proof) and record.kind == "approval"
            if approval or not _TOGETHER.match(commit.message):
                self._findings.remark(
                    "co-author",
                    told,
                    "the commit names both, as a squash does; whoever wrote it could name anybody",
                    **where,
                )
        elif _HOST.search(known_as(commit.author)):
            self._findings.remark(
                "host-author", told, "the host hides the author's address", **where
            )
        elif _name(by) == _name(commit.author):
            self._findings.remark("other-address", told, "the name is the same", **where)
        elif what.kind is Kind.RUN:
            self._by_others.setdefault((by, commit.author), []).append((commit.id, change.path))
        elif what.kind in (Kind.PROMOTION, Kind.EVIDENCE):
            self._findings.tampering(
                "forged-author",
                told,
                "somebody put a name under it that is not theirs, or let others take the blame",
                **where,
            )
        else:
            self._findings.suspicious(
                "other-author", told, "one of the two names is not that of the author", **where
            )

    def _tell_others(self) -> None:
        """Runs that somebody else committed: one remark for each two people."""
        for (by, author), runs in self._by_others.items():
            commit, path = runs[-1]
            many = f"{len(runs):,} runs say" if len(runs) > 1 else f"{path} says"
            self._findings.remark(
                "other-author",
                f"{many} that {by} wrote them, and {author} wrote their commits"
                if len(runs) > 1
                else f"{many} that {by} wrote it, and {author} wrote its commit",
                "a run may be committed by whoever finds it in an outbox of a shared machine",
                commit=commit,
                path=path,
            )


#: Written at the moment of the commit, or right before.
_AT_ONCE = frozenset({"was registered", "was recorded", "was decided"})


def _moments(record: msgspec.Struct) -> Iterator[Said]:
    if isinstance(record, Run):
        yield Said("started", record.started)
        if record.ended is not None:
            yield Said("ended", record.ended)
    elif isinstance(record, ModelVersion):
        if record.created is not None:
            yield Said("was registered", record.created)
    elif isinstance(record, Proof):
        yield Said("was recorded", record.recorded)
    elif isinstance(record, Promotion):
        yield Said("was decided", record.at)
    elif isinstance(record, ModelAlias) and record.set is not None:
        yield Said("was set", record.set)


def _by(record: msgspec.Struct) -> str | None:
    if isinstance(record, Run):
        return record.author
    if isinstance(record, ModelVersion | Proof | Promotion | ModelAlias):
        return record.by
    return None


def _name(who: str) -> str:
    return who.partition("<")[0].strip().casefold()
