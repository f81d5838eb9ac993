"""All named versions of a branch at once: for whoever asks of every run what it has made."""

from __future__ import annotations

import msgspec

from gitrack.errors import GitrackError, UnreadableFile
from gitrack.model.named import ArtifactVersion
from gitrack.model.run import Artifact, Fault
from gitrack.store.branch import Branch
from gitrack.store.named import FOLDER, LATEST, load_alias, load_version


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A version with the pointers to it; `run` was the first to leave these contents."""

    name: str
    version: int
    run: str
    aliases: tuple[str, ...] = ()


class AllVersions(msgspec.Struct, frozen=True, kw_only=True):
    """Versions by their name and what they hold; files that cannot be read apart."""

    by_contents: dict[tuple[str, str], Made] = {}
    faults: tuple[Fault, ...] = ()

    def of(self, artifact: Artifact) -> Made | None:
        """The version that an artifact of a run is, if it is one."""
        contents = artifact.md5 or artifact.uri
        if artifact.name is None or contents is None:
            return None
        return self.by_contents.get((artifact.name, contents))


def all_versions(branch: Branch, *, at: str | None = None) -> AllVersions:
    """Every file below `artifacts/` is listed and read in one go."""
    commit = at or branch.tip()
    if commit is None:
        return AllVersions()
    entries = branch.entries(FOLDER, at=commit)
    contents = branch.read_many([entry.id for entry in entries])
    versions: dict[tuple[str, int], ArtifactVersion] = {}
    pointers: dict[tuple[str, int], list[str]] = {}
    faults: list[Fault] = []
    for entry, (_, data) in zip(entries, contents, strict=True):
        path = entry.path
        parts = path.split("/")
        try:
            if isinstance(data, GitrackError):
                raise UnreadableFile(path, data.message, hint=data.hint)
            if len(parts) == 4 and parts[2] == "aliases":
                alias, record = load_alias(path, data)
                pointers.setdefault((parts[1], record.version), []).append(alias)
            else:
                version = load_version(path, data)
                versions[parts[1], version.version] = version
        except UnreadableFile as error:
            faults.append(Fault(path=path, why=error.why, hint=error.hint))
    newest: dict[str, int] = {}
    for name, number in versions:
        newest[name] = max(number, newest.get(name, 0))
    by_contents: dict[tuple[str, str], Made] = {}
    for (name, number), version in sorted(versions.items()):
        aliases = sorted(pointers.get((name, number), ()))
        if newest[name] == number:
            aliases.insert(0, LATEST)
        held = version.md5 or version.uri
        if held is not None:
            made = Made(name=name, version=number, run=version.run, aliases=tuple(aliases))
            by_contents.setdefault((name, held), made)
    return AllVersions(by_contents=by_contents, faults=tuple(faults))
