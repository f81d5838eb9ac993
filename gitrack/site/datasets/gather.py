"""Which data there were, in which versions, and which runs had them: one look at every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from gitrack.model.lineage import identity
from gitrack.model.run import Dataset

if TYPE_CHECKING:
    from gitrack.site.contents import KnownRun


class Version(msgspec.Struct):
    """One content of a data set in one role; `runs` had it, the oldest first."""

    name: str
    role: str | None
    identity: str
    latest: Dataset
    labels: list[str]
    runs: list[KnownRun]

    @property
    def first(self) -> str:
        """When the first run had it."""
        return self.runs[0].run.started

    @property
    def last(self) -> str:
        """When the last one did."""
        return self.runs[-1].run.started


class DataSet(msgspec.Struct):
    """All versions of a name, the last used first."""

    name: str
    versions: list[Version]


class DataSets:
    """The data of all runs."""

    def __init__(self, known: Sequence[KnownRun]) -> None:
        """`known` is the newest first, as `Contents` has it."""
        found: dict[tuple[str, str | None, str], Version] = {}
        for entry in reversed(known):
            for data in entry.run.data:
                key = (data.name, data.role, identity(data))
                version = found.get(key)
                if version is None:
                    version = found[key] = Version(*key, data, [], [])
                version.latest = data
                version.runs.append(entry)
                if data.version and data.version not in version.labels:
                    version.labels.append(data.version)
        by_name: dict[str, list[Version]] = {}
        for version in found.values():
            by_name.setdefault(version.name, []).append(version)
        self.sets = [DataSet(name, _newest_first(by_name[name])) for name in sorted(by_name)]
        self.versions = list(found.values())


def _newest_first(versions: list[Version]) -> list[Version]:
    """Of those that were last had by one run, the one that came first goes last."""
    versions.sort(key=lambda one: (one.last, one.first, one.role or "", one.identity), reverse=True)
    return versions
