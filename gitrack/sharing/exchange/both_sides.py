"""Records of a registry that two sides have written: united, renumbered, given a free name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, StageState
from gitrack.store.registry.checks import place_of_proof
from gitrack.store.registry.paths import REGISTRY, promotion_id

#: A tag that is not there, which None would be a value of.
_GONE = object()


def evidence_folder(model: str, number: int) -> str:
    """Where the evidence of a version lies."""
    return f"{REGISTRY}/{model}/evidence/{number}"


def united(base: Any, mine: Any, other: Any) -> Any | None:
    """What both sides made of a record, or None where they say different things of one field."""
    changed: dict[str, Any] = {}
    for field in mine.__struct_fields__:
        before = getattr(base, field) if base is not None else None
        own, its = getattr(mine, field), getattr(other, field)
        if own in (its, before):
            chosen = its
        elif its == before:
            chosen = own
        elif field == "tags":
            tags = _united_tags(before or {}, own, its)
            if tags is None:
                return None
            chosen = tags
        elif base is None and field in ("created", "by"):
            chosen = its  # both have begun it: whoever pushed first is followed
        elif base is None and not (own and its):
            chosen = own or its
        else:
            return None
        changed[field] = chosen
    return msgspec.structs.replace(mine, **changed)


def _united_tags(
    before: Mapping[str, Any], own: Mapping[str, Any], its: Mapping[str, Any]
) -> dict[str, Any] | None:
    united: dict[str, Any] = {}
    for key in sorted({*own, *its}):
        old, mine, other = (side.get(key, _GONE) for side in (before, own, its))
        if mine not in (other, old) and other != old:
            return None
        chosen = other if mine in (other, old) else mine
        if chosen is not _GONE:
            united[key] = chosen
    return united


def with_numbers(
    promotion: Promotion, moved: Mapping[int, int], renamed: Mapping[str, tuple[str, str]]
) -> Promotion:
    """A promotion of ours, by the numbers that versions have now; `renamed` are those before it."""

    def new(numbers: list[int]) -> list[int]:
        return [moved.get(number, number) for number in numbers]

    follows = promotion.follows
    if follows is not None and follows.promotion in renamed:
        id, sha256 = renamed[follows.promotion]
        follows = msgspec.structs.replace(follows, promotion=id, sha256=sha256)
    return msgspec.structs.replace(
        promotion,
        version=moved.get(promotion.version, promotion.version),
        expected=new(promotion.expected),
        archived=new(promotion.archived),
        kept=new(promotion.kept),
        follows=follows,
    )


def free_id(promotion: Promotion, taken: set[str]) -> str:
    """A name for its file that nobody has taken."""
    again = 1
    while True:
        id = promotion_id(promotion.at, promotion.version, promotion.to, again=again)
        if id not in taken:
            return id
        again += 1


def free_stem(kind: str, taken: set[str]) -> str:
    """`<kind>-2` and so on, behind those that are there."""
    place = max((place_of_proof(stem, kind) or 1 for stem in taken), default=1)
    while (stem := f"{kind}-{place + 1}") in taken:
        place += 1
    return stem


def same_place(mine: StageState | ModelAlias, theirs: StageState | ModelAlias) -> bool:
    """Do both hold, or point at, the same?"""
    if isinstance(mine, StageState) and isinstance(theirs, StageState):
        return mine.versions == theirs.versions
    return (
        isinstance(mine, ModelAlias)
        and isinstance(theirs, ModelAlias)
        and (mine.version == theirs.version)
    )
