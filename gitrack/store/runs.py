"""The runs of a branch: found, read, and committed when they have ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.errors import InvalidName, NotFound, UnreadableFile, UsageError
from gitrack.store import layout
from gitrack.store.branch import Branch, Entry, Plan
from gitrack.store.index import Index, RunTable
from gitrack.store.references import find, registered

if TYPE_CHECKING:
    from gitrack.model.history import History
    from gitrack.model.run import Fault, Run, RunBundle
    from gitrack.store.index.contents import Contents
    from gitrack.store.made import AllVersions
    from gitrack.store.numbering import Numbered, Wish
    from gitrack.store.registry.whole import AllModels
    from gitrack.store.sweeps import AllSweeps


class RunStore:
    """What a branch knows about runs. `cache_dir` may be None: everything works without."""

    def __init__(
        self,
        branch: Branch,
        cache_dir: Path | None = None,
        *,
        project: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.branch = branch
        self._cache_dir = cache_dir
        self._project = project
        self._index = Index(branch, cache_dir)

    def at(self, commit: str | None) -> RunStore:
        """The same runs as they stood at one commit, to be read only; None is an empty branch.

        It shares the index on disk, so that what was read before is not read again.
        """
        from gitrack.store.pinned import PinnedBranch

        return RunStore(PinnedBranch(self.branch, commit), self._cache_dir, project=self._project)

    def table(self) -> RunTable:
        """All runs at the present tip, and the faults of files that cannot be read."""
        return self._index.table()

    @cached_property
    def contents(self) -> Contents:
        """Which versions of named artifacts hold which bytes."""
        from gitrack.store.index.contents import Contents

        return Contents(self.branch, self._cache_dir)

    def find(self, reference: str) -> str:
        """The folder of the run that is meant: by id, unique prefix, random tail, name, `@last`,
        or as `churn@production`, the run of which a version of a registered model was made.

        Raises NotFound or Ambiguous, with names that are near; UnreadableFile for a broken one.
        """
        if "@" not in reference[1:]:
            return find(self.table(), reference)
        try:
            run = registered(self.branch, reference)
        except NotFound as error:
            try:
                return find(self.table(), reference)  # a run may be called so
            except NotFound:
                raise error from None
        return find(self.table(), reference if run is None else run)

    def run(self, reference: str) -> Run:
        """A run by its folder or by any other reference. Raises NotFound, UnreadableFile."""
        from gitrack.store.codec.records import load_run

        path = f"{self._folder(reference)}/{layout.RECORD}"
        return load_run(path, self.branch.read(path))

    def history(self, reference: str) -> History | None:
        """The steps of a run's metrics, if it logged any. Raises NotFound, UnreadableFile."""
        from gitrack.model.history import History

        path = f"{self._folder(reference)}/{layout.HISTORY}"
        try:
            data = self.branch.read(path)
        except NotFound:
            return None
        return History.from_tsv(data, name=path)

    def files(self, reference: str) -> list[Entry]:
        """All files of a run, with their paths on the branch."""
        return self.branch.entries(self._folder(reference))

    def trees(self) -> dict[str, str]:
        """Every run's folder with the id of its tree: equal ids, equal files in all of it."""
        lying = self.branch.folders(layout.RUNS, depth=layout.DEPTH)
        paths = map(str, self.table().column("path"))
        return {path: lying.get(path.removeprefix(f"{layout.RUNS}/"), "") for path in paths}

    def read(self, path: str) -> bytes:
        """One file of the branch. Raises NotFound."""
        return self.branch.read(path)

    def all(self) -> Iterator[tuple[str, Run | Fault]]:
        """Every run with its folder, by id; then what cannot be read, with its path."""
        from gitrack.model.run import Fault
        from gitrack.store.codec.records import load_run
        from gitrack.store.index.kept import KeptRuns

        table = self.table()
        folders = [str(path) for path in table.column("path")]
        blobs = [str(blob) for blob in table.column("blob")]
        keys = [(f"{f}/{layout.RECORD}", b) for f, b in zip(folders, blobs, strict=True)]
        shelf = KeptRuns(self._cache_dir, self.branch.name)
        known = shelf.load()
        contents = self.branch.read_many([key[1] for key in keys if key not in known])
        read: dict[tuple[str, str], Run] = {}
        for folder, key in zip(folders, keys, strict=True):
            run = known.get(key)
            if run is None:
                _, data = next(contents)
                if not isinstance(data, bytes):  # read when it was indexed, and gone since
                    yield folder, Fault(path=key[0], why=data.message, hint=data.hint)
                    continue
                try:
                    run = load_run(key[0], data)
                except UnreadableFile as error:
                    yield folder, Fault(path=error.path, why=error.why, hint=error.hint)
                    continue
            read[key] = run
            yield folder, run
        for fault in table.faults:
            yield fault.path, fault
        shelf.save(read)

    def versions(self) -> AllVersions:
        """All versions of named artifacts, with the pointers to them."""
        from gitrack.store.made import all_versions

        return all_versions(self.branch)

    def models(self) -> AllModels:
        """All registered models with their versions, stages, evidence and promotions."""
        from gitrack.store.registry.whole import all_models

        return all_models(self.branch)

    def sweeps(self) -> AllSweeps:
        """All sweeps: what was searched, and the ids of the runs that did."""
        from gitrack.store.sweeps import all_sweeps

        return all_sweeps(self.branch)

    def commit_runs(
        self,
        bundles: Sequence[RunBundle],
        *,
        first_files: Mapping[str, bytes] | None = None,
        day_files: Mapping[str, bytes] | None = None,
        primary_metric: str | None = None,
    ) -> str:
        """Put runs on the branch as one commit; its id.

        A run that is there already is replaced, files that it no longer has are removed.
        `first_files` come along when the branch is new, `day_files` (paths below the folder of
        a day) where they are not yet. The message shows `primary_metric`, or a likely one.
        """
        from gitrack.store.messages import runs_message

        if not bundles:
            raise UsageError("there is no run to commit")
        changes = self._run_changes(bundles, first_files, day_files)
        message = runs_message([bundle.run for bundle in bundles], primary_metric)
        return self.branch.commit(changes, message)

    def commit_named(
        self,
        bundle: RunBundle,
        wishes: Sequence[Wish],
        *,
        first_files: Mapping[str, bytes] | None = None,
        day_files: Mapping[str, bytes] | None = None,
        primary_metric: str | None = None,
    ) -> Numbered:
        """Put a run on the branch, and with it the versions that its artifacts become.

        No two commits take one number; contents that are a version already get no other one.
        """
        import msgspec

        from gitrack.store.messages import runs_message
        from gitrack.store.named import NamedArtifacts
        from gitrack.store.numbering import numbered

        done: list[Numbered] = []

        def plan(tip: str | None) -> Plan:
            known = NamedArtifacts(self.branch, at=tip, contents=self.contents)
            found = numbered(known, bundle.run, wishes)
            done.append(found)
            named = msgspec.structs.replace(bundle, run=found.run)
            changes = self._run_changes([named], first_files, day_files)
            message = runs_message([found.run], primary_metric)
            return Plan(
                {**changes, **found.files}, "\n".join([message[:-1], *found.trailers(), ""])
            )

        self.branch.commit_on_tip(plan)
        return done[-1]

    def commit_files(
        self,
        changes: Mapping[str, bytes | None],
        message: str,
        *,
        base: str | None = None,
        first_files: Mapping[str, bytes] | None = None,
    ) -> str:
        """Other files of the branch (registry, sweeps) as one commit; its id."""
        everything = {**self._first_files(first_files or {}), **changes}
        return self.branch.commit(everything, message, base=base)

    def _folder(self, reference: str) -> str:
        """A folder as it is given, without asking the index; else what the reference finds."""
        place = layout.place_of(reference)
        if place is not None and reference in (place.folder, f"{place.folder}/{layout.RECORD}"):
            if self.branch.tree(place.folder) is None:
                raise NotFound(f"there is no run at {place.folder}")
            return place.folder
        return self.find(reference)

    def _first_files(self, more: Mapping[str, bytes]) -> dict[str, bytes | None]:
        if self.branch.tip() is not None and layout.FORMAT_FILE in self.branch.children():
            return {}
        return {**layout.first_files(self._project()), **more}

    def _run_changes(
        self,
        bundles: Sequence[RunBundle],
        first_files: Mapping[str, bytes] | None,
        day_files: Mapping[str, bytes] | None,
    ) -> dict[str, bytes | None]:
        changes = self._first_files(first_files or {})
        days = _Days(self.branch)
        for bundle in bundles:
            changes.update(self._changes(bundle, days, day_files or {}))
        return changes

    def _changes(
        self, bundle: RunBundle, days: _Days, day_files: Mapping[str, bytes]
    ) -> dict[str, bytes | None]:
        from gitrack.store.codec.records import dump_run

        run = bundle.run
        if layout.RECORD in bundle.files:
            raise InvalidName("file", layout.RECORD, "is written by the store itself")
        folder, is_there = days.folder(run.experiment, run.id)
        changes: dict[str, bytes | None] = {}
        if is_there:
            changes = {entry.path: None for entry in self.branch.entries(folder)}
        changes[f"{folder}/{layout.RECORD}"] = dump_run(run)
        for name, data in bundle.files.items():
            changes[f"{folder}/{name}"] = data
        day = folder.rpartition("/")[0]
        there = days.names(day)
        for name, data in day_files.items():
            if f"{name.partition('/')[0]}/" not in there:
                changes[f"{day}/{name}"] = data
        return changes


