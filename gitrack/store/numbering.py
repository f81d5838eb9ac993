"""How the artifacts of a run become versions: planned on the tip that the run's commit replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.run import Artifact, Run
from gitrack.store.named import (
    HIGHEST,
    NamedArtifacts,
    alias_path,
    dump,
    is_same,
    version_path,
)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A run's artifact that is to be a version: where it is, when that was said, its aliases."""

    path: str
    time: str
    aliases: tuple[str, ...] = ()


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """What comes along with a run: files of the branch, and the versions by artifact path.

    `run` has the names as they are spelled on the branch.
    """

    run: Run
    files: dict[str, bytes | None] = {}
    versions: dict[str, tuple[str, int]] = {}

    def trailers(self) -> list[str]:
        """For the message of the commit."""
        return [f"Artifact: {name}:v{number}" for name, number in self.versions.values()]


def numbered(known: NamedArtifacts, run: Run, wishes: Sequence[Wish]) -> Numbered:
    """Versions and aliases for artifacts of a run, on top of what is known.

    Contents that are a version already get no second one; an alias that somebody has set at a
    later time stays where it is, so that a run which is committed late, or again, moves nothing.
    """
    artifacts = {artifact.path: artifact for artifact in run.artifacts}
    drafts: dict[str, _Draft] = {}
    versions: dict[str, tuple[str, int]] = {}
    for wish in sorted(wishes, key=lambda wish: (wish.time, wish.path)):
        artifact = artifacts.get(wish.path)
        if artifact is None or artifact.name is None:
            continue
        name = _spelled(artifact.name, [*known.names(), *drafts])
        artifacts[wish.path] = artifact = msgspec.structs.replace(artifact, name=name)
        draft = drafts.setdefault(name, _Draft(known, name, run.author))
        number = draft.number(artifact, run, wish)
        versions[wish.path] = (name, number)
        for alias in wish.aliases:
            draft.point(alias, number, wish.time)
    files: dict[str, bytes | None] = {}
    for draft in drafts.values():
        files.update(draft.files)
    run = msgspec.structs.replace(run, artifacts=list(artifacts.values()))
    return Numbered(run=run, files=files, versions=versions)


def pointed(
    known: NamedArtifacts, name: str, alias: str, number: int, *, time: str, by: str | None
) -> dict[str, bytes | None]:
    """The change that makes an alias point to a version. Raises NotFound for one not there."""
    known.version(name, number)
    spelled = _spelled(alias, known.alias_names(name))
    record = ArtifactAlias(version=number, set=time, by=by)
    return {alias_path(name, spelled): dump(record)}


class _Draft:
    """The versions and aliases of one name, with those that this commit adds."""

    def __init__(self, known: NamedArtifacts, name: str, by: str | None) -> None:
        self.files: dict[str, bytes | None] = {}
        self._known = known
        self._name = name
        self._by = by
        self._added: list[ArtifactVersion] = []
        self._aliases: dict[str, ArtifactAlias] = {}
        self._next = max(known.numbers(name), default=0) + 1

    def number(self, artifact: Artifact, run: Run, wish: Wish) -> int:
        same = {"md5": artifact.md5, "uri": artifact.uri}
        there = next((one for one in self._added if is_same(one, **same)), None)
        there = there or self._known.find(self._name, **same)
        if there is not None:
            return there.version
        if self._next > HIGHEST:
            path = version_path(self._name, self._next - 1)
            hint = "remove it from the branch, and type  gitrack sync"
            raise UnreadableFile(path, "no number is left above it", hint=hint)
        version = ArtifactVersion(
            name=self._name,
            version=self._next,
            run=run.id,
            path=artifact.path,
            kind=artifact.kind,
            md5=artifact.md5,
            uri=artifact.uri,
            size=artifact.size,
            created=wish.time,
            by=self._by,
            description=artifact.description,
        )
        self._next += 1
        self._added.append(version)
        self.files[version_path(self._name, version.version)] = dump(version)
        return version.version

    def point(self, alias: str, number: int, time: str) -> None:
        alias = _spelled(alias, [*self._known.alias_names(self._name), *self._aliases])
        there = self._aliases.get(alias) or self._there(alias)
        if there is not None and (there.set or "") > time:
            return
        if there is not None and there.version == number:
            return
        record = ArtifactAlias(version=number, set=time, by=self._by)
        self._aliases[alias] = record
        self.files[alias_path(self._name, alias)] = dump(record)

    def _there(self, alias: str) -> ArtifactAlias | None:
        try:
            return self._known.alias(self._name, alias)
        except (NotFound, UnreadableFile):
            return None  # not there, or broken: either way this one takes its place


def _spelled(name: str, known: Iterable[str]) -> str:
    """As it is spelled already: names that differ by case alone are one folder on some systems."""
    have = set(known)
    if name in have:
        return name
    folded: Mapping[str, str] = {other.casefold(): other for other in sorted(have)}
    return folded.get(name.casefold(), name)
