"""One promotion, planned on one commit: what it changes, what it records, what its gates say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from gitrack.errors import NotFound, UsageError
from gitrack.model import moments
from gitrack.model.promotion import Follows, Promotion, Verdict
from gitrack.model.registered import StageState
from gitrack.registry.gates.case import Case
from gitrack.registry.gates.judge import failed, judge, waiting
from gitrack.registry.messages import version_message
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.allowed import Kind, refuse_stranger
from gitrack.registry.promotion.releases import tag_of
from gitrack.registry.ruling import digest
from gitrack.registry.transition import known_stage, move
from gitrack.registry.written import harmless
from gitrack.store.codec.records import dump_record
from gitrack.store.messages import one_line
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import (
    PromotionId,
    promotion_id,
    promotion_path,
    stage_path,
    taken_apart,
)

#: A longer reason belongs into the pull request.
LONGEST_WHY = 2000


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be committed. `id` is the name of the promotion's file without its ending.

    `leaves` are the stages that the version stands in no more, with those who stay there.
    """

    id: str
    promotion: Promotion
    changes: dict[str, bytes]
    message: str
    leaves: dict[str, list[int]]
    case: Case

    @property
    def title(self) -> str:
        """`churn v7 → production`."""
        what = self.promotion
        back = "roll back " if what.kind == "rollback" else ""
        return f"{back}{what.model} v{what.version} → {what.to}"

    @property
    def verdicts(self) -> list[Verdict]:
        """What each gate said."""
        return self.promotion.verdicts

    @property
    def failed(self) -> list[Verdict]:
        """The gates that the version does not pass."""
        return failed(self.verdicts)

    @property
    def waiting(self) -> list[Verdict]:
        """The gates that reviewers have yet to answer."""
        return waiting(self.verdicts)


def plan(
    opened: OpenRegistry,
    name: str,
    reference: int | str,
    to: str,
    why: str,
    *,
    at: str | None = None,
    kind: Kind = "promotion",
    keep_previous: bool = False,
    draft: bool = False,
    release: str | None = None,
    when: datetime | None = None,
    by: str | None = None,
) -> Planned:
    """Plan the promotion of a version on a commit of the tracking branch (default: its tip).

    `reference` is a number, `v7`, a stage or an alias. Nothing is written. Raises UsageError for a
    promotion without a reason, NotFound for what is not there, IllegalMove for a way that the
    lifecycle does not have, and PromotionRefused for somebody who may not.
    """
    why = harmless(opened.place, "why", checked_reason(why))
    reader = opened.reader(at=at)
    base = reader.commit
    if base is None:
        raise NotFound("nothing was tracked here yet", hint="type  gitrack model register RUN NAME")
    rules = opened.ruling.policy.stages(name)
    version = reader.version(name, reference)
    stage = known_stage(to, rules, name)
    who = by or opened.author()
    refuse_stranger(opened.ruling.policy, name, stage, who)
    back = kind == "rollback"
    standing = reader.stages(name)
    step = move(standing, version.version, stage, rules, keep_previous=keep_previous, back=back)
    recent = _recent(reader, name, stage)
    moment = _moment(recent.last, when)
    ruling = opened.ruling
    case = Case(opened, name, version, stage, at=base, when=moment, ruling=ruling, promoter=who)
    promotion = Promotion(
        model=name,
        version=version.version,
        run=version.run,
        kind=kind,
        source=step.source,
        to=stage,
        at=moments.written(moment),
        by=who,
        why=why,
        expected=step.expected,
        archived=step.archived,
        kept=step.kept,
        base=base,
        record=digest(opened.branch.read(case.standing.path, at=base)),
        policy=ruling.used,
        follows=_follows(reader, name, recent.to_stage),
        draft=draft,
        tag=tag_of(*(opened, reader, name, version.version, stage), release=release, back=back),
        verdicts=judge(case, back=back),
    )
    id = _free_id(promotion, recent.last)
    return _planned(reader, id, promotion, step.stages, case)