class _Days:
    """The folders of days that one commit touches, listed once each."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._tip = branch.tip()
        self._names: dict[str, set[str]] = {}

    def names(self, folder: str) -> set[str]:
        """What lies in a folder, with what this commit adds."""
        known = self._names.get(folder)
        if known is None:
            listed = [] if self._tip is None else self._branch.children(folder, at=self._tip)
            known = self._names[folder] = set(listed)
        return known

    def folder(self, experiment: str, run_id: str) -> tuple[str, bool]:
        """Where a run lies or will lie, and whether it is there already."""
        first = layout.run_folder(experiment, run_id).rpartition("/")[0]
        month, _, day = first.rpartition("/")
        parts = {1} | {
            part for name in self.names(month) if (part := layout.part_of_day(name, day))
        }
        for part in sorted(parts):
            folder = layout.run_folder(experiment, run_id, part=part)
            if f"{run_id}/" in self.names(folder.rpartition("/")[0]):
                return folder, True
        for part in range(max(parts), max(parts) + 2):
            folder = layout.run_folder(experiment, run_id, part=part)
            names = self.names(folder.rpartition("/")[0])
            if len(names) < layout.DAY_FULL:
                break
        self.names(month).add(f"{folder.rpartition('/')[0].rpartition('/')[2]}/")
        names.add(f"{run_id}/")
        return folder, False
