"""The whole registry at once, for whoever shows all of it: listed once, read in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from gitrack.errors import GitrackError, NotFound
from gitrack.model.promotion import Promotion
from gitrack.model.registered import ModelAlias, ModelVersion, Proof, RegisteredModel
from gitrack.model.run import Fault
from gitrack.store.branch import Branch, Entry
from gitrack.store.pinned import PinnedBranch
from gitrack.store.registry.paths import REGISTRY
from gitrack.store.registry.reader import Registry


class KnownModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model with all that is recorded of it.

    Versions are the oldest first, `stages` holds those that stand there, newest last; `proofs`
    are by version and file, promotions by id, the oldest first.
    """

    name: str
    about: RegisteredModel | None = None
    versions: tuple[ModelVersion, ...] = ()
    stages: dict[str, list[int]] = {}
    pointers: dict[str, ModelAlias] = {}
    proofs: dict[int, dict[str, Proof]] = {}
    promotions: dict[str, Promotion] = {}

    def standing(self, number: int) -> list[str]:
        """The stages in which a version stands, by name."""
        return sorted(stage for stage, versions in self.stages.items() if number in versions)

    def pointed(self, number: int) -> list[str]:
        """The pointers to a version, by name."""
        return sorted(a for a, pointer in self.pointers.items() if pointer.version == number)


class AllModels(msgspec.Struct, frozen=True, kw_only=True):
    """Every registered model by name; files that cannot be read apart."""

    models: tuple[KnownModel, ...] = ()
    faults: tuple[Fault, ...] = ()


def all_models(branch: Branch, *, at: str | None = None) -> AllModels:
    """Every file below `registry/`."""
    commit = at or branch.tip()
    if commit is None or branch.tree(REGISTRY, at=commit) is None:
        return AllModels()
    registry = Registry(_Listed(branch, commit), at=commit)
    registry.strays()
    models = tuple(_known(registry, name) for name in registry.models())
    return AllModels(models=models, faults=tuple(registry.faults))


def _known(registry: Registry, name: str) -> KnownModel:
    proofs = {number: registry.proofs(name, number) for number in registry.numbers(name)}
    return KnownModel(
        name=name,
        about=registry.model(name),
        versions=tuple(registry.versions(name)),
        stages=registry.stages(name),
        pointers=registry.pointers(name),
        proofs={number: found for number, found in proofs.items() if found},
        promotions=registry.promotions(name),
    )


class _Listed(PinnedBranch):
    """A branch whose registry was read as a whole; folders and files are looked up."""

    def __init__(self, branch: Branch, commit: str) -> None:
        super().__init__(branch, commit)
        entries = branch.entries(REGISTRY, at=commit)
        ids = [entry.id for entry in entries]
        self._contents = dict(branch.read_many(ids))
        self._ids = {entry.path: entry.id for entry in entries}
        self._below: dict[str, list[Entry]] = {}
        self._inside: dict[str, dict[str, None]] = {}
        for entry in entries:
            child = entry.path
            folder, _, last = child.rpartition("/")
            while folder:
                self._below.setdefault(folder, []).append(entry)
                self._inside.setdefault(folder, {})[last] = None
                folder, _, last = folder.rpartition("/")
                last += "/"

    def read(self, path: str, *, at: str | None = None) -> bytes:
        """One file. Raises NotFound."""
        id = self._ids.get(path)
        if id is None:
            raise NotFound(f"{path!r} is not a file on {self.name}")
        data = self._contents[id]
        if not isinstance(data, bytes):
            raise data
        return data

    def read_many(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes | GitrackError]]:
        """(id, contents) in the order asked."""
        return ((id, self._contents[id]) for id in ids)

    def entries(self, under: str = "", *, at: str | None = None) -> list[Entry]:
        """Every file below a folder, sorted by path."""
        return self._below.get(under, [])

    def children(self, folder: str = "", *, at: str | None = None) -> list[str]:
        """Names directly in a folder, sorted."""
        return sorted(self._inside.get(folder, ()))
