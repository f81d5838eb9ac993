"""What a path of the branch is to an audit: kept for ever, a pointer, a label, furniture."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gitrack.store.layout import RECORD, is_day_file, place_of
from gitrack.store.registry.paths import taken_apart

_VERSION = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_FURNITURE = re.compile(
    r"(?:README\.md|format\.yaml|\.gitignore|\.gitattributes|\.dvc/.*|\.dvcignore"
    r"|(?:\.github/|docs/)?CODEOWNERS|\.gitlab/CODEOWNERS)\Z",
    re.DOTALL,
)
_MACHINE = re.compile(
    r"\.github/workflows/[^/]+\Z|\.gitlab-ci\.ya?ml\Z|\.github/actions/|\.gitlab/ci/"
)


class Kind(StrEnum):
    """What a file is."""

    RUN = "run record"
    RUN_FILE = "file of a run"
    VERSION = "version"
    EVIDENCE = "evidence"
    PROMOTION = "promotion"
    STAGE = "stage"
    ALIAS = "alias"
    MODEL = "description of a model"
    NAMED = "version of a named artifact"
    COLLECTED = "record of a collection"
    MACHINE = "workflow"
    FREE = "furniture"
    STRAY = "unknown file"


#: Written once, never changed, never removed.
FOR_EVER = frozenset(
    {Kind.RUN, Kind.RUN_FILE, Kind.VERSION, Kind.EVIDENCE, Kind.PROMOTION, Kind.NAMED}
)


class What(NamedTuple):
    """A file, by its path. `name` is a run's folder, or the model or artifact; `item` the rest."""

    kind: Kind
    name: str = ""
    item: str = ""


@lru_cache(maxsize=1 << 17)
def what_is(path: str) -> What:
    """What lies at a path of the branch."""
    parts = path.split("/")
    if parts[0] == "runs":
        place = place_of(path)
        if place is not None:
            rest = path[len(place.folder) + 1 :]
            return What(Kind.RUN if rest == RECORD else Kind.RUN_FILE, place.folder, rest)
        return What(Kind.FREE if is_day_file(path) else Kind.STRAY)
    if parts[0] == "registry":
        return _registered(parts)
    if parts[0] == "artifacts" and len(parts) == 4 and path.endswith(".yaml"):
        item = parts[3].removesuffix(".yaml")
        if parts[2] == "versions" and _VERSION.match(item):
            return What(Kind.NAMED, parts[1], item)
        return What(Kind.FREE if parts[2] == "aliases" else Kind.STRAY, parts[1])
    if parts[0] == "collected" and len(parts) == 2:
        return What(Kind.COLLECTED, item=parts[1])
    if parts[0] == "sweeps":
        return What(Kind.FREE)
    if _MACHINE.match(path):
        return What(Kind.MACHINE)
    return What(Kind.FREE if _FURNITURE.match(path) else Kind.STRAY)


def _registered(parts: list[str]) -> What:
    if len(parts) == 3 and parts[2] == "model.yaml":
        return What(Kind.MODEL, parts[1])
    if not parts[-1].endswith(".yaml"):
        return What(Kind.STRAY, parts[1] if len(parts) > 2 else "")
    stem = parts[-1].removesuffix(".yaml")
    if len(parts) == 4:
        model, folder = parts[1], parts[2]
        if folder == "versions" and _VERSION.match(stem):
            return What(Kind.VERSION, model, stem)
        if folder == "stages":
            return What(Kind.STAGE, model, stem)
        if folder == "aliases":
            return What(Kind.ALIAS, model, stem)
        if folder == "promotions" and taken_apart(stem) is not None:
            return What(Kind.PROMOTION, model, stem)
        return What(Kind.STRAY, model)
    if len(parts) == 5 and parts[2] == "evidence" and _VERSION.match(parts[3]):
        return What(Kind.EVIDENCE, parts[1], f"{parts[3]}/{stem}")
    return What(Kind.STRAY, parts[1])
