"""Where a version may go from where it stands, and what becomes of those who stood there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.config.policy import Stage
from gitrack.config.stage_name import ARCHIVE, NO_STAGE, stage_name
from gitrack.errors import GitrackError, NotFound
from gitrack.model.nearest import nearest

#: The versions of each stage, newest last.
Standing = Mapping[str, Sequence[int]]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What a promotion changes. `stages` holds the stages that change, as they are afterwards.

    `source` is where the version stood: of several stages, the one that the rules ask for.
    """

    stages: dict[str, list[int]]
    source: str | None
    expected: list[int]
    archived: list[int]
    kept: list[int]


class IllegalMove(GitrackError):
    """The lifecycle of the model does not lead there."""


def known_stage(name: object, rules: Mapping[str, Stage], model: str) -> str:
    """The stage's own spelling. Raises InvalidName, and NotFound for one that the model lacks."""
    stage = stage_name(name)
    if stage not in rules:
        near = nearest(stage, list(rules))
        hint = f"did you mean {near!r}?" if near else f"it has {', '.join(rules)}"
        raise NotFound(f"{model!r} has no stage {stage!r}", hint=hint)
    return stage


def stands_in(standing: Standing, version: int) -> list[str]:
    """The stages in which a version stands, by name."""
    return sorted(stage for stage, versions in standing.items() if version in versions)


def move(
    standing: Standing,
    version: int,
    to: str,
    rules: Mapping[str, Stage],
    *,
    keep_previous: bool = False,
    back: bool = False,
) -> Move:
    """What has to change for a version to stand in `to`. Raises IllegalMove.

    `back` is a return to a stage it stood in before, which asks for no way there; one that was
    kept beside a newer one stands there alone again.
    """
    rule = rules[to]
    here = stands_in(standing, version)
    before = list(standing.get(to, ()))
    alone = back and version in before[:-1] and not keep_previous
    if version in before and not alone:
        raise IllegalMove(
            f"version {version} stands in {to} already", hint=f"in {to}: {_listed(before)}"
        )
    source = _source(here, version, to, rule, back=back)
    kept = before if keep_previous else []
    leaving = [] if keep_previous else [other for other in before if other != version]
    archived = leaving if rule.archive_previous and to != ARCHIVE else []
    if to == ARCHIVE:  # nobody leaves the archive because somebody else comes
        kept, leaving = before, []
    stages = {to: [*kept, version]}
    if rule.exclusive:
        for stage in here:
            if stage == to:
                continue
            stages[stage] = [other for other in standing[stage] if other != version]
    if archived:
        there = list(stages.get(ARCHIVE, standing.get(ARCHIVE, ())))
        # an environment may still run a version that another one has let go
        gone = [
            other
            for other in archived
            if other not in there and not (set(stands_in(standing, other)) - {to})
        ]
        archived = gone
        if gone:
            stages[ARCHIVE] = [*there, *gone]
    return Move(stages=stages, source=source, expected=before, archived=archived, kept=kept)


def _source(here: list[str], version: int, to: str, rule: Stage, *, back: bool) -> str | None:
    if back or not rule.from_:
        return here[0] if here else None
    for stage in rule.from_:
        if stage in here or (stage == NO_STAGE and not here):
            return None if stage == NO_STAGE else stage
    stands = f"stands in {_listed(here)}" if here else "stands in no stage"
    needed = " or ".join("no stage" if stage == NO_STAGE else stage for stage in rule.from_)
    first = next((stage for stage in rule.from_ if stage != NO_STAGE), None)
    hint = f"promote it to {first} first" if first else "register it again"
    raise IllegalMove(
        f"version {version} {stands}, and {to} is entered from {needed} only", hint=hint
    )


def _listed(values: Sequence[object]) -> str:
    return ", ".join(map(str, values)) or "nobody"
