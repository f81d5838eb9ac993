"""What commits of a pull request do and later ones take back: history keeps it all the same.

Merged, each commit stays on the branch for good. One that edits a recorded run, and another that
puts it back, leave nothing in the difference that people review, and yet a commit at which the
run said something else. Where a host rebases or fast-forwards instead of merging, every one of them
is the tip of the branch for a moment.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gitrack.errors import GitrackError
from gitrack.model import moments
from gitrack.model.registered import ModelVersion
from gitrack.registry.check.changes import Malformed, Side
from gitrack.registry.check.commits import LONGEST_MESSAGE, Commit
from gitrack.registry.check.entries import ABOUT_VERSION, CLOCKS
from gitrack.registry.check.rules import LABELS, changed_fields
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, spot_of
from gitrack.store.codec.records import load_record, load_run
from gitrack.store.layout import RECORD

_MOST_COMMITS = 1_000
_MOST_TOLD = 10
_DO = "squash the commits of the pull request into one, and push it again"
_KEPT = (
    *(Kind.RUN, Kind.VERSION, Kind.STAGE, Kind.EVIDENCE, Kind.PROMOTION),
    *(Kind.ARTIFACT_VERSION, Kind.OTHER),
)
#: Years that dates of git can name and Python cannot.
_LAST = 253_402_300_799


def few_enough(sight: Sight) -> bool:
    """False, after a finding, for more commits than anybody looks at."""
    if len(sight.commits.ids) <= _MOST_COMMITS:
        return True
    sight.refuse(
        "history",
        f"has more than the {_MOST_COMMITS:,} commits that are looked at one by one",
        _DO,
    )
    return False


def check_history(sight: Sight) -> None:
    """Each commit alone touches nothing of what was recorded, nor what nobody may touch."""
    for commit in sight.commits:
        _itself(sight, commit)
    _own_line(sight)
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
            if path in told or len(told) >= _MOST_TOLD:
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


def _itself(sight: Sight, commit: Commit) -> None:
    """When it was made, how much it says, and what it follows."""
    if commit.committer.time > (sight.now + CLOCKS).timestamp():
        when = datetime.fromtimestamp(min(commit.committer.time, _LAST), UTC)
        sight.refuse(
            "future",
            f"the commit {commit.id[:12]} is dated {moments.written(when)}, which is still to "
            "come; what follows it would seem to be later still",
            "set the clock of the machine, then type  git commit --amend --no-edit",
        )
    if not commit.orderly:
        sight.refuse(
            "malformed",
            f"the commit {commit.id[:12]} does not say once, as git does, who made it and when",
            "make it again with git",
        )
    if commit.length > LONGEST_MESSAGE:
        sight.refuse(
            "too-big",
            f"the message of the commit {commit.id[:12]} has {commit.length:,} bytes, more than "
            f"the {LONGEST_MESSAGE:,} that one may have",
            "shorten it:  git commit --amend",
        )
    if not commit.parents:
        sight.refuse(
            "unrelated",
            f"the commit {commit.id[:12]} follows no other: it brings a history that is not that "
            f"of {sight.opened.branch.name}",
            _DO,
        )


def _own_line(sight: Sight) -> None:
    """The base was merged into it from the side: fast-forwarded, its own commits would take the
    place of those that were published."""
    if sight.changes.merge_base != sight.base:
        return
    mine, commit = set(sight.commits.ids), sight.head
    while commit in mine:
        parents = sight.commits.commit(commit).parents
        if not parents:
            return  # told already
        commit = parents[0]
    if commit != sight.base:
        name = sight.opened.branch.name
        sight.warn(
            "line",
            f"merges {name} into itself: if {name} were fast-forwarded to it, what was promoted "
            "there since would seem to have come by this pull request",
            f"merge it by a merge commit (git merge --no-ff), or rebase it onto {name}",
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
    if spot.kind not in _KEPT or side == sight.trees.side(sight.head, path):
        return None  # what the last commit has is judged with all the rest
    if spot.kind is Kind.OTHER:
        return f"touches a file where none may be changed ({spot.why})"
    there = sight.trees.side(sight.base, path)
    if spot.kind is Kind.STAGE and there != side:
        return f"changes who stands in {spot.name} of {spot.owner}"
    if there is None or there == side:
        return None
    if spot.kind is Kind.RUN and spot.name == RECORD and _labels_only(sight, path, there, side):
        return None
    if spot.kind is Kind.VERSION and _words_only(sight, path, there, side):
        return None
    return f"{'removes' if side is None else 'changes'} what was recorded before"


def _labels_only(sight: Sight, path: str, there: Side, side: Side | None) -> bool:
    found = _both(sight, there, side)
    if found is None:
        return False
    try:
        before, after = (load_run(path, data) for data in found)
    except GitrackError:
        return False
    return set(changed_fields(before, after)) <= LABELS


def _words_only(sight: Sight, path: str, there: Side, side: Side | None) -> bool:
    found = _both(sight, there, side)
    if found is None:
        return False
    try:
        before, after = (load_record(path, data, ModelVersion) for data in found)
    except GitrackError:
        return False
    return set(changed_fields(before, after)) <= ABOUT_VERSION


def _both(sight: Sight, there: Side, side: Side | None) -> tuple[bytes, bytes] | None:
    """Two contents of a file; None if one is gone or too big."""
    if side is None or sight.trees.sizes([side.id]).get(side.id, 1 << 30) > 1 << 20:
        return None
    read = sight.trees.reader.blob
    return read(bytes.fromhex(there.id)), read(bytes.fromhex(side.id))
