"""Which versions a model has, asked at every registration: of one artifact, and the highest ever.

A model may have thousands of versions and promotions. What a process has learnt of a file or a
folder it remembers by the id of the contents, which never change.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from gitrack.errors import GitrackError, NotFound, UnreadableFile
from gitrack.model.registered import ModelVersion
from gitrack.store.branch import Branch, Entry
from gitrack.store.codec.records import load_record
from gitrack.store.registry.paths import REGISTRY, SUFFIX, version_path
from gitrack.store.registry.reader import Registry

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_PROMOTED = re.compile(r"\d{8}T\d{6}Z-v([1-9]\d{0,8})-", re.ASCII)
_RUN_ID = re.compile(rb"\d{8}-\d{6}-[0-9a-z]{6}")
#: Beyond so many folders all is forgotten and learnt again.
_MOST = 256


class _Versions(NamedTuple):
    """Of a folder of versions: the files that speak of a run, by its id, and the highest number."""

    by_run: dict[bytes, tuple[int, ...]]
    highest: int


#: By the id of a folder `versions`, and by model the id of the one that was asked for last.
_versions: dict[str, _Versions] = {}
_last: dict[str, str] = {}
#: By the id of another folder: the highest version that anything in it speaks of.
_highest: dict[str, int] = {}


def versions_of(
    branch: Branch, name: str, run: str, artifact: str, *, at: str | None
) -> Iterator[ModelVersion]:
    """The versions of a model that are this artifact of this run, the oldest first.

    Only files in which the run's id stands are taken apart; one that is broken is none of them.
    """
    for number in _known(branch, name, at).by_run.get(run.encode(), ()):
        path = version_path(name, number)
        try:
            version = load_record(path, branch.read(path, at=at), ModelVersion)
        except (UnreadableFile, NotFound):
            continue  # told by whoever lists or checks
        if (version.version, version.run, version.artifact) == (number, run, artifact):
            yield version


def highest(registry: Registry, name: str) -> int:
    """The highest number that a version of a model ever had, as far as anything tells of it."""
    branch, at = registry.branch, registry.commit

    def children(folder: str) -> list[str]:
        return branch.children(f"{REGISTRY}/{name}/{folder}", at=at)

    def of_stages() -> Iterable[int]:
        return (number for held in registry.stages(name).values() for number in held)

    def of_evidence() -> Iterable[int]:
        names = (folder.rstrip("/") for folder in children("evidence"))
        return (int(folder) for folder in names if _NUMBER.match(folder))

    def of_promotions() -> Iterable[int]:
        found = map(_PROMOTED.match, children("promotions"))
        return (int(match[1]) for match in found if match)

    def of_aliases() -> Iterable[int]:
        return registry.aliases(name).values()

    told = {
        "stages": of_stages,
        "evidence": of_evidence,
        "promotions": of_promotions,
        "aliases": of_aliases,
    }
    found = [_known(branch, name, at).highest]
    for folder, numbers in told.items():
        tree = branch.tree(f"{REGISTRY}/{name}/{folder}", at=at)
        if tree is None:
            continue
        if tree not in _highest:
            _bounded(_highest)
            _highest[tree] = max(numbers(), default=0)
        found.append(_highest[tree])
    return max(found)


def _known(branch: Branch, name: str, at: str | None) -> _Versions:
    """What a folder of versions says, learnt from what has changed since the last one."""
    folder = f"{REGISTRY}/{name}/versions"
    tree = None if at is None else branch.tree(folder, at=at)
    if tree is None:
        return _Versions({}, 0)
    found = _versions.get(tree)
    if found is None:
        old = _last.get(name, "")
        found = _learnt(branch, folder, tree, at, old, _versions.get(old))
        _bounded(_versions)
        _versions[tree] = found
    _bounded(_last)
    _last[name] = tree
    return found


def _learnt(
    branch: Branch, folder: str, tree: str, at: str | None, old: str, known: _Versions | None
) -> _Versions:
    changes: list[tuple[str, Entry | None]] | None = None
    if known is not None:
        # the other folder may be one of another repository, or collected as garbage since
        with contextlib.suppress(GitrackError):
            changes = branch.changed(old, tree, under=folder)
    if known is None or changes is None or any(entry is None for _, entry in changes):
        known = _Versions({}, 0)
        changes = [(entry.path, entry) for entry in branch.entries(folder, at=at)]
    by_run, most = dict(known.by_run), known.highest
    came = {
        int(stem): entry.id
        for path, entry in changes
        if entry is not None and _NUMBER.match(stem := path[len(folder) + 1 :].removesuffix(SUFFIX))
    }
    for (number, _), (_, data) in zip(came.items(), branch.read_many(came.values()), strict=True):
        most = max(most, number)
        for run in dict.fromkeys(_RUN_ID.findall(data) if isinstance(data, bytes) else ()):
            by_run[run] = tuple(sorted({*by_run.get(run, ()), number}))
    return _Versions(by_run, most)


def _bounded(memory: dict[str, Any]) -> None:
    if len(memory) >= _MOST:
        memory.clear()
