"""Named artifacts on the branch: read, looked up, and numbered when a run is committed.

    artifacts/<name>/versions/<n>.yaml    which run left it, at which path, with which md5
    artifacts/<name>/aliases/<alias>.yaml a pointer that may move; `latest` is no file

Numbers are given by `numbering`, under the lock of the branch's writers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn, TypeVar

from gitrack.errors import GitrackError, InvalidName, NotFound, UnreadableFile
from gitrack.model import names
from gitrack.model.ids import is_run_id
from gitrack.model.md5 import is_md5
from gitrack.model.named import ArtifactAlias, ArtifactVersion
from gitrack.model.run import Fault
from gitrack.store.branch import Branch
from gitrack.store.codec.records import dump_record, load_record

if TYPE_CHECKING:
    from gitrack.store.index.contents import Contents

FOLDER = "artifacts"
LATEST = "latest"
#: More versions than this nobody has made: such a number was invented.
HIGHEST = 999_999_999

_VERSION_FILE = re.compile(r"([1-9]\d{0,8})\.yaml\Z", re.ASCII)
_NUMBER = re.compile(r"[vV]?([1-9]\d{0,8})\Z", re.ASCII)
_SUFFIX = ".yaml"
_NEAR = 3

Record = TypeVar("Record", ArtifactVersion, ArtifactAlias)


def version_path(name: str, number: int) -> str:
    """Where version `number` lies."""
    return f"{FOLDER}/{name}/versions/{number}{_SUFFIX}"


def alias_path(name: str, alias: str) -> str:
    """Where an alias lies."""
    return f"{FOLDER}/{name}/aliases/{alias}{_SUFFIX}"


class NamedArtifacts:
    """What a branch knows of named artifacts, read at one commit: now, unless `at` says when."""

    def __init__(
        self, branch: Branch, *, at: str | None = None, contents: Contents | None = None
    ) -> None:
        self._branch = branch
        self._contents = contents
        self.commit = at or branch.tip()

    def names(self) -> list[str]:
        """Every name, sorted."""
        return [name for name in self._children(FOLDER, folders=True) if _is_name(name)]

    def numbers(self, name: str) -> list[int]:
        """The versions of a name, in order; without opening one of them."""
        found = map(_VERSION_FILE.match, self._children(f"{FOLDER}/{name}/versions"))
        return sorted(int(match[1]) for match in found if match)

    def version(self, name: str, number: int) -> ArtifactVersion:
        """One version. Raises NotFound, and UnreadableFile for what is not what its place says."""
        path = version_path(name, number)
        try:
            data = self._read(path)
        except NotFound:
            have = self.numbers(name)
            hint = f"the newest is {name}:v{have[-1]}" if have else "type  gitrack artifact ls"
            raise NotFound(f"there is no version {number} of {name!r}", hint=hint) from None
        return load_version(path, data)

    def versions(self, name: str) -> tuple[list[ArtifactVersion], list[Fault]]:
        """All versions in order, and what cannot be read."""
        found: list[ArtifactVersion] = []
        faults: list[Fault] = []
        for path, data in self._files(f"{FOLDER}/{name}/versions"):
            try:
                found.append(load_version(path, data))
            except UnreadableFile as error:
                faults.append(Fault(path=path, why=error.why, hint=error.hint))
        return sorted(found, key=lambda version: version.version), faults

    def aliases(self, name: str) -> tuple[dict[str, ArtifactAlias], list[Fault]]:
        """All aliases by name, and what cannot be read or points to nothing."""
        have = set(self.numbers(name))
        found: dict[str, ArtifactAlias] = {}
        faults: list[Fault] = []
        for path, data in self._files(f"{FOLDER}/{name}/aliases"):
            try:
                alias, record = load_alias(path, data)
                if record.version not in have:
                    raise _leads_nowhere(path, name, record.version)
                found[alias] = record
            except UnreadableFile as error:
                faults.append(Fault(path=path, why=error.why, hint=error.hint))
        return found, faults

    def alias_names(self, name: str) -> list[str]:
        """The aliases of a name; without opening one of them."""
        found = self._children(f"{FOLDER}/{name}/aliases")
        return [alias.removesuffix(_SUFFIX) for alias in found if alias.endswith(_SUFFIX)]

    def alias(self, name: str, alias: str) -> ArtifactAlias:
        """Where one alias points. Raises NotFound, UnreadableFile."""
        path = alias_path(name, alias)
        _, record = load_alias(path, self._read(path))
        if record.version not in self.numbers(name):
            raise _leads_nowhere(path, name, record.version)
        return record

    def resolve(self, name: str, wanted: str = LATEST) -> ArtifactVersion:
        """`v2`, `latest`, or an alias. Raises NotFound with near names, UnreadableFile."""
        have = self.numbers(name) if _is_name(name) else []
        if not have:
            self._no_such_name(name)
        if wanted == LATEST:
            return self.version(name, have[-1])
        if match := _NUMBER.match(wanted):
            return self.version(name, int(match[1]))
        try:
            number = self.alias(name, names.alias_name(wanted)).version
        except (InvalidName, NotFound):
            self._no_such_alias(name, wanted)
        return self.version(name, number)

    def find(self, name: str, *, md5: str | None, uri: str | None = None) -> ArtifactVersion | None:
        """The version of these contents, the oldest if there are several; None if there is none.

        Contents elsewhere whose md5 nobody knows are the same if they lie at the same URI.
        """
        wanted = md5 if md5 is not None else uri
        if wanted is None:
            return None
        if self._contents is None:
            from gitrack.store.index.contents import Contents

            self._contents = Contents(self._branch)
        found = []
        for path in self._contents.paths(name, md5, at=self.commit):
            data = self._read(path)
            if md5 is None and _as_written(wanted).encode() not in data:
                continue  # a thousand are looked at, one is parsed
            try:
                version = load_version(path, data)
            except UnreadableFile:
                continue  # told by whoever lists or checks
            if is_same(version, md5=md5, uri=uri):
                found.append(version)
        return min(found, key=lambda version: version.version, default=None)

    def faults(self) -> list[Fault]:
        """Everything below `artifacts/` that is not what its place says it is."""
        found = []
        hint = "remove it from the branch"
        for name in self._children(FOLDER, folders=None):
            if not name.endswith("/") or not _is_name(name.rstrip("/")):
                why = "is no named artifact"
                found.append(Fault(path=f"{FOLDER}/{name}".rstrip("/"), why=why, hint=hint))
        for name in self.names():
            found += self.versions(name)[1] + self.aliases(name)[1]
            for other in self._children(f"{FOLDER}/{name}", folders=None):
                if other not in ("versions/", "aliases/"):
                    path = f"{FOLDER}/{name}/{other}".rstrip("/")
                    found.append(Fault(path=path, why="is no version and no alias", hint=hint))
        return found

    def _read(self, path: str) -> bytes:
        if self.commit is None:
            raise NotFound(f"{path!r} is not a file on {self._branch.name}")
        return self._branch.read(path, at=self.commit)

    def _children(self, folder: str, *, folders: bool | None = False) -> list[str]:
        if self.commit is None:
            return []
        found = self._branch.children(folder, at=self.commit)
        if folders is None:
            return found
        return [name.rstrip("/") for name in found if name.endswith("/") is folders]

    def _files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Path and contents of all files of a folder; what is missing raises."""
        entries = self._branch.entries(folder, at=self.commit) if self.commit else []
        contents = self._branch.read_many([entry.id for entry in entries])
        for entry, (_, data) in zip(entries, contents, strict=True):
            if isinstance(data, GitrackError):
                raise data
            yield entry.path, data

    def _no_such_name(self, name: str) -> NoReturn:
        import difflib  # only for those who mistyped

        have = self.names()
        near = difflib.get_close_matches(name, have, n=_NEAR) or [
            other for other in have if other.casefold() == name.casefold()
        ]
        hint = f"did you mean {' or '.join(near)}?" if near else "type  gitrack artifact ls"
        raise NotFound(f"there is no named artifact {name!r}", hint=hint)

    def _no_such_alias(self, name: str, wanted: str) -> NoReturn:
        import difflib

        have = [*self.aliases(name)[0], LATEST]
        near = difflib.get_close_matches(wanted, have, n=_NEAR) or have[-_NEAR:]
        hint = f"did you mean {' or '.join(f'{name}:{alias}' for alias in near)}?"
        raise NotFound(f"{name!r} has no version or alias {wanted!r}", hint=hint)


