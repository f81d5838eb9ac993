"""Which versions a model has, asked at every registration: of one artifact, and the highest ever.

A model may have thousands of versions and promotions. What a process has learnt of a file or a
folder it remembers by the id of the contents, which never change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitrack.errors import UnreadableFile
from gitrack.model.registered import ModelVersion
from gitrack.store.branch import Branch, Entry
from gitrack.store.codec.records import load_record
from gitrack.store.registry.paths import REGISTRY, SUFFIX
from gitrack.store.registry.reader import Registry

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_PROMOTED = re.compile(r"\d{8}T\d{6}Z-v([1-9]\d{0,8})-", re.ASCII)
_RUN_ID = re.compile(rb"\d{8}-\d{6}-[0-9a-z]{6}")
#: Beyond so many files all is forgotten and learnt again.
_MOST = 1 << 16

#: By the id of a file's contents: the runs that it speaks of.
_spoken_of: dict[str, frozenset[bytes]] = {}
#: By the id of a folder of promotions: the highest version that was promoted.
_promoted: dict[str, int] = {}


def versions_of(
    branch: Branch, name: str, run: str, artifact: str, *, at: str | None
) -> Iterator[ModelVersion]:
    """The versions of a model that are this artifact of this run, the oldest first.

    Only files in which the run's id stands are taken apart; one that is broken is none of them.
    """
    for number, entry in _numbered(branch, name, at):
        if run.encode() not in _spoken_of.get(entry.id, ()):
            continue
        ((_, data),) = branch.read_many([entry.id])
        if not isinstance(data, bytes):
            continue
        try:
            version = load_record(entry.path, data, ModelVersion)
        except UnreadableFile:
            continue  # told by whoever lists or checks
        if (version.version, version.run, version.artifact) == (number, run, artifact):
            yield version


def highest(registry: Registry, name: str) -> int:
    """The highest number that a version of a model ever had, as far as anything tells of it."""
    stages = registry.stages(name).values()
    evidence = registry.branch.children(f"{REGISTRY}/{name}/evidence", at=registry.commit)
    return max(
        *registry.numbers(name)[-1:],
        *(number for versions in stages for number in versions),
        *(int(folder.rstrip("/")) for folder in evidence if _NUMBER.match(folder.rstrip("/"))),
        *registry.aliases(name).values(),
        _highest_promoted(registry, name),
        0,
    )


def _highest_promoted(registry: Registry, name: str) -> int:
    folder = f"{REGISTRY}/{name}/promotions"
    tree = registry.branch.tree(folder, at=registry.commit)
    if tree is None:
        return 0
    known = _promoted.get(tree)
    if known is None:
        found = map(_PROMOTED.match, registry.branch.children(folder, at=registry.commit))
        if len(_promoted) >= _MOST:
            _promoted.clear()
        known = _promoted[tree] = max((int(match[1]) for match in found if match), default=0)
    return known


def _numbered(branch: Branch, name: str, at: str | None) -> list[tuple[int, Entry]]:
    """All versions of a model, after a look into those that nobody has looked into yet."""
    if at is None:
        return []
    folder = f"{REGISTRY}/{name}/versions"
    found = []
    for entry in branch.entries(folder, at=at):
        stem = entry.path[len(folder) + 1 :].removesuffix(SUFFIX)
        if _NUMBER.match(stem):
            found.append((int(stem), entry))
    new = [entry.id for _, entry in found if entry.id not in _spoken_of]
    if len(_spoken_of) + len(new) > _MOST:
        _spoken_of.clear()
        new = [entry.id for _, entry in found]
    for id, data in branch.read_many(new) if new else ():
        if isinstance(data, bytes):
            _spoken_of[id] = frozenset(_RUN_ID.findall(data))
    return sorted(found, key=lambda pair: pair[0])
