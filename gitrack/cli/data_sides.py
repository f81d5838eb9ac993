"""What `gitrack data diff` compares: data of the branch, of one run, or a file that lies here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.errors import GitrackError, NotFound, UsageError
from gitrack.model.display import safe
from gitrack.model.profile import TableProfile, load_profile
from gitrack.model.run import Dataset

if TYPE_CHECKING:
    from gitrack.analysis.datasets import Version, Wanted
    from gitrack.store.runs import RunStore


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two. `note` is what its reader should know."""

    label: str
    profile: TableProfile
    dataset: Dataset | None = None
    run: str | None = None
    note: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.label,
            "run": self.run,
            "dataset": msgspec.to_builtins(self.dataset) if self.dataset else None,
        }


class Sides:
    """Finds both; outside of a repository files can be compared all the same."""

    def __init__(self) -> None:
        self._store: RunStore | None = None
        self._versions: list[Version] | None = None

    def side(self, reference: str) -> Side:
        """Raises NotFound, Ambiguous, UsageError, UnreadableFile."""
        from gitrack.analysis.datasets import chosen, in_run, wanted

        path = Path(reference)
        if path.exists() and reference not in self._names():
            return of_file(path, reference)
        try:
            versions = self._found()
        except GitrackError:
            if "/" in reference or "." in reference:
                raise NotFound(f"there is no file {reference!r}", hint="check its path") from None
            raise
        assert self._store is not None
        want = wanted(reference, {one.name for one in versions})
        if want.run is not None:
            folder = self._run(want, reference)
            record = self._store.run(folder)
            return _side(self._store, folder, record.id, in_run(record.data, want), reference)
        one = chosen(versions, want)
        folder = self._store.table().path(one.latest.row)
        return _side(self._store, folder, one.latest.run, one.latest.dataset, reference)

    def _run(self, want: Wanted, reference: str) -> str:
        assert self._store is not None
        assert want.run is not None
        try:
            return self._store.find(want.run)
        except NotFound as error:
            raise NotFound(
                f"{reference!r} is neither a file, nor a data set, nor one of a run: "
                f"{error.message}",
                hint="type  gitrack data ls",
            ) from error

    def _names(self) -> set[str]:
        try:
            return {one.name for one in self._found()}
        except GitrackError:
            return set()

    def _found(self) -> list[Version]:
        from gitrack.analysis.datasets import sightings, versions
        from gitrack.store import open_store

        if self._versions is None:
            self._store = open_store()
            self._versions = versions(sightings(self._store.table()))
        return self._versions


def profile_of(store: RunStore, folder: str, dataset: Dataset) -> TableProfile | None:
    """What a run's folder says of the columns of its data. Raises UnreadableFile."""
    from gitrack.tracking.content.datasets import profile_path

    path = f"{folder}/{profile_path(dataset)}"
    try:
        data = store.read(path)
    except NotFound:
        return None
    return load_profile(path, data)


def of_file(path: Path, reference: str) -> Side:
    from gitrack.tracking.content import delta
    from gitrack.tracking.content.profiles import profile_of_path

    try:
        if delta.is_delta(path):
            profile, trouble = delta.delta_of(path, "full").table, None
        else:
            found = profile_of_path(path)
            profile, trouble = found.table, found.trouble
    except OSError as error:
        raise UsageError(f"{reference!r} cannot be read: {error.strerror or error}") from error
    if profile is None:
        raise UsageError(
            f"{reference!r} has no columns to compare{f': {trouble}' if trouble else ''}",
            hint="give a CSV, JSON lines or Parquet file",
        )
    return Side(label=reference, profile=profile, note=_note(profile))


def _side(store: RunStore, folder: str, run: str, dataset: Dataset, label: str) -> Side:
    profile = profile_of(store, folder, dataset)
    note = None if profile is None else _note(profile)
    if profile is None:
        profile = TableProfile(rows=dataset.rows)
        note = f"run {safe(run)} kept no profile of its columns"
    elif profile.rows is None and dataset.rows is not None:
        profile = msgspec.structs.replace(profile, rows=dataset.rows)
    return Side(label=label, profile=profile, dataset=dataset, run=run, note=note)


def _note(profile: TableProfile) -> str | None:
    if profile.read is not None:
        return f"only {profile.read:,} rows of it were looked at"
    if profile.sampled is not None:
        return f"quantiles and categories are of {profile.sampled:,} of its rows"
    return None
