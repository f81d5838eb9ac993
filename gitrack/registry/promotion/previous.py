"""Which version to roll back to: the one that stood there before, or on a day."""

from __future__ import annotations

from datetime import date, datetime

from gitrack.errors import NotFound, PromotionRefused
from gitrack.model import moments
from gitrack.registry.opened import OpenRegistry
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import taken_apart


def previous(reader: Registry, name: str, stage: str) -> int:
    """The version that stood in a stage before the one that stands there now. Raises NotFound.

    Who rolls back twice means the one before that: a rollback is no occupant of its own, it goes
    back to the time at which its version came first.
    """
    standing = reader.stage(name, stage)
    known = set(reader.numbers(name))
    here = standing[-1] if standing else None
    for id in reader.newest_promotions(name):
        parts = taken_apart(id)
        if parts is None or parts.stage != stage or here not in (None, parts.version):
            continue
        promotion = reader.promotion(name, id)
        if promotion is None:
            continue
        if here is None:  # somebody took it out: it comes back
            return parts.version
        if promotion.kind == "rollback":
            continue
        before = [number for number in promotion.expected if number != here and number in known]
        if before:
            return before[-1]
        break
    stands = f"before v{here}" if here is not None else "ever"
    raise NotFound(
        f"no promotion of {name} says who stood in {stage} {stands}",
        hint="name the version:  --to-version N",
    )


def stood_there(reader: Registry, name: str, stage: str, version: int) -> None:
    """Raise PromotionRefused for a version that never stood in a stage: that is no way back."""
    if version in reader.stage(name, stage):
        return
    parts = [taken_apart(id) for id in reader.promotion_ids(name)]
    stood = sorted({each.version for each in parts if each is not None and each.stage == stage})
    if version in stood:
        return
    if any(
        version in promotion.expected
        for promotion in reader.promotions(name).values()
        if promotion.to == stage
    ):
        return
    have = ", ".join(f"v{number}" for number in stood[-5:]) or "none"
    raise PromotionRefused(
        f"{name} v{version} never stood in {stage}, so it cannot be rolled back to",
        hint=f"these did: {have}; or type  gitrack promote {name} {version} --to {stage}",
    )


def on_day(
    opened: OpenRegistry, reader: Registry, name: str, stage: str, day: str | date | datetime
) -> int:
    """The version that stood in a stage at a moment; of a day without a time, at its end."""
    from gitrack.registry.past import asked_about
    from gitrack.store.timeline import Timeline

    moment = asked_about(day).when
    found = Timeline(opened.branch, at=reader.commit).at(name, stage, moment)
    if not found:
        raise NotFound(
            f"no version of {name} stood in {stage} at {moments.written(moment)}",
            hint=f"type  gitrack model history {name}",
        )
    return found[-1]
