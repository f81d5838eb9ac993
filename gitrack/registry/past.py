"""What stood in a stage at a date: the versions, since when, and what changed on that day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from gitrack.errors import NotFound, UsageError
from gitrack.model.nearest import nearest
from gitrack.model.query.times import covered, from_now
from gitrack.registry.opened import OpenRegistry
from gitrack.store.timeline import StageChange, Timeline

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A date that somebody asks about. `when` is the moment that is answered.

    Of a day or a month that is its last millisecond, and `begin` its first; a time is itself, and
    has no `begin`.
    """

    text: str
    when: datetime
    begin: datetime | None = None


class StageAt(msgspec.Struct, frozen=True, kw_only=True):
    """A stage at a moment. `commit` is where the branch stood then, None before its first commit.

    `versions` are those that stood there, newest last. `since` is the change that brought them,
    None if nothing ever changed or a shallow clone lacks it; `until` is the one that ended it, and
    `during` are the changes within the day or month that was asked about.
    """

    model: str
    stage: str
    asked: Asked
    commit: str | None
    versions: list[int]
    since: StageChange | None
    until: StageChange | None
    during: list[StageChange]


def asked_about(when: str | date | datetime) -> Asked:
    """What a date means, without a zone in UTC. Raises UsageError for what is none."""
    if isinstance(when, datetime):
        at = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        return Asked(text=at.isoformat(), when=at)
    text = when.isoformat() if isinstance(when, date) else _in_words(when.strip())
    shift = from_now(text)
    span = covered(text)
    try:
        if shift is not None:
            return Asked(text=text, when=datetime.now(UTC) + timedelta(seconds=shift))
        if span is not None:
            begin, end = (_BEGAN + timedelta(milliseconds=ms) for ms in span)
            if end - begin < _DAY:
                return Asked(text=text, when=begin)
            return Asked(text=text, when=end - timedelta(milliseconds=1), begin=begin)
    except OverflowError:
        pass
    raise UsageError(
        f"{text[:80]!r} is no date",
        hint="write a day such as 2026-05-22, a month, '2026-05-22 14:30', yesterday, or now-7d",
    )


def _in_words(text: str) -> str:
    """`today` and `yesterday` as days, in UTC like every day without a zone."""
    ago = {"today": 0, "yesterday": 1}.get(text.lower())
    return text if ago is None else (datetime.now(UTC) - ago * _DAY).date().isoformat()


def stage_at(opened: OpenRegistry, name: str, stage: str, when: str | date | datetime) -> StageAt:
    """Which versions of a model stood in a stage at a date.

    Raises UsageError for what is no date, NotFound for a model that never was or a stage in which
    nothing ever stood, CutHistory where a shallow clone cannot know.
    """
    asked = asked_about(when)
    timeline = opened.timeline
    stage = stage.lower()
    _require(opened, timeline, name, stage)
    try:
        commit = timeline.commit_at(asked.when)
    except NotFound:
        commit = None
    before, after = timeline.parted(timeline.changes(name, stage), asked.when)
    return StageAt(
        model=name,
        stage=stage,
        asked=asked,
        commit=commit,
        versions=timeline.at(name, stage, asked.when),
        since=before[-1] if before else None,
        until=after[0] if after else None,
        during=[one for one in before if asked.begin is not None and one.when >= asked.begin],
    )


def commit_at(opened: OpenRegistry, when: str | date | datetime) -> str:
    """The commit of the branch at a date; a commit is itself. Raises as `stage_at`."""
    if isinstance(when, str) and _COMMIT.match(when):
        return when
    return opened.timeline.commit_at(asked_about(when).when)


def _require(opened: OpenRegistry, timeline: Timeline, name: str, stage: str) -> None:
    stages = timeline.stages(name)
    if stage in stages:
        return
    if not stages:
        models = opened.reader().models()
        if name not in models:
            near = nearest(name, sorted({*models, *timeline.models()}))
            known = f"registered are {', '.join(models[:5])}" if models else "none is registered"
            hint = f"did you mean {near!r}?" if near else known
            raise NotFound(f"there is no registered model {name!r}", hint=hint)
        raise NotFound(
            f"no version of {name!r} ever stood in any stage",
            hint=f"type  gitrack promote {name} 1 --to {stage} --why TEXT",
        )
    near = nearest(stage, stages)
    hint = f"did you mean {near!r}?" if near else f"some stood in {', '.join(stages)}"
    raise NotFound(f"no version of {name!r} ever stood in {stage!r}", hint=hint)
