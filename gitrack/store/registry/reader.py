"""Reads the registry of a branch: models, versions, stages, pointers, evidence, promotions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NoReturn

import msgspec

from gitrack.config.stage_name import stage_name
from gitrack.errors import InvalidName, NotFound, UnreadableFile
from gitrack.model.names import model_name
from gitrack.model.nearest import nearest
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, ModelVersion, Proof, RegisteredModel, StageState
from gitrack.model.run import Fault
from gitrack.store.branch import Branch, Entry
from gitrack.store.codec.records import load_record
from gitrack.store.registry.checks import (
    Check,
    Record,
    alike,
    is_number,
    named,
    order_of_proof,
    promotes,
    proves,
)
from gitrack.store.registry.paths import (
    MODEL_FILE,
    REGISTRY,
    SUFFIX,
    PromotionId,
    model_path,
    promotion_path,
    promotions_among,
    stage_path,
    taken_apart,
    version_path,
)

_NUMBER = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
_RUN_ID = re.compile(rb"\d{8}-\d{6}-[0-9a-z]{6}")
_WORD = re.compile(r"[a-z][a-z0-9_-]*\Z", re.ASCII)
_STRAY = "remove it, or put it where it belongs"
_KNOWN = frozenset((MODEL_FILE, "versions/", "stages/", "aliases/", "evidence/", "promotions/"))


class Registry:
    """The registry as it stands at one commit: the tip when it is first asked, or `at`.

    A file that cannot be read is a fault and hides no other. What was read is read once, and only
    folders that were asked for are opened: a look at a stage costs the same with any history.
    """

    def __init__(self, branch: Branch, *, at: str | None = None) -> None:
        self.branch = branch
        self._at = at
        self._faults: dict[str, Fault] = {}
        self._listed: dict[str, list[Entry]] = {}
        self._read: dict[str, msgspec.Struct | None] = {}
        self._ahead: dict[str, object] = {}
        self._ids: dict[str, list[str]] = {}

    @property
    def faults(self) -> list[Fault]:
        """What could not be read of all that was asked for so far, by path."""
        return [self._faults[path] for path in sorted(self._faults)]

    @cached_property
    def commit(self) -> str | None:
        """The commit that is read; None while the branch has none."""
        return self._at or self.branch.tip()

    def models(self) -> list[str]:
        """Names of models, sorted: those with a record, and those that only have versions."""
        return list(self._names)

    def model(self, name: str) -> RegisteredModel | None:
        """What is said about a model; None if nobody said anything."""
        return self._one(model_path(name), RegisteredModel, named(name))

    def versions(self, name: str) -> list[ModelVersion]:
        """All versions of a model, the oldest first."""
        entries = self._numbered(name)
        self._fill(list(entries.values()))
        found = (self._load(e, ModelVersion, is_number(number)) for number, e in entries.items())
        return [version for version in found if version is not None]

    def numbers(self, name: str) -> list[int]:
        """The numbers of a model's versions, without reading them."""
        return list(self._numbered(name))

    def stages(self, name: str) -> dict[str, list[int]]:
        """The versions that stand in each stage, newest last; stages by name."""
        return {
            stage: list(state.versions) for stage, state in self._each(name, "stages", StageState)
        }

    def stage(self, name: str, stage: str) -> list[int]:
        """The versions that stand in one stage, newest last, without opening the others."""
        state = self._one(stage_path(name, stage), StageState)
        return list(state.versions) if state is not None else []

    def aliases(self, name: str) -> dict[str, int]:
        """The version that each free pointer points at; pointers by name."""
        return {alias: record.version for alias, record in self.pointers(name).items()}

    def alias_names(self, name: str) -> list[str]:
        """The free pointers of a model by name, without reading them."""
        return [alias for alias, _ in self._stems(f"{REGISTRY}/{name}/aliases")]

    def pointers(self, name: str) -> dict[str, ModelAlias]:
        """The free pointers with who set them, by name."""
        return dict(self._each(name, "aliases", ModelAlias))

    def proofs(self, name: str, number: int) -> dict[str, Proof]:
        """The evidence of one version by file name without ending, the oldest of a kind first."""
        folder = f"{REGISTRY}/{name}/evidence/{number}"
        check = proves(number)
        pairs = list(self._stems(folder))
        self._fill(entry for _, entry in pairs)
        read = ((stem, self._load(entry, Proof, check(stem))) for stem, entry in pairs)
        found = {stem: proof for stem, proof in read if proof is not None}
        return dict(sorted(found.items(), key=lambda item: order_of_proof(item[0], item[1])))

    def promotion_ids(self, name: str) -> list[str]:
        """The promotions of a model, by time; without reading them."""
        folder = f"{REGISTRY}/{name}/promotions"
        if folder not in self._ids:
            self._ids[folder], strays = promotions_among(self._children(folder))
            for stray in strays:
                why = f"{stray[:80]!r} is not the name of a promotion"
                self._fault(f"{folder}/{stray.rstrip('/')}", why, _STRAY)
        return list(self._ids[folder])

    def newest_promotions(self, name: str) -> Iterator[str]:
        """The same, the newest first, taken apart only as far as they are asked for."""
        folder = f"{REGISTRY}/{name}/promotions"
        second: list[tuple[PromotionId, str]] = []
        for child in reversed(self._children(folder)):
            id = child.removesuffix(SUFFIX)
            parts = taken_apart(id) if id != child else None
            if parts is None:
                continue
            if second and second[0][0].time != parts.time:
                yield from (known for _, known in sorted(second, reverse=True))
                second = []
            second.append((parts, id))
        yield from (known for _, known in sorted(second, reverse=True))

    def promotions(self, name: str) -> dict[str, Promotion]:
        """All promotions of a model by id, the oldest first."""
        ids = self.promotion_ids(name)
        listed = dict(self._stems(f"{REGISTRY}/{name}/promotions"))
        self._fill([listed[id] for id in ids])
        found = ((id, self._load(listed[id], Promotion, promotes(name, id))) for id in ids)
        return {id: promotion for id, promotion in found if promotion is not None}

    def promotion(self, name: str, id: str) -> Promotion | None:
        """One promotion; None if it is not there or cannot be read, and then a fault says why."""
        return self._one(promotion_path(name, id), Promotion, promotes(name, id))

    def version(self, name: str, reference: int | str) -> ModelVersion:
        """One version: by number (`7`, `v7`), by stage (the newest there), by alias; `latest`.

        `@champion` is an alias only. `Production` is `production`, as in MLflow. Raises NotFound,
        UnreadableFile.
        """
        self._require(name)
        number = self._number(name, reference)
        path = version_path(name, number)
        found = self._one(path, ModelVersion, is_number(number))
        if found is None:
            fault = self._faults.get(path)
            if fault is None:
                self._no_version(name, number, reference)
            raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
        return found

    def of_run(self, run: str) -> list[tuple[str, ModelVersion]]:
        """(model, version) of all versions that were made of a run, by name and number.

        All versions are looked at once; only those whose bytes name the run are taken apart.
        """
        found = []
        for name, number, entry, data in self._mentions.get(run, ()):
            self._ahead.setdefault(entry.path, data)
            version = self._load(entry, ModelVersion, is_number(number))
            if version is not None and version.run == run:
                found.append((name, version))
        return found

    def strays(self) -> None:
        """Look at everything below `registry/`, so that `faults` names all that is wrong there."""
        for name, other in alike(self.models()):
            why = f"differs from {other!r} by case alone: they are one folder on some systems"
            self._fault(f"{REGISTRY}/{name}", why, "rename one of the two")
        for name in self.models():
            self.model(name)
            self.versions(name)
            numbers = set(self.numbers(name))
            for stage in self.stages(name):
                try:
                    stage_name(stage)
                except InvalidName as error:
                    self._fault(stage_path(name, stage), error.message, _STRAY)
            self.aliases(name)
            self.promotions(name)
            for child in self._children(f"{REGISTRY}/{name}"):
                if child not in _KNOWN:
                    self._fault(
                        f"{REGISTRY}/{name}/{child.rstrip('/')}",
                        "is no part of a registered model",
                        _STRAY,
                    )
            for child in self._children(f"{REGISTRY}/{name}/evidence"):
                number = child.rstrip("/")
                if child.endswith("/") and _NUMBER.match(number) and int(number) in numbers:
                    self.proofs(name, int(number))
                else:
                    why = "holds evidence of a version that is not there"
                    self._fault(f"{REGISTRY}/{name}/evidence/{number}", why, _STRAY)

    # -- files ------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> list[str]:
        found = []
        for child in self._children(REGISTRY):
            path = f"{REGISTRY}/{child.rstrip('/')}"
            if not child.endswith("/"):
                self._fault(path, "a file lies where the folder of a model should be", _STRAY)
                continue
            name = child.rstrip("/")
            try:
                if model_name(name) != name:
                    raise InvalidName("model name", name, "is not in composed form")
            except InvalidName as error:
                self._fault(path, error.message, error.hint)
                continue
            found.append(name)
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
                self._keep(entry, data, ModelVersion, is_number(number))
                continue
            for run in dict.fromkeys(_RUN_ID.findall(data)):
                found.setdefault(run.decode(), []).append((name, number, entry, data))
        return found

    def _children(self, folder: str) -> list[str]:
        return [] if self.commit is None else self.branch.children(folder, at=self.commit)

    def _entries(self, folder: str) -> list[Entry]:
        known = self._listed.get(folder)
        if known is None:
            at = self.commit
            known = self._listed[folder] = [] if at is None else self.branch.entries(folder, at=at)
        return known

    def _numbered(self, name: str) -> dict[int, Entry]:
        """A model's versions by number, in order."""
        found: list[tuple[int, Entry]] = []
        for stem, entry in self._stems(f"{REGISTRY}/{name}/versions"):
            if _NUMBER.match(stem):
                found.append((int(stem), entry))
            else:
                self._fault(entry.path, f"{stem[:80]!r} is not the number of a version", _STRAY)
        return dict(sorted(found))

    def _stems(self, folder: str) -> Iterator[tuple[str, Entry]]:
        """(name without ending, file) of what lies in a folder."""
        for entry in self._entries(folder):
            path = entry.path[len(folder) + 1 :]
            if path.endswith(SUFFIX) and "/" not in path and path != SUFFIX:
                yield path.removesuffix(SUFFIX), entry
            else:
                last = folder.rpartition("/")[2]
                self._fault(entry.path, f"only files <name>.yaml belong in {last}/", _STRAY)

    def _each(self, name: str, folder: str, type: type[Record]) -> Iterator[tuple[str, Record]]:
        pairs = list(self._stems(f"{REGISTRY}/{name}/{folder}"))
        self._fill(entry for _, entry in pairs)
        for stem, entry in pairs:
            record = self._load(entry, type)
            if record is not None:
                yield stem, record

    def _one(
        self, path: str, type: type[Record], check: Check[Record] | None = None
    ) -> Record | None:
        """One file by its path, without listing its folder; None if it is not there."""
        if path in self._read:
            known = self._read[path]
            return known if isinstance(known, type) else None
        if self.commit is None:
            return None
        try:
            data = self.branch.read(path, at=self.commit)
        except NotFound:
            return None
        return self._keep(Entry(path, ""), data, type, check)

    def _fill(self, entries: Iterable[Entry]) -> None:
        """Read many files by one git process, for `_load` to find."""
        left = [entry for entry in entries if entry.path not in self._read]
        self._ahead.update(
            (entry.path, data)
            for entry, (_, data) in zip(
                left, self.branch.read_many([entry.id for entry in left]), strict=True
            )
        )

    def _load(
        self, entry: Entry, type: type[Record], check: Check[Record] | None = None
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
        self, entry: Entry, data: object, type: type[Record], check: Check[Record] | None = None
    ) -> Record | None:
        record: Record | None = None
        if isinstance(data, bytes):
            try:
                record = load_record(entry.path, data, type)
                why = check(record) if check is not None else None
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
        if _WORD.match(reference) and (standing := self.stage(name, reference)):
            return standing[-1]  # the common case, at the price of one file
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
        if (empty := reference if reference in stages else other) in stages:
            raise NotFound(
                f"no version of {name!r} stands in {empty!r}",
                hint=f"name a version by its number: {_some(self.numbers(name))}",
            )
        known = [*stages, *(f"@{alias}" for alias in aliases)]
        near = nearest(reference, known)
        hint = f"did you mean {near!r}?" if near else f"it has {_some([*known, *self._last(name)])}"
        raise NotFound(f"{name!r} has no version, stage or alias {reference!r}", hint=hint)

    def _tree(self, name: str) -> bool:
        try:
            if model_name(name) != name:
                return False
        except InvalidName:
            return False
        return self.commit is not None and (
            self.branch.tree(f"{REGISTRY}/{name}", at=self.commit) is not None
        )

    def _require(self, name: str) -> None:
        if self._tree(name):
            return
        near = nearest(name, self.models())
        hint = f"did you mean {near!r}?" if near else f"registered are {_some(self.models())}"
        if not self.models():
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


def _some(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:5]))
    return f"{shown}, …" if len(values) > 5 else shown