def _planned(
    reader: Registry, id: str, promotion: Promotion, stages: Mapping[str, list[int]], case: Case
) -> Planned:
    name = promotion.model
    changes = {
        stage_path(name, stage): dump_record(
            StageState(versions=versions), keep=("format", "versions")
        )
        for stage, versions in stages.items()
    }
    changes[promotion_path(name, id)] = dump_record(promotion)
    message = message_of(id, promotion)
    leaves = {
        stage: versions
        for stage, versions in stages.items()
        if stage != promotion.to and promotion.version in reader.stage(name, stage)
    }
    return Planned(
        id=id, promotion=promotion, changes=changes, message=message, leaves=leaves, case=case
    )


def upon(planned: Planned, base: str) -> Planned:
    """The same promotion upon another commit, on which the model's registry is the same."""
    promotion = msgspec.structs.replace(planned.promotion, base=base)
    path = promotion_path(promotion.model, planned.id)
    changes = {**planned.changes, path: dump_record(promotion)}
    return msgspec.structs.replace(planned, promotion=promotion, changes=changes)


def message_of(id: str, promotion: Promotion) -> str:
    """What the log of the branch says: a line for people, the reason, trailers for programs."""
    verb = "rolled back" if promotion.kind == "rollback" else "promoted"
    what = f"{verb} to {promotion.to}{' (draft)' if promotion.draft else ''}"
    trailers = {"Stage": promotion.to, "Run": promotion.run, "Promotion": id}
    message = version_message(promotion.model, promotion.version, what, trailers)
    subject, rest = message.split("\n\n", 1)
    return f"{subject}\n\n{one_line(promotion.why)}\n\n{rest}"


def checked_reason(why: str) -> str:
    """The reason itself, if it says something. Raises UsageError."""
    text = why.strip() if isinstance(why, str) else ""
    if sum(character.isalpha() for character in text) < 2:
        raise UsageError(
            f"the reason {text!r} says nothing", hint='say why:  --why "beats v6 on recall"'
        )
    if len(text) > LONGEST_WHY:
        raise UsageError(
            f"the reason is {len(text):,} characters long, more than {LONGEST_WHY:,}",
            hint="say it shorter, and the rest in the pull request",
        )
    return text


def latest_to(reader: Registry, name: str, stage: str) -> str | None:
    """The newest promotion of a model to a stage, by its id."""
    return _recent(reader, name, stage).to_stage


def _follows(reader: Registry, name: str, previous: str | None) -> Follows | None:
    if previous is None:
        return None
    data = reader.branch.read(promotion_path(name, previous), at=reader.commit)
    return Follows(promotion=previous, sha256=digest(data))


class _Recent(NamedTuple):
    """The ends of a model's history: its last promotion of all, and the last one to a stage."""

    last: PromotionId | None
    to_stage: str | None


def _recent(reader: Registry, name: str, stage: str) -> _Recent:
    last: PromotionId | None = None
    for id in reader.newest_promotions(name):
        parts = taken_apart(id)
        last = last or parts
        if parts is not None and parts.stage == stage:
            return _Recent(last, id)
    return _Recent(last, None)


def _moment(last: PromotionId | None, when: datetime | None) -> datetime:
    """Now, or right behind the last promotion where a clock was ahead: the chain is in order."""
    moment = (when or datetime.now(UTC)).astimezone(UTC)
    if last is None:
        return moment
    before = datetime.strptime(last.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return moment if moment >= before else before + timedelta(milliseconds=1)


def _free_id(promotion: Promotion, last: PromotionId | None) -> str:
    """An id that sorts behind all others: those of one second are counted."""
    parts = (promotion.at, promotion.version, promotion.to)
    stamp = promotion_id(*parts).partition("-")[0]
    again = last.again + 1 if last is not None and last.time == stamp else 1
    return promotion_id(*parts, again=again)
