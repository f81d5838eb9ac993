"""Heavy files on their way to the artifact remote, before the branch that points to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import msgspec

from gitrack.artifacts import branch_files_for_new_branch, cache_of, day_files
from gitrack.artifacts.branch_files import remote_in
from gitrack.errors import ArtifactError, GitrackError
from gitrack.sharing.exchange.choice import Choice, chosen
from gitrack.sharing.exchange.meeting import Parties
from gitrack.sharing.heavy import HeavyFile, heavy_files
from gitrack.sharing.known import Known
from gitrack.store.collected import collected
from gitrack.store.index import RunTable
from gitrack.store.layout import RUNS, place_of

if TYPE_CHECKING:
    from gitrack.artifacts.transfer import Progress, Transfer


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An object that did not arrive. `file` is the path, below the run's folder, that needs it."""

    md5: str
    why: str
    run: str | None = None
    file: str | None = None


class Objects(msgspec.Struct, kw_only=True):
    """What became of heavy files. Counts are of objects: each file of a folder, and its list.

    `lost` are neither here nor there. For want of a remote, `only_here` stay in this cache alone,
    and nobody says where those `elsewhere` are.
    """

    url: str | None = None
    sent: int = 0
    bytes: int = 0
    present: int = 0
    failed: list[Failure] = []
    lost: list[Failure] = []
    only_here: list[HeavyFile] = []
    elsewhere: list[HeavyFile] = []

    def count(self, transfer: Transfer) -> None:
        """Add what one transfer did."""
        self.sent += transfer.sent
        self.bytes += transfer.bytes
        self.present += transfer.present


def failure(md5: str, why: str, file: HeavyFile | None) -> Failure:
    """What did not arrive, and which run's file it is, if it is one and not a part of one."""
    if file is None:
        return Failure(md5=md5, why=why)
    return Failure(md5=md5, why=why, run=file.run, file=f"artifacts/{file.path}")


