"""What commits of a pull request do and later ones take back: history keeps it all the same.

Merged, each commit stays on the branch for good. One that edits a recorded run, and another that
puts it back, leave nothing in the difference that people review, and yet a commit at which the
run said something else.
"""

from __future__ import annotations

from gitrack.errors import GitrackError
from gitrack.registry.check.changes import Malformed, Side
from gitrack.registry.check.commits import Commit
from gitrack.registry.check.rules import LABELS, changed_fields
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, spot_of
from gitrack.store.codec.records import load_run
from gitrack.store.layout import RECORD

_MOST_COMMITS = 1_000
_MOST_TOLD = 10
_DO = "squash the commits of the pull request into one, and push it again"
_KEPT = (Kind.RUN, Kind.EVIDENCE, Kind.PROMOTION, Kind.ARTIFACT_VERSION, Kind.OTHER)


def check_history(sight: Sight) -> None:
    """Each commit alone touches nothing of what was recorded, nor what nobody may touch."""
    if len(sight.commits.ids) > _MOST_COMMITS:
        sight.refuse(
            "history",
            f"has {len(sight.commits.ids):,} commits, more than the {_MOST_COMMITS:,} that are "
            "looked at one by one",
            _DO,
        )
        return
    if len(sight.commits.ids) < 2:
        return
    told: set[str] = set()
    for commit in sight.commits:
        try:
            touched = _touched(sight, commit)
        except Malformed as error:
            sight.refuse("malformed", f"the commit {commit.id[:12]}: {error.message}", _DO)
            return
        for path, side in touched:
            if path in told or path in sight.spots or len(told) >= _MOST_TOLD:
                continue
            if (why := _why_not(sight, path, side)) is not None:
                told.add(path)
                sight.refuse(
                    "history",
                    f"the commit {commit.id[:12]} {why}, and a later one puts it back; history "
                    "would keep it",
                    _DO,
                    path,
                )


def _touched(sight: Sight, commit: Commit) -> list[tuple[str, Side | None]]:
    """What a commit makes other than any of its parents has it."""
    if not commit.parents:
        return []
    found = sight.changes.between(commit.parents[0], commit.id)
    return [
        (path, side)
        for path, side in found
        if all(sight.trees.side(parent, path) != side for parent in commit.parents[1:])
    ]


def _why_not(sight: Sight, path: str, side: Side | None) -> str | None:
    """Why nobody may do that, even for one commit; None where it does no harm."""
    spot = spot_of(path)
    if spot.kind not in _KEPT:
        return None
    if spot.kind is Kind.OTHER:
        return f"touches a file where none may be changed ({spot.why})"
    there = sight.trees.side(sight.base, path)
    if there is None or there == side:
        return None
    if spot.kind is Kind.RUN and spot.name == RECORD and _labels_only(sight, path, there, side):
        return None
    return f"{'removes' if side is None else 'changes'} what was recorded before"


def _labels_only(sight: Sight, path: str, there: Side, side: Side | None) -> bool:
    if side is None:
        return False
    sizes = sight.trees.sizes([side.id])
    if sizes.get(side.id, 0) > 1 << 20:
        return False
    read = sight.trees.reader.blob
    try:
        before = load_run(path, read(bytes.fromhex(there.id)))
        after = load_run(path, read(bytes.fromhex(side.id)))
    except GitrackError:
        return False
    return set(changed_fields(before, after)) <= LABELS
