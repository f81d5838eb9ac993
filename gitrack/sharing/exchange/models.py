"""Models that two clones have registered at once: the pushed version keeps its number, ours moves.

What is ours of a version that moves goes with it: evidence, promotions, and the stages and aliases
that only we have changed. Evidence that both sides have recorded under one name stands side by
side. A stage that both sides have changed is left to people: somebody else was promoted meanwhile.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Literal, TypeVar

import msgspec

from gitrack.errors import MergeConflict, NotFound, UnreadableFile
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, ModelVersion, Proof, RegisteredModel, StageState
from gitrack.sharing.exchange.both_sides import (
    evidence_folder,
    free_id,
    free_stem,
    same_place,
    united,
    with_numbers,
)
from gitrack.store.branch import Branch
from gitrack.store.codec.records import dump_record, load_record
from gitrack.store.git.merge import Clash
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import (
    REGISTRY,
    SUFFIX,
    alias_path,
    evidence_path,
    promotion_path,
    stage_path,
    version_path,
)
from gitrack.store.registry.sources import highest, versions_of

Record = TypeVar("Record", bound=msgspec.Struct)
Side = Literal["ours", "theirs"]
Changes = dict[str, bytes | None]

_PLACE = re.compile(rf"{REGISTRY}/(?P<model>[^/]+)/(?P<rest>.+)\.yaml\Z", re.DOTALL)
_VERSION = re.compile(r"versions/([1-9]\d{0,8})\Z", re.ASCII)
_EVIDENCE = re.compile(r"evidence/([1-9]\d{0,8})/([^/]+)\Z", re.ASCII)


class Models:
    """Collects clashes below `registry/` of one merge, and says what has to change for them."""

    def __init__(self, branch: Branch, ours: str, theirs: str, prefer: Side | None) -> None:
        self._branch = branch
        self._here, self._there = Registry(branch, at=ours), Registry(branch, at=theirs)
        self._ours, self._theirs = ours, theirs
        self._prefer = prefer
        #: by model: our contents of versions that both sides have made
        self._versions: dict[str, dict[int, bytes]] = {}
        #: clashes of evidence, promotions, stages and aliases, by path
        self._met: dict[str, Clash] = {}
        self._settled: Changes = {}
        self.told: list[str] = []

    def takes(self, clash: Clash) -> bool:
        """True if this can be settled; theirs is to stay in its place until `changes` says more."""
        found = _PLACE.match(clash.path)
        if found is None or clash.ours is None or clash.theirs is None:
            return False
        rest = found["rest"]
        if rest == "model":
            return self._unite(clash, RegisteredModel)
        if version := _VERSION.match(rest):
            if clash.base is not None:
                return self._unite(clash, ModelVersion)
            self._versions.setdefault(found["model"], {})[int(version[1])] = clash.ours
            return True
        folder = rest.partition("/")[0]
        if folder in ("evidence", "promotions") and clash.base is not None:
            return False  # never changed: somebody did so by hand
        if folder in ("evidence", "promotions", "stages", "aliases"):
            self._met[clash.path] = clash
            return True
        return False

    def changes(self) -> Changes:
        """Files on top of the union. Raises MergeConflict for what only people can tell."""
        changes = self._settled
        conflicts: list[str] = []
        for model in self._models():
            moved = self._renumber(model, changes, conflicts)
            self._move_evidence(model, moved, changes, conflicts)
            self._part_evidence(model, moved, changes, conflicts)
            self._move_promotions(model, moved, changes, conflicts)
            for path, ours in self._pointers(model):
                self._point(path, ours, moved, changes, conflicts)
        if conflicts:
            raise MergeConflict(sorted(set(conflicts)))
        return changes

    def _models(self) -> list[str]:
        met = {found["model"] for path in self._met if (found := _PLACE.match(path))}
        return sorted({*self._versions, *met})

    # -- versions ---------------------------------------------------------------------------

    def _renumber(self, model: str, changes: Changes, conflicts: list[str]) -> dict[int, int]:
        """Our new numbers: that of the same run's model there, else the next ones."""
        free = max(highest(self._here, model), highest(self._there, model)) + 1
        moved: dict[int, int] = {}
        for number, data in sorted(self._versions.get(model, {}).items()):
            mine = self._load(version_path(model, number), data, ModelVersion, conflicts)
            if mine is None:
                continue
            same = next(
                versions_of(self._branch, model, mine.run, mine.artifact, at=self._theirs), None
            )
            if same is not None:
                moved[number] = same.version
            else:
                moved[number] = free
                record = msgspec.structs.replace(mine, version=free)
                changes[version_path(model, free)] = dump_record(record)
                free += 1
            if moved[number] != number:
                said = f"our v{number} of run {mine.run} is v{moved[number]} now"
                self.told.append(f"model {model}: {said}")
        return moved

    def _unite(self, clash: Clash, type: type[RegisteredModel] | type[ModelVersion]) -> bool:
        """What was said on both sides about one model or version, field by field."""
        try:
            mine = load_record(clash.path, clash.ours or b"", type)
            other = load_record(clash.path, clash.theirs or b"", type)
            base = None if clash.base is None else load_record(clash.path, clash.base, type)
        except UnreadableFile:
            return False
        both = united(base, mine, other)
        if both is None and self._prefer is None:
            return False
        if both is None:
            both = mine if self._prefer == "ours" else other
            self.told.append(f"{clash.path}: {self._prefer} were asked for")
        self._settled[clash.path] = dump_record(both)
        return True

    # -- evidence ---------------------------------------------------------------------------

    def _move_evidence(
        self, model: str, moved: Mapping[int, int], changes: Changes, conflicts: list[str]
    ) -> None:
        """That of versions which take another number goes along."""
        for number, goal in moved.items():
            if goal == number:
                continue
            taken = self._names(evidence_folder(model, goal))
            for path, data in self._files(evidence_folder(model, number)):
                if self._is_theirs(path, data):
                    continue
                if path not in self._met:
                    changes[path] = None
                self._add_evidence(model, goal, path, data, taken, changes, conflicts)

    def _part_evidence(
        self, model: str, moved: Mapping[int, int], changes: Changes, conflicts: list[str]
    ) -> None:
        """What both sides have recorded about one version, in files of one name."""
        taken: dict[int, set[str]] = {}
        for path, clash in self._met.items():
            place = _PLACE.match(path)
            found = _EVIDENCE.match(place["rest"]) if place is not None else None
            if place is None or found is None or place["model"] != model:
                continue
            number = int(found[1])
            if moved.get(number, number) != number:
                continue
            names = taken.setdefault(number, self._names(evidence_folder(model, number)))
            data = clash.ours or b""
            stem = self._add_evidence(model, number, path, data, names, changes, conflicts)
            if stem is not None:
                self.told.append(f"model {model} v{number}: our {found[2]} is {stem} now")

    def _add_evidence(
        self,
        model: str,
        number: int,
        path: str,
        data: bytes,
        taken: set[str],
        changes: Changes,
        conflicts: list[str],
    ) -> str | None:
        """One of ours under a free name of a version; the name."""
        proof = self._load(path, data, Proof, conflicts)
        if proof is None:
            return None
        stem = path.rpartition("/")[2].removesuffix(SUFFIX)
        if stem in taken:
            stem = free_stem(proof.kind, taken)
        taken.add(stem)
        record = msgspec.structs.replace(proof, version=number)
        changes[evidence_path(model, number, stem)] = dump_record(record)
        return stem

    # -- promotions -------------------------------------------------------------------------

    def _move_promotions(
        self, model: str, moved: Mapping[int, int], changes: Changes, conflicts: list[str]
    ) -> None:
        """Ours speak of our versions by their new numbers, and follow each other as before."""
        here, there = self._here.promotion_ids(model), set(self._there.promotion_ids(model))
        renamed: dict[str, tuple[str, str]] = {}
        taken = there | set(here)
        for id in here:
            path = promotion_path(model, id)
            data = self._branch.read(path, at=self._ours)
            if self._is_theirs(path, data):
                continue
            mine = self._load(path, data, Promotion, conflicts)
            if mine is None:
                continue
            after = with_numbers(mine, moved, renamed)
            new = id
            if after.version != mine.version:
                new = free_id(after, taken)
                taken.add(new)
                if path not in self._met:
                    changes[path] = None
            elif path in self._met:
                conflicts.append(path)
                continue
            if after != mine:
                written = dump_record(after)
                changes[promotion_path(model, new)] = written
                renamed[id] = (new, hashlib.sha256(written).hexdigest())

    # -- stages and aliases -----------------------------------------------------------------

    def _pointers(self, model: str) -> list[tuple[str, StageState | ModelAlias]]:
        """Our files of stages and aliases."""
        stages = self._here.stages(model).items()
        found: list[tuple[str, StageState | ModelAlias]] = [
            (stage_path(model, stage), StageState(versions=held)) for stage, held in stages
        ]
        found += [(alias_path(model, a), one) for a, one in self._here.pointers(model).items()]
        return found

    def _point(
        self,
        path: str,
        ours: StageState | ModelAlias,
        moved: Mapping[int, int],
        changes: Changes,
        conflicts: list[str],
    ) -> None:
        mine: StageState | ModelAlias
        if isinstance(ours, StageState):
            held = [moved.get(number, number) for number in ours.versions]
            mine = StageState(versions=list(dict.fromkeys(held)))
        else:
            mine = msgspec.structs.replace(ours, version=moved.get(ours.version, ours.version))
        clash = self._met.get(path)
        if clash is not None:
            other = clash.theirs or b""
        elif mine == ours:
            return
        elif self._is_theirs(path, other := self._branch.read(path, at=self._ours)):
            pass  # they say the same number, and mean their version
        else:
            # a number that moves is ours alone, so a file that names it was changed by us alone
            changes[path] = dump_record(mine)
            return
        theirs = self._load(path, other, type(ours), conflicts)
        if theirs is None or same_place(mine, theirs):
            return
        if self._prefer is None:
            conflicts.append(path)
            return
        self.told.append(f"{path}: {self._prefer} were asked for")
        if self._prefer == "ours":
            changes[path] = dump_record(mine)

    # -- files ------------------------------------------------------------------------------

    def _files(self, folder: str) -> list[tuple[str, bytes]]:
        """Ours."""
        entries = self._branch.entries(folder, at=self._ours)
        return [(entry.path, self._branch.read(entry.path, at=self._ours)) for entry in entries]

    def _names(self, folder: str) -> set[str]:
        """Those of both sides, without the ending."""
        sides = (self._ours, self._theirs)
        listed = (self._branch.children(folder, at=side) for side in sides)
        return {name.removesuffix(SUFFIX) for names in listed for name in names}

    def _is_theirs(self, path: str, data: bytes) -> bool:
        try:
            return self._branch.read(path, at=self._theirs) == data
        except NotFound:
            return False

    def _load(
        self, path: str, data: bytes, type: type[Record], conflicts: list[str]
    ) -> Record | None:
        try:
            return load_record(path, data, type)
        except UnreadableFile:
            conflicts.append(path)
            return None