class Sender:
    """Sends what the chosen runs of one commit after the other need, and remembers what it sent."""

    def __init__(
        self,
        parties: Parties,
        choice: Choice,
        *,
        jobs: int | None = None,
        verify: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self._parties = parties
        self._choice = choice
        self._jobs = jobs
        self._progress = progress
        self._verify = verify
        repository = parties.repository
        self._cache = cache_of(repository.worktree, repository.common_dir)
        self._url = parties.place.config.artifacts.remote
        self._known = Known(repository.home / "cache", self._url) if self._url else None
        if self._known is not None and verify:
            self._known.forget()
        self.objects = Objects(url=self._url)
        #: how many files that only our own commits point to could be sent, and were not
        self.owed = 0

    def send(self, commit: str, theirs: str | None) -> dict[str, bytes]:
        """Bring all that the runs of a commit need to the remote.

        Gives the files that the branch should have besides, so that plain DVC finds the bytes
        quickly. What could not be sent is in `objects`.
        """
        tree = self._parties.branch.tree(RUNS, at=commit)
        if tree is None or (self._known is not None and self._known.tree == tree):
            return {}
        self.owed, self.objects.failed, self.objects.lost = 0, [], []
        store = self._parties.store.at(commit)
        table = store.table()
        rows = self._rows(table, tree)
        if not self._choice.everything:
            rows = sorted(set(rows).intersection(chosen(store, table, self._choice)))
        gone = collected(self._parties.branch, at=commit)
        heavy = list(heavy_files(table, rows, gone))
        if self._known is None:
            here = self._cache.sizes({file.md5 for file in heavy})
            self.objects.only_here = [file for file in heavy if file.md5 in here]
            return {}
        own = self._parties.new_runs(theirs, commit) if heavy else set()
        # what another clone has removed was there once, and may be needed again
        known = self._known.md5s - {md5 for _, md5 in gone}
        wanted = [file for file in heavy if file.md5 not in known]
        self._transfer(wanted, own, self._known)
        changes = self._pointing(table, heavy, own, self._known)
        if self._choice.everything and not (self.objects.failed or changes):
            self._known.complete(tree)
        return changes

    def _rows(self, table: RunTable, tree: str) -> Iterable[int]:
        """Those of runs that came or changed since all had been sent."""
        before = self._known.tree if self._known is not None else None
        if before is None:
            return range(table.rows)
        try:
            changed = self._parties.branch.changed(before, tree, under=RUNS)
        except GitrackError:
            return range(table.rows)  # git has collected what was sent last
        folders = {place.folder for path, _ in changed if (place := place_of(path)) is not None}
        paths = table.column("path")
        return [row for row in range(table.rows) if paths[row] in folders]

    def _transfer(self, files: list[HeavyFile], own: Collection[str], known: Known) -> None:
        """Send what is in the cache; what is not is the duty of whoever made it, unless we did."""
        needed = {file.md5: file for file in sorted(files, key=lambda file: file.folder in own)}
        here = self._cache.sizes(needed)
        md5s = [md5 for md5, file in needed.items() if md5 in here or file.folder in own]
        if not md5s:
            return
        from gitrack.artifacts.remote import RemoteObjects
        from gitrack.artifacts.transfer import settings_for, upload

        assert self._url is not None
        try:
            settings = settings_for(self._parties.repository.worktree, self._url)
            remote = RemoteObjects(self._url, settings)
            done = upload(md5s, self._cache, remote, jobs=self._jobs, progress=self._progress)
        except ArtifactError as error:
            self._refuse([(md5, error.message) for md5 in md5s if md5 in here], needed, own)
            return
        self.objects.count(done)
        known.add(set(md5s) - {md5 for md5, _ in done.failed})
        self._refuse(done.failed, needed, own)

    def _refuse(
        self, failed: list[tuple[str, str]], needed: dict[str, HeavyFile], own: Collection[str]
    ) -> None:
        """Tell what can be sent another time from what is lost, with all that holds it."""
        here = self._cache.sizes([md5 for md5, _ in failed])
        lost = {md5 for md5, _ in failed if md5 not in here}
        for md5, why in failed:
            file = needed.get(md5)
            told = failure(md5, why, file)
            if md5 in lost or (md5.endswith(".dir") and lost & self._inside(md5)):
                self.objects.lost.append(told)
            else:
                self.objects.failed.append(told)
                self.owed += file is not None and file.folder in own

    def _inside(self, md5: str) -> set[str]:
        from gitrack.artifacts.listing import list_folder

        try:
            return {inner for _, inner in list_folder(self._cache.path(md5), md5)}
        except (ArtifactError, OSError):
            return {md5}  # a list that cannot be read is as good as lost

    def _pointing(
        self, table: RunTable, heavy: list[HeavyFile], own: Collection[str], known: Known
    ) -> dict[str, bytes]:
        """What plain DVC needs on the branch, as far as it is not there.

        A day's own `.dvc/config` hides the cache of the checkout: it comes when all that the day
        points to is sent, except for what others have and we have not.
        """
        if not heavy or self.objects.failed:
            return {}
        days = {_day(file.folder) for file in heavy if file.md5 in known.md5s}
        paths = table.column("path")
        rows = [row for row in range(table.rows) if _day(str(paths[row])) in days]
        unsent = {file.md5: file for file in heavy_files(table, rows)}
        unsent = {md5: file for md5, file in unsent.items() if md5 not in known.md5s}
        here = self._cache.sizes(unsent)
        days -= {
            _day(file.folder) for md5, file in unsent.items() if md5 in here or file.folder in own
        }
        changes = self._root_files()
        branch, files = self._parties.branch, day_files(self._url)
        for day in sorted(days):
            there = branch.children(day)
            for name, data in files.items():
                if f"{name.partition('/')[0]}/" not in there:
                    changes[f"{day}/{name}"] = data
        return changes

    def _root_files(self) -> dict[str, bytes]:
        """Those of a branch that began before there was a remote."""
        branch = self._parties.branch
        if remote_in(self._parties.says_on_branch()) is not None:
            return {}
        there = {*branch.children(), *(f".dvc/{name}" for name in branch.children(".dvc"))}
        files = branch_files_for_new_branch(self._url)
        return {
            name: data for name, data in files.items() if name == ".dvc/config" or name not in there
        }


def _day(folder: str) -> str:
    return folder.rpartition("/")[0]
