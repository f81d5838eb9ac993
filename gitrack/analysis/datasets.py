"""The data sets of a branch: which versions there were, in which runs, and what a name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import msgspec

from gitrack.errors import Ambiguous, NotFound
from gitrack.model.lineage import identity
from gitrack.model.nearest import nearest
from gitrack.model.run import Dataset

if TYPE_CHECKING:
    from gitrack.store.index import RunTable

_PREFIX = "data."
_FIELDS = frozenset(Dataset.__struct_fields__)
#: An identity is named by at least so many of its digits.
_SHORTEST = 4
_SHOWN = 6
_DIGITS = re.compile(r"[0-9a-f]+(\.dir)?\Z")


class Sighting(NamedTuple):
    """A data set in a run."""

    row: int
    run: str
    started: str
    dataset: Dataset


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One content of a data set, in one role, and the runs that had it, the oldest first."""

    name: str
    role: str | None
    identity: str
    sightings: list[Sighting]

    @property
    def latest(self) -> Sighting:
        return self.sightings[-1]

    @property
    def labels(self) -> list[str]:
        """What people called it, the latest first."""
        said = [seen.dataset.version for seen in reversed(self.sightings)]
        return list(dict.fromkeys(label for label in said if label))

    @property
    def short(self) -> str:
        """Enough of its identity for people."""
        return shortened(self.identity)


class Wanted(NamedTuple):
    """A reference taken apart: `flights:train@v1.3` of the branch, or `RUN/flights` of one run."""

    name: str
    role: str | None = None
    version: str | None = None
    run: str | None = None


def shortened(identity: str) -> str:
    """`a4f8b2c1d4` of `md5:a4f8b2…`; nothing for what is known by its name alone."""
    if identity.startswith("name:"):
        return ""
    digits = identity.rpartition(":")[2]
    return digits[:10] if _DIGITS.match(digits) else identity


def sightings(table: RunTable, rows: Sequence[int] | None = None) -> list[Sighting]:
    """Every data set of these runs (of all), by start of the run."""
    chosen = list(range(table.rows)) if rows is None else list(rows)
    ids = table.cells("id", chosen)
    starts = table.cells("started", chosen)
    found: list[Sighting] = []
    for key, fields in _sections(table.names()).items():
        columns = {field: table.cells(f"{_PREFIX}{key}.{field}", chosen) for field in fields}
        for place, name in enumerate(columns["name"]):
            if name is None:
                continue
            known = {field: cells[place] for field, cells in columns.items()}
            plain = {field: value for field, value in known.items() if value is not None}
            dataset = _dataset(plain)
            if dataset is not None:
                started = str(starts[place] or "")
                found.append(Sighting(chosen[place], str(ids[place]), started, dataset))
    return sorted(found, key=lambda seen: (seen.started, seen.run, seen.dataset.name))


def versions(found: Iterable[Sighting]) -> list[Version]:
    """Sightings of one content together, by name and role, the first seen first."""
    groups: dict[tuple[str, str | None, str], list[Sighting]] = {}
    for seen in found:
        data = seen.dataset
        groups.setdefault((data.name, data.role, identity(data)), []).append(seen)
    made = [
        Version(name=name, role=role, identity=known, sightings=group)
        for (name, role, known), group in groups.items()
    ]
    return sorted(made, key=lambda one: (one.name, one.role or "", one.sightings[0].started))


def wanted(reference: str, known: Iterable[str] = ()) -> Wanted:
    """What a reference asks for. `known` names win over runs: `flights:train` is no run's."""
    names = set(known)
    before, at, version = reference.rpartition("@")
    if not at or not before or (version.startswith("last") and not before.strip("/:")):
        before, version = reference, ""
    if before in names:
        return Wanted(before, version=version or None)
    name, colon, role = before.rpartition(":")
    if colon and name in names and role:
        return Wanted(name, role, version or None)
    run, slash, rest = reference.partition("/")
    if not slash:
        run, slash, rest = reference.partition(":")
    if slash and run and rest:
        inner, colon, role = rest.partition(":")
        return Wanted(inner, role if colon else None, run=run)
    return Wanted(before, version=version or None)


