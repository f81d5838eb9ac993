"""Where the registry lies on the branch.

registry/<model>/model.yaml
registry/<model>/versions/<n>.yaml
registry/<model>/stages/<stage>.yaml
registry/<model>/aliases/<alias>.yaml
registry/<model>/evidence/<n>/<kind>.yaml, <kind>-2.yaml …
registry/<model>/promotions/<time>-v<n>-<stage>.yaml
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

REGISTRY = "registry"
MODEL_FILE = "model.yaml"
SUFFIX = ".yaml"

_PROMOTION = re.compile(
    r"(?P<time>\d{8}T\d{6}Z)-v(?P<version>[1-9]\d{0,8})-(?P<stage>[a-z][a-z0-9_-]*)"
    r"(?:\.(?P<again>[2-9]|[1-9]\d{1,3}))?\Z",
    re.ASCII,
)


def model_path(model: str) -> str:
    """`registry/<model>/model.yaml`."""
    return f"{REGISTRY}/{model}/{MODEL_FILE}"


def version_path(model: str, number: int) -> str:
    """`registry/<model>/versions/<n>.yaml`."""
    return f"{REGISTRY}/{model}/versions/{number}{SUFFIX}"


def stage_path(model: str, stage: str) -> str:
    """`registry/<model>/stages/<stage>.yaml`."""
    return f"{REGISTRY}/{model}/stages/{stage}{SUFFIX}"


def alias_path(model: str, alias: str) -> str:
    """`registry/<model>/aliases/<alias>.yaml`."""
    return f"{REGISTRY}/{model}/aliases/{alias}{SUFFIX}"


def evidence_path(model: str, number: int, name: str) -> str:
    """`registry/<model>/evidence/<n>/<name>.yaml`; the name is a kind, or `<kind>-2` and so on."""
    return f"{REGISTRY}/{model}/evidence/{number}/{name}{SUFFIX}"


def promotion_path(model: str, id: str) -> str:
    """`registry/<model>/promotions/<id>.yaml`, with an id as `promotion_id` makes it."""
    return f"{REGISTRY}/{model}/promotions/{id}{SUFFIX}"


def promotion_id(at: str, version: int, stage: str, *, again: int = 1) -> str:
    """`20241101T093000Z-v7-production`; `again` tells those of one second apart (`….2`)."""
    stamp = re.sub(r"[-:]|\.\d+", "", at)
    return f"{stamp}-v{version}-{stage}" + (f".{again}" if again > 1 else "")


class PromotionId(NamedTuple):
    """The name of a promotion's file, taken apart. Sorts by time."""

    time: str
    again: int
    version: int
    stage: str


@functools.lru_cache(maxsize=1 << 15)
def taken_apart(id: str) -> PromotionId | None:
    """None for what is not the name of a promotion."""
    found = _PROMOTION.match(id)
    if found is None:
        return None
    return PromotionId(
        found["time"], int(found["again"] or 1), int(found["version"]), found["stage"]
    )


def promotions_among(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """(ids of promotions among the names of files, by time; names that are none)."""
    found: list[tuple[PromotionId, str]] = []
    strays: list[str] = []
    for name in names:
        id = name.removesuffix(SUFFIX)
        parts = taken_apart(id) if id != name else None
        if parts is None:
            strays.append(name)
        else:
            found.append((parts, id))
    return [id for _, id in sorted(found)], strays
