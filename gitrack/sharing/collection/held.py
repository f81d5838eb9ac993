"""What keeps a run although its user lets it go: the registry, names, and runs that read it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gitrack.errors import UnreadableFile
from gitrack.store.named import NamedArtifacts

if TYPE_CHECKING:
    from gitrack.model.named import ArtifactVersion
    from gitrack.model.run import Fault, Use
    from gitrack.store.branch import Branch
    from gitrack.store.index import RunTable

Read = TypeVar("Read")


class Held(NamedTuple):
    """`runs` maps the folder of a run that stays to the reason; `artifacts` those of md5s."""

    runs: dict[str, str]
    artifacts: dict[str, str]


def held(branch: Branch, tip: str, table: RunTable, let_go: Collection[str]) -> Held:
    """What of the folders in `let_go` stays. Raises UnreadableFile: in doubt nothing goes."""
    names = NamedArtifacts(branch, at=tip)
    for fault in names.faults():
        raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
    named = _named(names)
    folders: dict[str, list[str]] = defaultdict(list)
    for id, path in zip(table.column("id"), table.column("path"), strict=True):
        folders[str(id)].append(str(path))
    reasons: dict[str, str] = {}
    for id, why in _registered(branch, tip):
        for folder in folders.get(id, ()):
            reasons.setdefault(folder, why)
    _follow_uses(table, let_go, reasons, folders, named)
    return Held(
        {folder: why for folder, why in reasons.items() if folder in let_go},
        dict(_pointed_at(names, named)),
    )


def _registered(branch: Branch, tip: str) -> Iterator[tuple[str, str]]:
    """(run, why) of every version of every model: whoever registers one may want it back."""
    from gitrack.store.registry import Registry

    registry = Registry(branch, at=tip)
    for model in registry.models():
        for version in registry.versions(model):
            yield version.run, f"{model} version {version.version} is made of it"
    for fault in registry.faults:
        raise UnreadableFile(fault.path, fault.why, hint=fault.hint)


def _follow_uses(
    table: RunTable,
    let_go: Collection[str],
    reasons: dict[str, str],
    folders: dict[str, list[str]],
    named: dict[tuple[str, int], ArtifactVersion],
) -> None:
    """What a run that stays has read stays, and what that has read, and so on."""
    rows = {table.path(row): row for row in range(table.rows)}
    queue = [path for path in rows if path not in let_go or path in reasons]
    while queue:
        path = queue.pop()
        row = rows.get(path)
        for use in table.uses(row) if row is not None else ():
            for folder in folders.get(_maker(use, named) or "", ()):
                if folder in let_go and folder not in reasons:
                    reasons[folder] = f"run {path.rpartition('/')[2]} has read from it"
                    queue.append(folder)


def _maker(use: Use, named: dict[tuple[str, int], ArtifactVersion]) -> str | None:
    """The run that made what another has read."""
    if use.run is not None or use.name is None or use.version is None:
        return use.run
    version = named.get((use.name, use.version))
    return version.run if version else None


def _named(names: NamedArtifacts) -> dict[tuple[str, int], ArtifactVersion]:
    return {
        (name, version.version): version
        for name in names.names()
        for version in _sound(names.versions(name))
    }


def _pointed_at(
    names: NamedArtifacts, named: dict[tuple[str, int], ArtifactVersion]
) -> Iterator[tuple[str, str]]:
    """(md5, why) of the newest version of each named artifact, and of those with an alias."""
    for name in names.names():
        wanted = {alias: to.version for alias, to in _sound(names.aliases(name)).items()}
        if numbers := names.numbers(name):
            wanted["latest"] = numbers[-1]
        for alias, number in wanted.items():
            version = named.get((name, number))
            if version is not None and version.md5 is not None:
                yield version.md5, f"it is {name}:{alias}"


def _sound(read: tuple[Read, list[Fault]]) -> Read:
    """What was read, if all of it could be."""
    found, faults = read
    for fault in faults:
        raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
    return found
