"""What the records of a branch say of bytes that went from run to run, found by columns.

Ten thousand runs are a few columns: each is turned around once (from bytes to the rows that have
them), when the first question needs it, and only the rows that answer it are taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gitrack.analysis.lineage.pipelines import Pipelines
from gitrack.analysis.lineage.versions import Versions
from gitrack.errors import UnreadableFile
from gitrack.model.lineage import elsewhere, identity
from gitrack.model.run import Artifact, Dataset, Fault, Use
from gitrack.store.named import NamedArtifacts
from gitrack.store.registry import Registry

if TYPE_CHECKING:
    from gitrack.store.runs import RunStore

_MD5 = re.compile(r'"md5":"([0-9a-f]{32}(?:\.dir)?)"', re.ASCII)
#: So many times all artifacts are looked through before they are turned around.
_FEW = 4
_DATASET = Dataset.__struct_fields__


class Reading(NamedTuple):
    """A run's row, and the columns that say what data it was given."""

    row: int
    column: str


class Records:
    """One commit of the branch, as lineage asks it."""

    def __init__(self, store: RunStore) -> None:
        self.table = store.table()
        self.branch = store.branch
        self._contents = store.contents
        self.commit = self.table.commit
        self.registry = Registry(store.branch, at=self.commit)
        self.named = NamedArtifacts(store.branch, at=self.commit)
        self._faults: dict[str, Fault] = {}
        self.pipelines = Pipelines(self.table, store.branch, self.note)
        self._versions: dict[str, Versions] = {}
        self._asked = 0
        self._within: dict[str, dict[str, list[tuple[int, Use]]]] = {}
        self._aliases: dict[str, dict[str, int]] = {}
        self._lists: dict[int, dict[str, Artifact]] = {}

    @property
    def faults(self) -> list[Fault]:
        """What could not be read of all that was asked for."""
        return [*self._faults.values(), *self.registry.faults]

    # -- runs -------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> dict[str, list[int]]:
        """By run id: its rows. Two runs of one id are somebody's copy; both speak for it."""
        found: dict[str, list[int]] = {}
        for row, id in enumerate(self.table.column("id")):
            found.setdefault(str(id), []).append(row)
        return found

    def run(self, row: int) -> str:
        """The id of a row's run."""
        return str(self.table.column("id")[row])

    def commits(self, row: int) -> str | None:
        """The commit of the code that a run ran."""
        commit = self.table.column("code.commit")[row]
        return None if commit is None else str(commit)

    @cached_property
    def by_commit(self) -> dict[str, list[int]]:
        """By commit of the code: the rows of its runs."""
        found: dict[str, list[int]] = {}
        for row, commit in enumerate(self.table.column("code.commit")):
            if commit is not None:
                found.setdefault(str(commit), []).append(row)
        return found

    # -- data -------------------------------------------------------------------------------

    def readings(self, known: str) -> list[Reading]:
        """Which runs were given data, and in which of their columns it stands; oldest first."""
        found = [
            Reading(row, column)
            for column, rows in self._readings.items()
            for row in rows.get(known, ())
        ]
        return sorted(found)

    def is_given(self, known: str) -> bool:
        """True if any run was given the data."""
        return any(known in rows for rows in self._readings.values())

    @cached_property
    def _readings(self) -> dict[str, dict[str, list[int]]]:
        """By column of a dataset, then by identity: rows."""
        found: dict[str, dict[str, list[int]]] = {}
        for column in self._datasets:
            rows = found[column] = {}
            for row, known in enumerate(self._identities(column)):
                if known is not None:
                    rows.setdefault(known, []).append(row)
        return found

    def given(self, row: int) -> dict[str, list[Reading]]:
        """By identity: the data that a run was given."""
        found: dict[str, list[Reading]] = {}
        for column in self._datasets:
            if self.table.column(f"{column}.name")[row] is not None:
                known = identity(self.dataset(Reading(row, column)))
                found.setdefault(known, []).append(Reading(row, column))
        return found

    @cached_property
    def _datasets(self) -> list[str]:
        """`data.flights`, `data.flights#2`, …: what columns of datasets begin with."""
        found = (name for name in self.table.names() if name.endswith(".name"))
        return sorted(n.removesuffix(".name") for n in found if n.startswith("data."))

    def _identities(self, column: str) -> list[str | None]:
        names, digests = self.table.column(f"{column}.name"), self.table.column(f"{column}.dvc")
        if None not in digests:
            return [str(digest) for digest in digests]
        fields = ("uri", "path", "version", "table_version")
        places = [self.table.column(f"{column}.{field}") for field in fields]
        found: list[str | None] = []
        for row, (name, digest) in enumerate(zip(names, digests, strict=True)):
            if digest:
                found.append(str(digest))
            elif name is None:
                found.append(None)
            else:
                uri, path, version, table = (
                    None if cells[row] is None else str(cells[row]) for cells in places
                )
                found.append(elsewhere(uri, path, str(name), table or version))
        return found

    def data_names(self) -> list[str]:
        """What runs call their data, sorted."""
        names: set[object] = set()
        for column in self._datasets:
            names.update(self.table.column(f"{column}.name"))
        return sorted(str(name) for name in names if name is not None)

    def data_called(self, field: str, wanted: str) -> dict[str, list[Reading]]:
        """By identity: data whose `name` or `path` is the one that is wanted."""
        found: dict[str, list[Reading]] = {}
        for column in self._datasets:
            cells = self.table.column(f"{column}.{field}")
            rows = [row for row, cell in enumerate(cells) if cell == wanted]
            identities = self._identities(column) if rows else []
            for row in rows:
                known = identities[row]
                if known is not None:
                    found.setdefault(known, []).append(Reading(row, column))
        return found

    def data_versions(self, name: str) -> list[str]:
        """The versions that runs say data of a name has, sorted."""
        called = self.data_called("name", name).values()
        found = {self.version_of(reading) for readings in called for reading in readings}
        return sorted(version for version in found if version is not None)

    def version_of(self, reading: Reading) -> str | None:
        """The version that a run says its data has."""
        version = self.table.column(f"{reading.column}.version")[reading.row]
        return None if version is None else str(version)

    def dataset(self, reading: Reading) -> Dataset:
        """What a run says of data that it was given."""
        row, column = reading
        cells = {field: self.table.column(f"{column}.{field}")[row] for field in _DATASET}
        return msgspec.convert(cells, Dataset)

    def role(self, reading: Reading) -> str | None:
        """What the data was to the run: `train`, `test`, …"""
        role = self.table.column(f"{reading.column}.role")[reading.row]
        return None if role is None else str(role)

    # -- artifacts --------------------------------------------------------------------------

    def artifacts(self, row: int) -> Mapping[str, Artifact]:
        """What a run left, by path."""
        if row not in self._lists:
            self._lists[row] = {one.path: one for one in reversed(self.table.artifacts(row))}
        return self._lists[row]

    def artifact(self, run: str, path: str) -> tuple[int, Artifact] | None:
        """(row, artifact) of what a run left at a path."""
        for row in self.rows.get(run, ()):
            found = self.artifacts(row).get(path)
            if found is not None:
                return row, found
        return None

    def around(self, run: str, path: str) -> str:
        """The artifact in which a path lies: `model` of `model/weights.bin`; else the path."""
        above = path
        while above:
            if self.artifact(run, above) is not None:
                return above
            above = above.rpartition("/")[0]
        return path

    def with_bytes(self, known: str) -> list[tuple[int, Artifact]]:
        """(row, artifact) of what runs left that is the same as data of an identity."""
        kind, _, value = known.partition(":")
        if kind == "md5":
            rows = self._with_md5(value)
            return [(r, a) for r in rows for a in self.artifacts(r).values() if a.md5 == value]
        if kind == "uri":
            rows = self._by_uri.get(value, [])
            return [(r, a) for r in rows for a in self.artifacts(r).values() if a.uri == value]
        return []

    def _with_md5(self, md5: str) -> list[int]:
        """Rows of runs that left these bytes. Whoever asks a few times needs no index."""
        self._asked += 1
        if self._asked > _FEW or "_by_md5" in self.__dict__:
            return self._by_md5.get(md5, [])
        texts = self.table.column("artifacts")
        return [row for row, text in enumerate(texts) if text is not None and md5 in str(text)]

    @cached_property
    def _by_md5(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, text in enumerate(self.table.column("artifacts")):
            if text is not None:
                for md5 in dict.fromkeys(_MD5.findall(str(text))):
                    found.setdefault(md5, []).append(row)
        return found

    @cached_property
    def _by_uri(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row, text in enumerate(self.table.column("artifacts")):
            if text is not None and '"uri":' in str(text):
                for uri in {one.uri for one in self.artifacts(row).values()} - {None}:
                    found.setdefault(str(uri), []).append(row)
        return found

    # -- uses -------------------------------------------------------------------------------

    def uses(self, row: int) -> list[Use]:
        """What a run used of others."""
        return self.table.uses(row)

    @cached_property
    def _uses(self) -> dict[int, list[Use]]:
        """By row: what a run used of others."""
        texts = self.table.column("uses")
        rows = [row for row, text in enumerate(texts) if text is not None]
        joined = f"[{','.join(str(texts[row]) for row in rows)}]"
        return dict(zip(rows, msgspec.json.decode(joined, type=list[list[Use]]), strict=True))

    def uses_within(self, run: str) -> dict[str, list[tuple[int, Use]]]:
        """(row, use) of what others used of a run, by the artifact in which it lies."""
        if run not in self._within:
            found = self._within[run] = {}
            for row, use in self.used.get(f"run:{run}", ()):
                found.setdefault(self.around(run, use.path or ""), []).append((row, use))
        return self._within[run]

    @cached_property
    def used(self) -> dict[str, list[tuple[int, Use]]]:
        """(row, use) by what was used: `run:<id>`, `md5:…`, `uri:…`, or a name (`uses_of_name`)."""
        found: dict[str, list[tuple[int, Use]]] = {}
        for row, uses in self._uses.items():
            for use in uses:
                for key in _keys(use):
                    found.setdefault(key, []).append((row, use))
        return found

    def uses_of_name(self, name: str, number: int, md5: str | None) -> list[tuple[int, Use]]:
        """(row, use) of what may have meant a version: by its number or by its bytes."""
        found = self.used.get(f"named:{name}:v{number}", [])
        return found if md5 is None else found + self.used.get(f"named:{name}:{md5}", [])

    def md5s(self, beginning: str) -> list[str]:
        """Digests that are spoken of anywhere and begin so."""
        given = (known for rows in self._readings.values() for known in rows)
        found = {known for known in given if known.startswith(f"md5:{beginning}")}
        found.update(key for key in self.used if key.startswith(f"md5:{beginning}"))
        found.update(f"md5:{md5}" for md5 in self._by_md5 if md5.startswith(beginning))
        found.update(f"md5:{md5}" for md5 in self.pipelines.md5s(beginning))
        return sorted(found)

    # -- named artifacts --------------------------------------------------------------------

    def versions(self, name: str) -> Versions:
        """The versions of a named artifact."""
        if name not in self._versions:
            self._versions[name] = Versions(
                self.branch, self._contents, self.commit, name, self.note
            )
        return self._versions[name]

    def aliases(self, name: str) -> dict[str, int]:
        """The version that each alias of a named artifact points at."""
        if name not in self._aliases:
            found, faults = self.named.aliases(name)
            self._faults |= {fault.path: fault for fault in faults}
            self._aliases[name] = {alias: to.version for alias, to in found.items()}
        return self._aliases[name]

    def note(self, error: UnreadableFile) -> None:
        """Remember what could not be read."""
        self._faults[error.path] = Fault(path=error.path, why=error.why, hint=error.hint)


def _keys(use: Use) -> Iterator[str]:
    """By what a use is found: by the most telling that it says."""
    if use.name is not None and use.version is not None:
        yield f"named:{use.name}:v{use.version}"
        if use.md5 is not None:
            yield f"named:{use.name}:{use.md5}"
    elif use.run is not None and use.path is not None:
        yield f"run:{use.run}"
    elif use.md5 is not None:
        yield f"md5:{use.md5}"
    else:
        yield f"uri:{use.uri}"
