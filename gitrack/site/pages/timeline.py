"""Which version stood in which stage when: stays as rows of a table, and as bars to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.moments import written
from gitrack.model.promotion import Promotion
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.drawing.rounded import Tick, ticks
from gitrack.site.exhibits import shell
from gitrack.site.pages.frame import Moment, RunLink, run_link, when
from gitrack.site.pages.registry import in_order, promotion_anchor
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange

#: So many stays are listed; the bars show all.
_LISTED = 300
#: What is drawn behind the last change: everything has stayed as it was since.
_SINCE = 0.06
_NAMED_DATA = 4
_NAMED_PARAMS = 12


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What made a version come or go: a promotion, one that was taken back, or a change by hand."""

    how: str
    anchor: str | None = None
    why: str | None = None
    by: str | None = None
    commit: str = ""


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A version in a stage for a while; without `end` to this day.

    `left` and `width` are percents of the time that is drawn, `row` tells stays apart that were at
    the same time.
    """

    stage: str
    version: int
    begin: Moment
    end: Moment | None
    lasted: str | None
    came: Cause
    went: Cause | None
    run: RunLink | None
    run_id: str | None
    code: str | None
    data: tuple[str, ...]
    settings: tuple[str, ...]
    left: str
    width: str
    row: int


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """A stage, and every stay in it, the oldest first."""

    stage: str
    rows: int
    stays: tuple[Stay, ...]


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """The stages of a model through time. `first` and `last` are what is drawn."""

    first: Moment
    last: Moment
    changed: Moment
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    stays: tuple[Stay, ...]
    more: int
    show: str
    back: str


class _Open(msgspec.Struct, kw_only=True):
    stage: str
    version: int
    begin: datetime
    end: datetime | None = None
    came: Cause
    went: Cause | None = None


def timeline_view(
    model: KnownModel, changes: Sequence[StageChange], runs: Mapping[str, Run]
) -> TimelineView | None:
    """None for a model of which no version ever entered a stage."""
    stays = _stays(model, [one for one in changes if one.stage != ARCHIVE])
    if not stays:
        return None
    first = min(stay.begin for stay in stays)
    changed = max(stay.end or stay.begin for stay in stays)
    span = max(changed - first, timedelta(hours=1))
    last = _later(changed, span * _SINCE)
    numbered = {version.version: version.run for version in model.versions}
    lanes = []
    for stage in in_order({stay.stage for stay in stays}):
        some = [stay for stay in stays if stay.stage == stage]
        places, rows = _places(some)
        shown = (
            _shown(stay, first, last, row, numbered.get(stay.version), runs)
            for stay, row in zip(some, places, strict=True)
        )
        lanes.append(Lane(stage=stage, rows=rows, stays=tuple(shown)))
    every = [stay for lane in lanes for stay in lane.stays]
    every.sort(key=lambda stay: (stay.begin.iso or "", stay.stage != "production"), reverse=True)
    return TimelineView(
        first=when(written(first)),
        last=when(written(last)),
        changed=when(written(changed)),
        lanes=tuple(lanes),
        ticks=ticks(first, last),
        stays=tuple(every[:_LISTED]),
        more=max(0, len(every) - _LISTED),
        show=shell("gitrack", "model", "show", model.name),
        back=shell("gitrack", "rollback", model.name),
    )


def _stays(model: KnownModel, changes: Iterable[StageChange]) -> list[_Open]:
    """From what changed to how long it lasted, in the order in which they came."""
    found: list[_Open] = []
    there: dict[tuple[str, int], _Open] = {}
    for change in changes:
        cause = _cause(model, change)
        for number in change.before:
            stay = there.pop((change.stage, number), None) if number not in change.after else None
            if stay is not None:
                stay.end, stay.went = change.when, cause
        for number in change.after:
            if (change.stage, number) not in there:
                stay = _Open(stage=change.stage, version=number, begin=change.when, came=cause)
                there[change.stage, number] = stay
                found.append(stay)
    return found


def _cause(model: KnownModel, change: StageChange) -> Cause:
    id = change.promotion or change.reverts
    promotion = model.promotions.get(change.promotion or "")
    if change.fault is not None:
        return Cause(how="its file cannot be read", why=change.fault, commit=change.commit[:12])
    if id is None:
        return Cause(how="changed by hand", commit=change.commit[:12])
    if change.promotion is None:
        return Cause(how="taken back", why=f"without {change.reverts}", commit=change.commit[:12])
    return Cause(
        how="rolled back" if promotion and promotion.kind == "rollback" else "promoted",
        anchor=promotion_anchor(id) if promotion else None,
        why=promotion.why if promotion else None,
        by=_person(promotion),
        commit=change.commit[:12],
    )


def _person(promotion: Promotion | None) -> str | None:
    return (display.person(promotion.by) or None) if promotion else None


def _shown(
    stay: _Open,
    first: datetime,
    last: datetime,
    row: int,
    run_id: str | None,
    runs: Mapping[str, Run],
) -> Stay:
    whole = (last - first).total_seconds()
    left = (stay.begin - first).total_seconds() / whole * 100
    right = ((stay.end or last) - first).total_seconds() / whole * 100
    run = runs.get(run_id or "")
    begin, end = written(stay.begin), written(stay.end) if stay.end else None
    return Stay(
        stage=stay.stage,
        version=stay.version,
        begin=when(begin),
        end=when(end) if end else None,
        lasted=display.duration(begin, end),
        came=stay.came,
        went=stay.went,
        run=run_link(run) if run else None,
        run_id=run_id,
        code=run.code.commit[:12] if run and run.code and run.code.commit else None,
        data=_data(run) if run else (),
        settings=_settings(run) if run else (),
        left=f"{left:.3f}",
        width=f"{max(right - left, 0):.3f}",
        row=row,
    )


def _data(run: Run) -> tuple[str, ...]:
    """What the run read, by name and version."""
    named = dict.fromkeys(
        f"{one.name} {one.version or (one.dvc or '').removeprefix('md5:')[:8]}".strip()
        for one in run.data
        if one.role != "output"
    )
    return tuple(named)[:_NAMED_DATA]


def _settings(run: Run) -> tuple[str, ...]:
    """Its params, as many as a reader takes in; the run's page has them all."""
    names = sorted(run.params)
    told = [f"{name} {display.setting(run.params[name])}" for name in names[:_NAMED_PARAMS]]
    more = len(names) - len(told)
    return (*told, f"and {more} more") if more else tuple(told)


def _places(stays: Sequence[_Open]) -> tuple[list[int], int]:
    """The row of each stay: the first that is free when it begins."""
    ends: list[datetime] = []
    places: list[int] = []
    for stay in stays:
        end = stay.end or datetime.max.replace(tzinfo=UTC)
        row = next((row for row, until in enumerate(ends) if until <= stay.begin), len(ends))
        if row == len(ends):
            ends.append(end)
        else:
            ends[row] = end
        places.append(row)
    return places, max(1, len(ends))


def _later(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
