"""What two clones gave one number or name: ours took another in the merge, with all about it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import msgspec

from gitrack.model.named import ArtifactVersion
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelVersion, Proof
from gitrack.registry.audit.contents import Contents
from gitrack.registry.audit.kinds import Kind, What, what_is
from gitrack.registry.audit.trail import Step, Trail
from gitrack.store.git.ancestry import Change, PastCommit

_NUMBERED = re.compile(r"v\d+", re.ASCII)
_NONE = frozenset[str]()

#: (kind, model or artifact): our number and the new one.
Numbers = dict[tuple[Kind, str], dict[int, int]]


def renumbered(trail: Trail, contents: Contents, step: Step) -> frozenset[str]:
    """The paths that a merge changed against one of its parents because two clones had given one
    number to two versions, or one name to evidence about the same version."""
    there = _other_side(step)
    if there is None:
        return _NONE
    numbers = new_numbers(trail, contents, step)
    added = [change for change in step.changes if change.new is not None]
    found: set[str] = set()
    for change in step.changes:
        what = what_is(change.path)
        if change.old is None:
            continue
        if what.kind in (Kind.VERSION, Kind.NAMED):
            if int(what.item) in numbers.get((what.kind, what.name), {}):
                found.add(change.path)
        elif what.kind in (Kind.EVIDENCE, Kind.PROMOTION):
            moved = numbers.get((Kind.VERSION, what.name), {})
            aside = what.kind is Kind.EVIDENCE and change.new is not None
            if not (moved or aside):
                continue
            theirs = trail.at(change.path, there)
            if moved and what.kind is Kind.PROMOTION and change.new is not None and theirs is None:
                if _speaks_of_moved(contents, change, moved):
                    found.add(change.path)
                continue
            if theirs != change.new:
                continue
            if trail.was_in_common(step.commit, change.path):
                continue  # nobody named it anew
            if _followed(contents, change, what, moved, added):
                found.add(change.path)
    return frozenset(found)


def stood_elsewhere(trail: Trail, commit: PastCommit, change: Change) -> bool:
    """True if a merge only gave another name to evidence that one side had recorded."""
    return len(commit.parents) == 2 and any(
        other.old == change.new and what_is(other.path).kind is Kind.EVIDENCE
        for step in trail.steps[commit.id]
        for other in step.changes
        if other.path != change.path
    )


def _other_side(step: Step) -> str | None:
    """The parent of a merge against which this step is not."""
    if len(step.commit.parents) != 2 or step.parent is None:
        return None
    mine, other = step.commit.parents
    return other if step.parent == mine else mine


def new_numbers(trail: Trail, contents: Contents, step: Step) -> Numbers:
    """Which numbers of this side became which others; the other side keeps its own."""
    found: Numbers = defaultdict(dict)
    there = _other_side(step)
    if there is None:
        return found
    here = [(change, what_is(change.path)) for change in step.changes]
    for change, what in here:
        if what.kind not in (Kind.VERSION, Kind.NAMED) or None in (change.old, change.new):
            continue
        if trail.at(change.path, there) != change.new:
            continue  # it is not theirs that took the place
        if trail.was_in_common(step.commit, change.path):
            continue  # it was there before the sides parted: nobody gave it anew
        taken = _new_place(contents, change, what, here)
        if taken is not None:
            found[what.kind, what.name][int(what.item)] = taken
    return found


def _new_place(
    contents: Contents, change: Change, what: What, here: list[tuple[Change, What]]
) -> int | None:
    assert change.old is not None
    shape: type[msgspec.Struct] = ModelVersion if what.kind is Kind.VERSION else ArtifactVersion
    mine = contents.record(change.path, change.old, shape)
    if isinstance(mine, str):
        return None
    for other, about in here:
        if about.kind is not what.kind or about.name != what.name or other.new is None:
            continue
        record = contents.record(other.path, other.new, shape)
        if isinstance(record, str):
            continue
        same = _without(record, "version") == _without(mine, "version")
        if same or _contents(record) == _contents(mine):
            return int(about.item)
    return None


def _contents(record: Any) -> tuple[object, ...]:
    """What makes two versions one: the run and its artifact, or the bytes."""
    if isinstance(record, ModelVersion):
        return record.run, record.artifact
    return record.md5, record.uri, record.path if not (record.md5 or record.uri) else None


def _followed(
    contents: Contents, change: Change, what: What, moved: dict[int, int], added: list[Change]
) -> bool:
    """True if what went from one version's number is there under the other number."""
    assert change.old is not None
    shape: type[msgspec.Struct] = Proof if what.kind is Kind.EVIDENCE else Promotion
    mine = contents.record(change.path, change.old, shape)
    if isinstance(mine, str):
        return False
    for other in added:
        about = what_is(other.path)
        if about.kind is not what.kind or about.name != what.name:
            continue
        assert other.new is not None
        record = contents.record(other.path, other.new, shape)
        if not isinstance(record, str) and _alike(mine, record, moved):
            return True
    return False


def _speaks_of_moved(contents: Contents, change: Change, moved: dict[int, int]) -> bool:
    """True for a promotion of a version that stays, which names one that moves beside it."""
    assert change.old is not None
    assert change.new is not None
    mine = contents.record(change.path, change.old, Promotion)
    after = contents.record(change.path, change.new, Promotion)
    if isinstance(mine, str) or isinstance(after, str) or mine.version in moved:
        return False
    return _alike(mine, after, moved)


def _alike(mine: Any, record: Any, moved: dict[int, int]) -> bool:
    if moved.get(mine.version, mine.version) != record.version:
        return False
    if isinstance(mine, Proof):
        return _without(mine, "version") == _without(record, "version")
    follow = ("version", "expected", "archived", "kept", "follows", "verdicts")
    for name in ("expected", "archived", "kept"):
        if [moved.get(number, number) for number in getattr(mine, name)] != getattr(record, name):
            return False
    before = [(_NUMBERED.sub("v", v.gate), v.outcome, v.value) for v in mine.verdicts]
    after = [(_NUMBERED.sub("v", v.gate), v.outcome, v.value) for v in record.verdicts]
    return before == after and _without(mine, *follow) == _without(record, *follow)


def _without(record: msgspec.Struct, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__ if name not in names}
