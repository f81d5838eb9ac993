"""From steps of the walk to the line: stage files read, and each change put to its promotion."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gitrack.config.stage_name import ARCHIVE
from gitrack.errors import UnreadableFile
from gitrack.model.registered import StageState
from gitrack.store.branch import Branch
from gitrack.store.codec.records import load_record
from gitrack.store.registry.paths import stage_path, taken_apart
from gitrack.store.timeline.line import Arrival, Line
from gitrack.store.timeline.walk import Step

#: Seconds by which clocks of machines that work together may differ.
_SKEW = 300
_HIGHEST = 999_999_999


class Contents(NamedTuple):
    """What stage files say. `lasting` is False if one could not be had: another day it may be."""

    versions: dict[str, list[int]]
    faults: dict[str, str]
    lasting: bool


class Change(NamedTuple):
    """A stage before and after a commit."""

    before: list[int]
    after: list[int]
    fault: str | None


def contents(branch: Branch, steps: Iterable[Step]) -> Contents:
    """Every stage file of the steps, by the id of its contents."""
    wanted = {
        file.blob: stage_path(file.model, file.stage)
        for step in steps
        for file in step.files
        if file.blob is not None
    }
    found = Contents({}, {}, True)
    for id, data in branch.read_many(wanted):
        if not isinstance(data, bytes):
            found = found._replace(lasting=False)
            found.faults[id] = _text(data.message)
            continue
        try:
            found.versions[id] = _numbers(load_record(wanted[id], data, StageState).versions)
        except (UnreadableFile, ValueError) as error:
            found.faults[id] = _text(error.why if isinstance(error, UnreadableFile) else str(error))
    return found


def _numbers(versions: list[int]) -> list[int]:
    """Raises ValueError for what no version is numbered."""
    for version in versions:
        if not 0 < version <= _HIGHEST:
            raise ValueError(f"{str(version)[:40]} is no number of a version")
    return versions


def _text(why: str) -> str:
    """What can be kept as UTF-8, and is not long."""
    return why[:500].encode("utf-8", "replace").decode("utf-8")


def extend(line: Line, steps: Sequence[Step], read: Contents) -> None:
    """Put the steps at the line's end."""
    latest = time.time() + _SKEW
    for step in steps:
        place = line.add(step.commit, step.time, latest)
        for model, id, came in step.records:
            line.arrivals.setdefault(model, []).append(Arrival(place, id, came))
        for model in dict.fromkeys(file.model for file in step.files):
            _change(line, place, model, step, read)


def _change(line: Line, place: int, model: str, step: Step, read: Contents) -> None:
    changes: dict[str, Change] = {}
    for file in step.files:
        if file.model != model:
            continue
        before = line.now(model, file.stage)
        rows = line.rows_of(model, file.stage)
        fault = read.faults.get(file.blob or "")
        if before != (after := read.versions.get(file.blob or "", [])) or (
            fault != (rows[-1].fault if rows else None)
        ):
            changes[file.stage] = Change(before, after, fault)
    came = _newest_first(id for name, id, there in step.records if name == model and there)
    gone = _newest_first(id for name, id, there in step.records if name == model and not there)
    for stage, change in changes.items():
        rows = line.put(model, stage, place, change.before, change.after)
        promotion = _cause(stage, changes, came, back=False)
        reverts = None if promotion else _cause(stage, changes, gone, back=True)
        rows[-1] = rows[-1]._replace(promotion=promotion, reverts=reverts, fault=change.fault)


def _newest_first(ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=lambda id: taken_apart(id) or (), reverse=True)


def _cause(
    stage: str, changes: Mapping[str, Change], ids: Sequence[str], *, back: bool
) -> str | None:
    """The promotion that explains why a stage changed; `back`: the one that was taken back."""
    for id in ids:
        parts = taken_apart(id)
        assert parts is not None
        left, entered = _sides(changes.get(stage), back=back)
        displaced, _ = _sides(changes.get(parts.stage), back=back)
        if parts.version in (entered if parts.stage == stage else left):
            return id
        if parts.stage == stage and parts.version == _newest(changes[stage], back=back):
            return id  # it stood there, beside one that left: a way back to it alone
        if stage == ARCHIVE != parts.stage and entered & displaced:
            return id
    # of several promotions in one merge, some of what they did is undone again by the later ones
    moved = set().union(*_sides(changes[stage], back=False))
    for id in ids if len(ids) > 1 else ():
        parts = taken_apart(id)
        assert parts is not None
        if stage in (ARCHIVE, parts.stage) or parts.version in moved:
            return id
    return None


def _newest(change: Change, *, back: bool) -> int | None:
    """Who stands in a stage last, after the change or, if it is taken back, before it."""
    versions = change.before if back else change.after
    return versions[-1] if versions else None


def _sides(change: Change | None, *, back: bool) -> tuple[set[int], set[int]]:
    """The versions that left a stage and those that entered it, or the reverse."""
    if change is None:
        return set(), set()
    before, after = set(change.before), set(change.after)
    left, entered = before - after, after - before
    return (entered, left) if back else (left, entered)
