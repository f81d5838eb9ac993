"""Named artifacts that got one number in two clones: the pushed one keeps it, ours moves on."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from gitrack.errors import MergeConflict, UnreadableFile
from gitrack.model.named import ArtifactAlias
from gitrack.store.branch import Branch
from gitrack.store.git.merge import Clash
from gitrack.store.named import (
    FOLDER,
    NamedArtifacts,
    alias_path,
    dump,
    load_alias,
    load_version,
    version_path,
)

_VERSION = re.compile(rf"{FOLDER}/([^/]+)/versions/([1-9]\d{{0,8}})\.yaml\Z", re.ASCII)
_ALIAS = re.compile(rf"{FOLDER}/([^/]+)/aliases/([^/]+)\.yaml\Z")


class Renumbering:
    """Collects clashes of one merge, and says what else has to change because of them."""

    def __init__(
        self, branch: Branch, ours: str, theirs: str, prefer: Literal["ours", "theirs"] | None
    ) -> None:
        self._here = NamedArtifacts(branch, at=ours)
        self._there = NamedArtifacts(branch, at=theirs)
        self._prefer = prefer
        #: by name: our contents of a version that both sides have made
        self._versions: dict[str, dict[int, bytes]] = {}
        #: by (name, alias): both sides' contents
        self._aliases: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self.told: list[str] = []

    def takes(self, clash: Clash) -> bool:
        """True if this is a clash of numbers or of aliases; theirs is then to stay in its place."""
        if clash.ours is None or clash.theirs is None:
            return False
        if found := _VERSION.match(clash.path):
            if clash.base is not None:
                return False
            self._versions.setdefault(found[1], {})[int(found[2])] = clash.ours
            return True
        if found := _ALIAS.match(clash.path):
            self._aliases[found[1], found[2]] = (clash.ours, clash.theirs)
            return True
        return False

    def changes(self) -> dict[str, bytes | None]:
        """Files on top of the union. Raises MergeConflict for aliases that point to two things."""
        changes: dict[str, bytes | None] = {}
        moved = {name: self._renumber(name, changes) for name in self._versions}
        for name, numbers in moved.items():
            self._follow(name, numbers, changes)
        self._settle(moved, changes)
        return changes

    def _renumber(self, name: str, changes: dict[str, bytes | None]) -> dict[int, int]:
        """Our new numbers: those of the same contents there, else the next ones."""
        free = max([*self._here.numbers(name), *self._there.numbers(name)]) + 1
        moved: dict[int, int] = {}
        for number, data in sorted(self._versions[name].items()):
            try:
                mine = load_version(version_path(name, number), data)
            except UnreadableFile as error:
                self.told.append(f"{error.path}: ours could not be read and is given up")
                continue
            same = self._there.find(name, md5=mine.md5, uri=mine.uri)
            if same is not None:
                moved[number] = same.version
                continue
            changes[version_path(name, free)] = dump(msgspec.structs.replace(mine, version=free))
            self.told.append(f"{name}: our v{number} of run {mine.run} is v{free} now")
            moved[number] = free
            free += 1
        return moved

    def _follow(self, name: str, moved: dict[int, int], changes: dict[str, bytes | None]) -> None:
        """Aliases that only we have set go on pointing at what they meant."""
        there = self._there.aliases(name)[0]
        for alias, record in self._here.aliases(name)[0].items():
            number = moved.get(record.version, record.version)
            if number == record.version or (name, alias) in self._aliases:
                continue
            if alias in there and there[alias] != record:
                continue  # it was they who changed it, and theirs stands
            changes[alias_path(name, alias)] = dump(msgspec.structs.replace(record, version=number))

    def _settle(self, moved: dict[str, dict[int, int]], changes: dict[str, bytes | None]) -> None:
        """Aliases that both sides have set: the later one stays, as it does within a clone."""
        conflicts = []
        for (name, alias), (ours, theirs) in self._aliases.items():
            path = alias_path(name, alias)
            try:
                mine, other = load_alias(path, ours)[1], load_alias(path, theirs)[1]
            except UnreadableFile:
                conflicts.append(path)
                continue
            numbers = moved.get(name, {})
            mine = msgspec.structs.replace(mine, version=numbers.get(mine.version, mine.version))
            if mine.version == other.version:
                continue
            kept = self._prefer or _later(mine, other)
            if kept is None:
                conflicts.append(path)
                continue
            if kept == "ours":
                changes[path] = dump(mine)
            stays, goes = (mine, other) if kept == "ours" else (other, mine)
            self.told.append(f"{name}:{alias}: v{stays.version} is later than v{goes.version}")
        if conflicts:
            raise MergeConflict(sorted(conflicts))


def _later(mine: ArtifactAlias, other: ArtifactAlias) -> Literal["ours", "theirs"] | None:
    """None if nobody knows when they were set, or both were at one moment."""
    if not mine.set or not other.set or mine.set == other.set:
        return None
    return "ours" if mine.set > other.set else "theirs"
