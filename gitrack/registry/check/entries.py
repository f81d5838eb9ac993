"""What a pull request may change of the registry beside stages: models, versions, evidence …"""

from __future__ import annotations

import re
from datetime import timedelta

from gitrack.errors import UnreadableFile
from gitrack.model import moments
from gitrack.model.registered import ModelAlias, ModelVersion, Proof, RegisteredModel
from gitrack.model.run import Run
from gitrack.registry.check.changes import Change
from gitrack.registry.check.rules import changed_fields, run_is_there
from gitrack.registry.check.sight import Sight
from gitrack.registry.check.spots import Kind, Spot
from gitrack.store.codec.records import load_run
from gitrack.store.layout import RECORD
from gitrack.store.registry.checks import is_number, named, proves
from gitrack.store.registry.paths import (
    REGISTRY,
    alias_path,
    model_path,
    version_path,
)

#: Clocks of machines that nobody has set differ so much.
CLOCKS = timedelta(minutes=10)
_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_SETTLED = {"format", "name", "created", "by"}
ABOUT_VERSION = {"description", "tags"}


def check_entries(sight: Sight) -> None:
    """Models, versions, aliases and evidence."""
    for spot, change in sight.of(Kind.MODEL):
        _model(sight, spot, change)
    _versions(sight)
    for spot, change in sight.of(Kind.ALIAS):
        _alias(sight, spot, change)
    for spot, change in sight.of(Kind.EVIDENCE):
        if change.before is None:
            _evidence(sight, spot, change)


def _model(sight: Sight, spot: Spot, change: Change) -> None:
    name = spot.owner
    if change.after is None:
        sight.refuse(
            "append-only",
            f"removes what is said about the model {name}",
            "restore the file; a model is not taken out of the registry",
            change.path,
        )
        return
    after = sight.record(change, RegisteredModel)
    if after is None or not _belongs(sight, change, named(name)(after)):
        return
    if change.before is None:
        sight.note("model", f"says what the model {name} is", change.path)
        return
    before = sight.on_base(model_path(name), RegisteredModel)
    if before is None:
        return
    changed = changed_fields(before, after)
    hard = [field for field in changed if field in _SETTLED]
    if hard:
        sight.refuse(
            "append-only",
            f"changes the {' and '.join(hard)} of the model {name}",
            "only its description, owners, primary metric and tags may change",
            change.path,
        )
    elif changed:
        sight.note("model", f"changes the {' and '.join(changed)} of the model {name}", change.path)


# -- versions -------------------------------------------------------------------------------


def _versions(sight: Sight) -> None:
    added: dict[str, list[tuple[int, Change]]] = {}
    promoted = {
        (spot.owner, spot.number)
        for spot, change in sight.of(Kind.PROMOTION)
        if change.before is None
    }
    for spot, change in sight.of(Kind.VERSION):
        assert spot.number is not None
        if change.before is None:
            added.setdefault(spot.owner, []).append((spot.number, change))
        else:
            _old_version(sight, spot, change, promoted=(spot.owner, spot.number) in promoted)
    for model, new in added.items():
        _new_numbers(sight, model, sorted(new, key=lambda pair: pair[0]))
        for number, change in new:
            _new_version(sight, model, number, change)


def _old_version(sight: Sight, spot: Spot, change: Change, *, promoted: bool) -> None:
    what = f"v{spot.number} of {spot.owner}"
    if change.after is None:
        sight.refuse(
            "append-only",
            f"removes {what}; numbers are never used again",
            "restore the file, and archive the version instead",
            change.path,
        )
        return
    after = sight.record(change, ModelVersion)
    before = sight.on_base(change.path, ModelVersion)
    if after is None or before is None:
        return
    changed = changed_fields(before, after)
    hard = [field for field in changed if field not in ABOUT_VERSION]
    if hard:
        shown = ", ".join(
            f"{field} from {getattr(before, field)!r} to {getattr(after, field)!r}"
            for field in hard
        )
        sight.refuse(
            "append-only",
            f"changes what {what} is: {shown}",
            "restore the file, and register a new version",
            change.path,
        )
    elif promoted:
        sight.refuse(
            "append-only",
            f"changes the {' and '.join(changed) or 'file'} of {what} and "
            "promotes it in one pull request",
            "change them in a pull request of their own, before the promotion",
            change.path,
        )
    else:
        sight.note(
            "version", f"changes the {' and '.join(changed) or 'layout'} of {what}", change.path
        )


def _new_numbers(sight: Sight, model: str, new: list[tuple[int, Change]]) -> None:
    """Numbers go on where those that were ever given end: 1, 2, 3 …"""
    used = used_numbers(sight, model)
    highest = max(used, default=0)
    expected = highest
    for number, change in new:
        expected += 1
        if number in used or number <= highest:
            sight.refuse(
                "number",
                f"registers v{number} of {model}, a number that was given before",
                f"the next number is {highest + 1}: type  gitrack model register  again",
                change.path,
            )
            expected = highest
        elif number != expected:
            sight.refuse(
                "number",
                f"registers v{number} of {model}, but the next number is {expected}",
                "type  gitrack model register  again, which numbers it",
                change.path,
            )
            expected = number


def used_numbers(sight: Sight, model: str) -> set[int]:
    """Every number that the base knows of: of versions, evidence, stages and promotions."""
    before = sight.before
    used = set(before.numbers(model))
    for child in sight.opened.branch.children(f"{REGISTRY}/{model}/evidence", at=sight.base):
        if _NUMBER.match(child.rstrip("/")):
            used.add(int(child.rstrip("/")))
    for versions in before.stages(model).values():
        used.update(versions)
    return used