def chosen(found: Sequence[Version], want: Wanted) -> Version:
    """The version that is meant: of a label the latest content that had it, else the latest.

    Raises NotFound, and Ambiguous where several roles differ.
    """
    of_name = [one for one in found if one.name == want.name]
    if not of_name:
        _unknown(want.name, found)
    in_role = [one for one in of_name if want.role in (None, one.role)]
    if not in_role:
        roles = ", ".join(sorted({one.role or "none" for one in of_name}))
        raise NotFound(f"{want.name!r} has no role {want.role!r}", hint=f"its roles: {roles}")
    hits = in_role
    if want.version is not None:
        hits = [one for one in in_role if want.version in one.labels]
        hits = hits or [one for one in in_role if _begins(one.identity, want.version)]
        if not hits:
            shown = ", ".join(_told(one) for one in in_role[-_SHOWN:])
            raise NotFound(f"{want.name!r} has no version {want.version!r}", hint=f"it has {shown}")
    return _the_one(hits, want)


def _the_one(hits: Sequence[Version], want: Wanted) -> Version:
    roles = {one.role for one in hits}
    if len(roles) > 1 and len({one.identity for one in hits}) > 1:
        names = ", ".join(f"{want.name}:{role}" for role in sorted(role or "" for role in roles))
        raise Ambiguous(f"{want.name!r} has several roles", hint=f"say which is meant: {names}")
    return max(hits, key=lambda one: (one.latest.started, one.latest.run))


def _told(one: Version) -> str:
    label = one.labels[0] if one.labels else None
    return f"{label} ({one.short})" if label and one.short else label or one.short or "no version"


def _begins(identity: str, prefix: str) -> bool:
    if len(prefix) < _SHORTEST:
        return identity == prefix
    return identity.startswith(prefix) or identity.rpartition(":")[2].startswith(prefix)


def _unknown(name: str, found: Sequence[Version]) -> NoReturn:
    names = sorted({one.name for one in found})
    if not names:
        raise NotFound(
            f"there is no data set {name!r}: no run logged any",
            hint="log them with run.log_dataset(path_or_frame, role='train')",
        )
    near = nearest(name, names)
    raise NotFound(
        f"there is no data set {name!r}",
        hint=f"did you mean {near!r}?" if near else "type  gitrack data ls",
    )


def in_run(datasets: Sequence[Dataset], want: Wanted) -> Dataset:
    """The data set of one run: by name, by name and role, or as its profile's file is called."""
    hits = [
        data
        for data in datasets
        if (data.name == want.name and want.role in (None, data.role))
        or (want.role is None and f"{data.name}-{data.role}" == want.name)
    ]
    if not hits:
        names = ", ".join(dict.fromkeys(_called(data) for data in datasets))
        hint = f"it has {names}" if names else "it logged no data"
        raise NotFound(f"run {want.run} has no data set {want.name!r}", hint=hint)
    if len(hits) > 1:
        names = ", ".join(_called(data) for data in hits)
        raise Ambiguous(
            f"run {want.run} has {want.name!r} in several roles", hint=f"say which: {names}"
        )
    return hits[0]


def _called(data: Dataset) -> str:
    return f"{data.name}:{data.role}" if data.role else data.name


def _sections(names: Iterable[str]) -> dict[str, list[str]]:
    """`flights` → its fields; a name may have dots in it, a field has none."""
    sections: dict[str, list[str]] = {}
    for name in names:
        if name.startswith(_PREFIX):
            key, _, field = name.removeprefix(_PREFIX).rpartition(".")
            if field in _FIELDS:
                sections.setdefault(key, []).append(field)
    return {key: fields for key, fields in sections.items() if "name" in fields}


def _dataset(fields: dict[str, Any]) -> Dataset | None:
    try:
        return msgspec.convert(fields, Dataset)
    except msgspec.ValidationError:
        return None  # two data sets whose names were made to look like one
