"""Reads the registry of a branch: models, their versions, where these stand, free pointers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NoReturn, TypeVar

import msgspec

from gitrack.errors import InvalidName, NotFound, UnreadableFile
from gitrack.model.names import model_name
from gitrack.model.nearest import nearest
from gitrack.model.registered import ModelAlias, ModelVersion, RegisteredModel, StageState
from gitrack.model.run import Fault
from gitrack.store.branch import Branch, Entry
from gitrack.store.codec.records import load_record

REGISTRY = "registry"
MODEL_FILE = "model.yaml"

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_RUN_ID = re.compile(rb"\d{8}-\d{6}-[0-9a-z]{6}")
_STRAY = "remove it, or put it where it belongs"

Record = TypeVar("Record", bound=msgspec.Struct)


def version_path(model: str, number: int) -> str:
    """`registry/<model>/versions/<n>.yaml`."""
    return f"{REGISTRY}/{model}/versions/{number}.yaml"


class Registry:
    """The registry as it stands at one commit: the tip when it is first asked, or `at`.

    A file that cannot be read is a fault and hides no other. What was read is read once.
    """

    def __init__(self, branch: Branch, *, at: str | None = None) -> None:
        self.branch = branch
        self._at = at
        self._faults: dict[str, Fault] = {}
        self._by_number: dict[str, dict[int, Entry]] = {}
        self._read: dict[str, msgspec.Struct | None] = {}

    @property
    def faults(self) -> list[Fault]:
        """What could not be read of all that was asked for so far, by path."""
        return [self._faults[path] for path in sorted(self._faults)]

    def models(self) -> list[str]:
        """Names of models, sorted: those with a record, and those that only have versions."""
        return sorted(self._files)

    def model(self, name: str) -> RegisteredModel | None:
        """What is said about a model; None if nobody said anything."""
        entry = dict(self._files.get(name, {}).get("", ())).get(MODEL_FILE)
        return None if entry is None else self._load(entry, RegisteredModel, _named(name))

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of a model, the oldest first."""
        entries = self._numbered(name)
        self._fill(list(entries.values()))
        found = (self._load(e, ModelVersion, _is(number)) for number, e in entries.items())
        return [version for version in found if version is not None]

    def numbers(self, name: str) -> list[int]:
        """The numbers of a model's versions, without reading them."""
        return list(self._numbered(name))

    def stages(self, name: str) -> dict[str, list[int]]:
        """The versions that stand in each stage, newest last; stages by name."""
        return {
            stage: list(state.versions) for stage, state in self._each(name, "stages", StageState)
        }

    def aliases(self, name: str) -> dict[str, int]:
        """The version that each free pointer points at; pointers by name."""
        return {
            alias: pointer.version for alias, pointer in self._each(name, "aliases", ModelAlias)
        }

    def version(self, name: str, reference: int | str) -> ModelVersion:
        """One version: by number (`7`, `v7`), by stage (the newest there), by alias; `latest`.

        `@champion` is an alias only. `Production` is `production`, as in MLflow. Raises NotFound,
        UnreadableFile.
        """
        self._require(name)
        number = self._number(name, reference)
        entry = self._numbered(name).get(number)
        if entry is None:
            self._no_version(name, number, reference)
        found = self._load(entry, ModelVersion, _is(number))
        if found is None:
            fault = self._faults[entry.path]
            raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
        return found

    def of_run(self, run: str) -> list[tuple[str, ModelVersion]]:
        """(model, version) of all versions that were made of a run, by name and number.

        All versions are looked at once; only those whose bytes name the run are taken apart.
        """
        found = []
        for name, number, entry, data in self._mentions.get(run, ()):
            self._ahead.setdefault(entry.path, data)
            version = self._load(entry, ModelVersion, _is(number))
            if version is not None and version.run == run:
                found.append((name, version))
        return found

    # -- files ------------------------------------------------------------------------------

    @cached_property
    def _commit(self) -> str | None:
        return self._at or self.branch.tip()

    @cached_property
    def _files(self) -> dict[str, dict[str, list[tuple[str, Entry]]]]:
        """By model, then by its folder (`` for none): (path below it, file)."""
        found: dict[str, dict[str, list[tuple[str, Entry]]]] = {}
        if self._commit is None:
            return found
        for entry in self.branch.entries(REGISTRY, at=self._commit):
            _, name, *rest = entry.path.split("/")
            if not rest:
                self._fault(entry.path, "a file lies where the folder of a model should be", _STRAY)
                continue
            try:
                if model_name(name) != name:
                    raise InvalidName("model name", name, "is not in composed form")
            except InvalidName as error:
                self._fault(f"{REGISTRY}/{name}", error.message, error.hint)
                continue
            folder = rest[0] if len(rest) > 1 else ""
            own = found.setdefault(name, {}).setdefault(folder, [])
            own.append(("/".join(rest[1:] or rest), entry))
        return found

    @cached_property
    def _mentions(self) -> dict[str, list[tuple[str, int, Entry, bytes]]]:
        """By run: the versions in whose files its id stands, unread."""
        found: dict[str, list[tuple[str, int, Entry, bytes]]] = {}
        numbered = [
            (name, *pair) for name in self.models() for pair in self._numbered(name).items()
        ]
        contents = self.branch.read_many([entry.id for _, _, entry in numbered])
        for (name, number, entry), (_, data) in zip(numbered, contents, strict=True):
            if not isinstance(data, bytes):
                self._keep(entry, data, ModelVersion, _is(number))
                continue
            for run in dict.fromkeys(_RUN_ID.findall(data)):
                found.setdefault(run.decode(), []).append((name, number, entry, data))
        return found

    def _numbered(self, name: str) -> dict[int, Entry]:
        """A model's versions by number, in order."""
        known = self._by_number.get(name)
        if known is None:
            found: list[tuple[int, Entry]] = []
            for stem, entry in self._in(name, "versions"):
                if _NUMBER.match(stem):
                    found.append((int(stem), entry))
                else:
                    self._fault(entry.path, f"{stem[:80]!r} is not the number of a version", _STRAY)
            known = self._by_number[name] = dict(sorted(found))
        return known

    def _in(self, name: str, folder: str) -> Iterator[tuple[str, Entry]]:
        """(name without ending, file) of what lies in one of a model's folders."""
        for path, entry in self._files.get(name, {}).get(folder, ()):
            if path.endswith(".yaml") and "/" not in path and path != ".yaml":
                yield path.removesuffix(".yaml"), entry
            else:
                self._fault(entry.path, f"only files <name>.yaml belong in {folder}/", _STRAY)

    def _each(self, name: str, folder: str, type: type[Record]) -> Iterator[tuple[str, Record]]:
        pairs = list(self._in(name, folder))
        self._fill([entry for _, entry in pairs])
        for stem, entry in pairs:
            record = self._load(entry, type)
            if record is not None:
                yield stem, record

    def _fill(self, entries: Sequence[Entry]) -> None:
        """Read many files by one git process, for `_load` to find."""
        left = [entry for entry in entries if entry.path not in self._read]
        self._ahead.update(
            (entry.path, data)
            for entry, (_, data) in zip(
                left, self.branch.read_many([entry.id for entry in left]), strict=True
            )
        )

    @cached_property
    def _ahead(self) -> dict[str, object]:
        return {}

    def _load(
        self,
        entry: Entry,
        type: type[Record],
        check: Callable[[Record], str | None] = lambda record: None,
    ) -> Record | None:
        """A file as a record, or None, and then a fault says why."""
        if entry.path in self._read:
            known = self._read[entry.path]
            return known if isinstance(known, type) else None
        data = self._ahead.pop(entry.path, None)
        if data is None:
            ((_, data),) = self.branch.read_many([entry.id])
        return self._keep(entry, data, type, check)

    def _keep(
        self,
        entry: Entry,
        data: object,
        type: type[Record],
        check: Callable[[Record], str | None],
    ) -> Record | None:
        record: Record | None = None
        if isinstance(data, bytes):
            try:
                record = load_record(entry.path, data, type)
                why = check(record)
                if why is not None:
                    record = None
                    self._fault(entry.path, why, "rename the file, or mend what it says")
            except UnreadableFile as error:
                self._fault(entry.path, error.why, error.hint)
        else:  # what the branch says instead of the contents of a file that it lacks
            self._fault(entry.path, getattr(data, "message", str(data)), getattr(data, "hint", ""))
        self._read[entry.path] = record
        return record

    def _fault(self, path: str, why: str, hint: str | None) -> None:
        self._faults[path] = Fault(path=path, why=why, hint=hint)

    # -- references -------------------------------------------------------------------------

    def _number(self, name: str, reference: int | str) -> int:
        if isinstance(reference, int):
            return reference
        if _NUMBER.match(reference.removeprefix("v")):
            return int(reference.removeprefix("v"))
        stages = {} if reference.startswith("@") else self.stages(name)
        if stages.get(reference):
            return stages[reference][-1]
        aliases = self.aliases(name)
        if reference.removeprefix("@") in aliases:
            return aliases[reference.removeprefix("@")]
        if (other := reference.lower()) != reference and stages.get(other):
            return stages[other][-1]  # MLflow's own names of stages begin with a capital
        if reference == "latest" and (numbers := self.numbers(name)):
            return numbers[-1]
        if reference in stages:
            raise NotFound(
                f"no version of {name!r} stands in {reference!r}",
                hint=f"name a version by its number: {_some(self.numbers(name))}",
            )
        known = [*stages, *(f"@{alias}" for alias in aliases)]
        near = nearest(reference, known)
        hint = f"did you mean {near!r}?" if near else f"it has {_some([*known, *self._last(name)])}"
        raise NotFound(f"{name!r} has no version, stage or alias {reference!r}", hint=hint)

    def _require(self, name: str) -> None:
        if name in self._files:
            return
        near = nearest(name, self.models())
        hint = f"did you mean {near!r}?" if near else f"registered are {_some(self.models())}"
        if not self._files:
            hint = "no model is registered on this branch"
        raise NotFound(f"there is no registered model {name!r}", hint=hint)

    def _no_version(self, name: str, number: int, reference: int | str) -> NoReturn:
        if str(number) == str(reference).removeprefix("v"):
            message = f"{name!r} has no version {number}"
        else:
            message = f"{reference!r} of {name!r} is version {number}, which is not there"
        raise NotFound(message, hint=f"it has {_some(self._last(name)) or 'none'}")

    def _last(self, name: str) -> list[int]:
        return self.numbers(name)[-5:]


def _is(number: int) -> Callable[[ModelVersion], str | None]:
    def check(version: ModelVersion) -> str | None:
        if version.version == number:
            return None
        return f"version is {version.version}, but its file is {number}.yaml"

    return check


def _named(name: str) -> Callable[[RegisteredModel], str | None]:
    def check(model: RegisteredModel) -> str | None:
        return None if model.name == name else f"name is {model.name!r}, but its folder is {name!r}"

    return check


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:5]))
    return f"{shown}, …" if len(values) > 5 else shown
