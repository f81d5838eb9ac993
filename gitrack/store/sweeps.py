"""The sweeps of a branch: one file each, listed once and read in one go."""

from __future__ import annotations

import msgspec

from gitrack.errors import GitrackError, UnreadableFile
from gitrack.model.run import Fault
from gitrack.model.sweep import Sweep
from gitrack.store.branch import Branch
from gitrack.store.codec.records import dump_record, load_record

FOLDER = "sweeps"


class AllSweeps(msgspec.Struct, frozen=True, kw_only=True):
    """Every sweep by id; files that cannot be read apart."""

    sweeps: tuple[Sweep, ...] = ()
    faults: tuple[Fault, ...] = ()


def path_of(id: str) -> str:
    """Where a sweep lies on the branch."""
    return f"{FOLDER}/{id}.yaml"


def dump_sweep(sweep: Sweep) -> bytes:
    """Its file."""
    return dump_record(sweep)


def load_sweep(path: str, data: bytes) -> Sweep:
    """The sweep that lies at `path`. Raises UnreadableFile."""
    sweep = load_record(path, data, Sweep)
    if path != path_of(sweep.id):
        raise UnreadableFile(
            path,
            f"id is {sweep.id[:80]!r}, but the file is {path.rpartition('/')[2][:80]!r}",
            hint="rename one of them; a copied sweep needs an id of its own",
        )
    return sweep


def all_sweeps(branch: Branch, *, at: str | None = None) -> AllSweeps:
    """Every file below `sweeps/`."""
    commit = at or branch.tip()
    if commit is None or branch.tree(FOLDER, at=commit) is None:
        return AllSweeps()
    entries = branch.entries(FOLDER, at=commit)
    contents = branch.read_many([entry.id for entry in entries])
    sweeps: list[Sweep] = []
    faults: list[Fault] = []
    for entry, (_, data) in zip(entries, contents, strict=True):
        try:
            if isinstance(data, GitrackError):
                raise UnreadableFile(entry.path, data.message, hint=data.hint)
            sweeps.append(load_sweep(entry.path, data))
        except UnreadableFile as error:
            faults.append(Fault(path=entry.path, why=error.why, hint=error.hint))
    sweeps.sort(key=lambda sweep: sweep.id)
    return AllSweeps(sweeps=tuple(sweeps), faults=tuple(faults))
