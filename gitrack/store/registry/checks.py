"""Whether a record of the registry belongs where it lies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelVersion, Proof, RegisteredModel
from gitrack.store.registry.paths import promotion_id

Record = TypeVar("Record", bound=msgspec.Struct)
#: Says why a record does not belong where it lies, or None.
Check = Callable[[Record], str | None]

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)


def is_number(number: int) -> Callable[[ModelVersion], str | None]:
    def check(version: ModelVersion) -> str | None:
        if version.version == number:
            return None
        return f"version is {version.version}, but its file is {number}.yaml"

    return check


def named(name: str) -> Callable[[RegisteredModel], str | None]:
    def check(model: RegisteredModel) -> str | None:
        return None if model.name == name else f"name is {model.name!r}, but its folder is {name!r}"

    return check


def proves(number: int) -> Callable[[str], Check[Proof]]:
    """For each file by its name: its record is about this version, and of the kind it is named."""

    def of(stem: str) -> Check[Proof]:
        def check(proof: Proof) -> str | None:
            if proof.version != number:
                return f"version is {proof.version}, but its folder is {number}/"
            if place_of_proof(stem, proof.kind) is None:
                return f"kind is {proof.kind[:80]!r}, but its file is {stem[:80]!r}"
            return None

        return check

    return of


def place_of_proof(stem: str, kind: str) -> int | None:
    """1 for `<kind>`, 2 for `<kind>-2` and so on; None for the name of another kind."""
    if stem == kind:
        return 1
    before, dash, rest = stem.rpartition("-")
    if dash and before == kind and _NUMBER.match(rest) and int(rest) > 1:
        return int(rest)
    return None


def promotes(name: str, id: str) -> Check[Promotion]:
    def check(promotion: Promotion) -> str | None:
        if promotion.model != name:
            return f"model is {promotion.model!r}, but its folder is {name!r}"
        said = promotion_id(promotion.at, promotion.version, promotion.to)
        if id.partition(".")[0] != said:
            return f"it says {said[:120]!r}, but its file is {id!r}"
        return None

    return check


def alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names that differ from another one by case alone, each with that one."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            yield name, other


def order_of_proof(name: str, proof: Proof) -> tuple[str, int]:
    """By kind, then by the number behind it."""
    return proof.kind, place_of_proof(name, proof.kind) or 1