def is_same(version: ArtifactVersion, *, md5: str | None, uri: str | None) -> bool:
    """Whether a version holds these contents."""
    if md5 is not None or version.md5 is not None:
        return version.md5 == md5
    return uri is not None and version.uri == uri


def load_version(path: str, data: bytes) -> ArtifactVersion:
    """A version, checked against its place. Raises UnreadableFile."""
    name, number = _place(path)
    version = load_record(path, data, ArtifactVersion)
    if version.name != name:
        raise UnreadableFile(path, f"name is {version.name[:80]!r}, but its folder is {name!r}")
    if f"{version.version}" != number:
        raise UnreadableFile(path, f"version is {version.version}, but its file is {number!r}")
    if not is_run_id(version.run):
        raise UnreadableFile(path, f"{version.run[:80]!r} is not a run id")
    if version.md5 is not None and not is_md5(version.md5):
        raise UnreadableFile(path, f"md5 is {version.md5[:80]!r}, expected 32 hexadecimal digits")
    try:
        names.artifact_path(version.path)
    except InvalidName as error:
        raise UnreadableFile(path, error.message) from None
    return version


def load_alias(path: str, data: bytes) -> tuple[str, ArtifactAlias]:
    """An alias and where it points, checked against its place. Raises UnreadableFile."""
    _, alias = _place(path)
    try:
        names.alias_name(alias)
    except InvalidName as error:
        raise UnreadableFile(path, error.message) from None
    return alias, load_record(path, data, ArtifactAlias)


def dump(record: ArtifactVersion | ArtifactAlias) -> bytes:
    """A version or an alias as the branch has it."""
    return dump_record(record)


def _place(path: str) -> tuple[str, str]:
    """(name, file without its ending) of a file in its right place."""
    parts = path.split("/")
    if len(parts) != 4 or not parts[3].endswith(_SUFFIX):
        raise UnreadableFile(path, "is no version and no alias", hint="remove it from the branch")
    return parts[1], parts[3].removesuffix(_SUFFIX)


def _leads_nowhere(path: str, name: str, number: int) -> UnreadableFile:
    hint = f"point it to a version that is there: gitrack artifact alias {name}:latest ALIAS"
    return UnreadableFile(path, f"points to version {number}, which is not there", hint=hint)


def _is_name(name: str) -> bool:
    try:
        return names.artifact_name(name) == name
    except InvalidName:
        return False


def _as_written(text: str) -> str:
    """A text as the canonical YAML has it."""
    from gitrack.store.codec.emitter import dump as dump_yaml

    return dump_yaml({"x": text}).partition(": ")[2].rstrip("\n")