def _new_version(sight: Sight, model: str, number: int, change: Change) -> None:
    version = sight.record(change, ModelVersion)
    if version is None or not _belongs(sight, change, is_number(number)(version)):
        return
    what = f"v{number} of {model}"
    run = _run_of(sight, version.run)
    if run is None:
        if not run_is_there(sight, version.run):
            sight.refuse(
                "unknown-run",
                f"{what} is of the run {version.run}, which is neither on "
                "the base nor in this pull request",
                "push the run with it: gitrack push",
                change.path,
            )
        return
    if all(version.artifact != artifact.path for artifact in run.artifacts):
        have = ", ".join(artifact.path for artifact in run.artifacts[:5]) or "none"
        sight.refuse(
            "unknown-artifact",
            f"{what} is the artifact {version.artifact!r} of the run "
            f"{run.id}, which has no such artifact (it has {have})",
            "register what the run has left",
            change.path,
        )
        return
    sight.note("version", f"registers {what} from the run {run.id}", change.path)


def _run_of(sight: Sight, id: str) -> Run | None:
    """A run of the base or of the pull request, read; None where it cannot be."""
    folder = sight.folder_of_run(id)
    try:
        if folder is not None:
            path = f"{folder}/{RECORD}"
            return load_run(path, sight.opened.branch.read(path, at=sight.base))
        for _, change in sight.of(Kind.RUN):
            if change.after is not None and change.path.endswith(f"/{id}/{RECORD}"):
                return load_run(change.path, sight.data(change))
    except UnreadableFile:
        return None
    return None


# -- pointers and evidence ------------------------------------------------------------------


def _alias(sight: Sight, spot: Spot, change: Change) -> None:
    name = f"{spot.owner}@{spot.name}"
    if change.after is None:
        sight.note("alias", f"removes the alias {name}", change.path)
        return
    after = sight.record(change, ModelAlias)
    if after is None:
        return
    path = version_path(spot.owner, after.version)
    pair = sight.spots.get(path)
    there = sight.trees.side(sight.base, path) is not None if pair is None else pair[1].after
    if not there:
        sight.refuse(
            "unknown-version",
            f"points the alias {name} to v{after.version}, which is not registered",
            f"gitrack model alias set {spot.owner} {spot.name} VERSION",
            change.path,
        )
        return
    before = sight.on_base(alias_path(spot.owner, spot.name), ModelAlias)
    was = f", which was v{before.version}" if before is not None else ""
    sight.note("alias", f"points {name} to v{after.version}{was}", change.path)


def _evidence(sight: Sight, spot: Spot, change: Change) -> None:
    number = spot.number
    assert number is not None
    proof = sight.record(change, Proof)
    if proof is None or not _belongs(sight, change, proves(number)(spot.name)(proof)):
        return
    what = f"evidence {proof.kind} for v{number} of {spot.owner}"
    path = version_path(spot.owner, number)
    pair = sight.spots.get(path)
    version = sight.on_base(path, ModelVersion)
    if version is None and pair is not None and pair[1].after is not None:
        version = sight.record(pair[1], ModelVersion)
    if version is None:
        sight.refuse(
            "unknown-version",
            f"adds {what}, which is not registered",
            f"register it first: gitrack model register RUN {spot.owner}",
            change.path,
        )
        return
    if proof.run != version.run:
        sight.refuse(
            "unknown-run",
            f"adds {what} about the run {proof.run}, but that version is of the run {version.run}",
            "record it again: gitrack evidence add",
            change.path,
        )
    _evidence_time(sight, change, proof, what)
    by = sight.commits.which_write(change.path)
    if by and not all(commit.is_by(proof.by) for commit in by):
        sight.refuse(
            "forged",
            f"adds {what} in the name of {proof.by}, but the commit that wrote "
            f"it is by {by[0].author}",
            "whoever vouches for it records it: gitrack "
            f"evidence add {spot.owner} {number} {proof.kind}",
            change.path,
        )
    elif by and proof.kind == "approval" and not all(map(sight.commits.is_signed, by)):
        sight.warn(
            "unsigned",
            f"adds {what} by {proof.by} in a commit without a good signature: "
            "whoever can push could have written it",
            "ask the person, or for a signed commit",
            change.path,
        )
    sight.note(
        "evidence",
        f"adds {what} ({'passed' if proof.passed else 'failed'}), by {proof.by}",
        change.path,
    )


def _evidence_time(sight: Sight, change: Change, proof: Proof, what: str) -> None:
    for name, text in (("recorded", proof.recorded), ("from", proof.begin), ("to", proof.end)):
        if text is None:
            continue
        try:
            when = moments.read(text)
        except (ValueError, OverflowError):
            sight.refuse(
                "unreadable",
                f"{name} is {text!r}, which is not a time",
                "write it as 2026-01-31T12:00:00.000Z",
                change.path,
            )
            continue
        if when > sight.now + CLOCKS:
            sight.refuse(
                "future",
                f"{what} has {name}: {text}, which is still to come",
                "record it when it has happened",
                change.path,
            )


def _belongs(sight: Sight, change: Change, why: str | None) -> bool:
    if why is not None:
        sight.refuse("misplaced", why, "rename the file, or mend what it says", change.path)
    return why is None
