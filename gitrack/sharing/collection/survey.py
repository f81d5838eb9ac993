"""What would go: everything that refers to contents, held against what is there."""

from __future__ import annotations

import contextlib
import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from gitrack.errors import ArtifactError, StoreError
from gitrack.sharing.collection import references
from gitrack.sharing.collection.held import held
from gitrack.sharing.collection.plan import (
    HERE,
    THERE,
    Ground,
    Leaving,
    LetGo,
    Plan,
    Staying,
    shelves,
)
from gitrack.store.layout import place_of
from gitrack.tracking.ending.recover import waiting
from gitrack.tracking.ending.steps import WHOLE
from gitrack.tracking.worktrees import worktrees

if TYPE_CHECKING:
    from gitrack.artifacts.removal import About
    from gitrack.store.index import RunTable
    from gitrack.store.runs import RunStore

_YOUNG = "it is too young"
_ON_ITS_WAY = "a run that is not on the branch yet needs it"
_STEPS = f"it is the {WHOLE} of its run"


class Survey:
    """One look at everything that refers to contents, and at what is there."""

    def __init__(self, ground: Ground, store: RunStore, let_go: LetGo) -> None:
        tip = store.branch.tip()
        self.ground = ground
        self.let_go = let_go
        self.tip = tip
        # one commit for all that is read: runs may arrive meanwhile, and are young
        self.store = store.at(tip)
        repository = ground.place.repository
        if repository is None:
            raise StoreError(f"{ground.place.folder} is in no repository")
        self.repository = repository

    def plan(self) -> Plan:
        if self.tip is None:
            return Plan()
        table = self.store.table()
        written = {run.id for run in waiting(self.ground.place)}
        stays = held(self.store.branch, self.tip, table, self.let_go.folders)
        rescued = {
            folder: "it is being written again"
            for folder in self.let_go.folders
            if folder.rpartition("/")[2] in written
        } | stays.runs
        needed = dict(stays.artifacts)
        leaving = self._leaving(table, rescued, needed)
        for md5 in references.named_by_journals(self.ground.place):
            needed.setdefault(md5, _ON_ITS_WAY)
        if not leaving:
            return Plan(staying=self._whole_runs(rescued))
        self._add_users(needed)
        self._fetch_lists({artifact.md5 for artifact in leaving} | needed.keys())
        parts = {artifact.md5: self._parts(artifact.md5) for artifact in leaving}
        lost = self._spread(needed)
        there = {name: shelf.look(_all(parts)) for name, shelf in shelves(self.ground)}
        self._add_outbox(there, needed)
        self._add_young(there, parts, needed)
        going = {md5 for md5 in _all(parts) if md5 not in needed}
        if going and lost and not self.ground.despite_lost:
            raise _cannot_know(lost)
        return self._told(leaving, parts, there, going, needed, rescued)

    @functools.cached_property
    def _referred(self) -> references.Referred:
        assert self.tip is not None
        return references.on_branch(self.store.branch, self.tip)

    def _leaving(
        self, table: RunTable, rescued: Mapping[str, str], needed: dict[str, str]
    ) -> list[Leaving]:
        """What the rules let go, and what only an earlier state of the branch had.

        What is not among it is needed, and noted so.
        """
        gone: list[Leaving] = []
        kinds = _kinds(table, self.let_go)
        for folder, pointers in self._referred.pointers.items():
            id = folder.rpartition("/")[2]
            for path, md5s in pointers.items():
                name = path.removeprefix(f"{folder}/artifacts/").removesuffix(".dvc")
                goes = folder in self.let_go.folders and folder not in rescued
                kind = kinds.get((folder, name))
                if goes and self.let_go.kinds:
                    goes = kind in self.let_go.kinds
                if goes:
                    gone += [Leaving(run=id, path=name, md5=md5) for md5 in md5s]
                    if kind == WHOLE and WHOLE not in self.let_go.kinds:  # metrics are records
                        needed |= dict.fromkeys(md5s - needed.keys(), _STEPS)
                else:
                    needed |= {md5: f"run {id} needs it" for md5 in md5s if md5 not in needed}
        for folder, md5s in self._referred.others.items():
            if folder not in self.let_go.folders or folder in rescued:
                id = folder.rpartition("/")[2]
                needed |= {md5: f"run {id} needs it" for md5 in md5s if md5 not in needed}
        self._add_other_tips(rescued, needed)
        gone += self._left_behind({artifact.md5 for artifact in gone} | needed.keys(), table)
        return gone

    def _add_other_tips(self, rescued: Mapping[str, str], needed: dict[str, str]) -> None:
        """Runs that lie on the branch of a second remote, and were not united with ours."""
        branch = self.store.branch
        for ref, tip in references.other_tips(self.repository, branch.name, self.tip or ""):
            there = references.on_branch(branch, tip)
            md5s = defaultdict[str, set[str]](set, {k: set(v) for k, v in there.others.items()})
            for folder, pointers in there.pointers.items():
                md5s[folder].update(*pointers.values())
            for folder, some in md5s.items():
                if folder not in self.let_go.folders or folder in rescued:
                    needed |= dict.fromkeys(some - needed.keys(), f"a run of {ref} needs it")

    def _left_behind(self, known: Collection[str], table: RunTable) -> Iterator[Leaving]:
        """What only earlier states of the branch had; but nothing of a run that is torn now."""
        torn = {place.folder for fault in table.faults if (place := place_of(fault.path))}
        for folder, pointers in self._referred.pointers.items():
            if folder not in self.let_go.folders and not all(pointers.values()):
                torn.add(folder)
        branch = self.store.branch
        refs = [self.tip or "", *references.tracking_refs(self.repository, branch.name)]
        for md5, paths in references.ever_on_branch(self.repository, branch, refs).items():
            places = [place for path in paths if (place := place_of(path))]
            if md5 not in known and torn.isdisjoint(place.folder for place in places):
                name = paths[0].rpartition("/artifacts/")[2].removesuffix(".dvc")
                yield Leaving(run=places[0].id if places else None, path=name, md5=md5)

    def _add_users(self, needed: dict[str, str]) -> None:
        branch = self.store.branch
        theirs = references.of_the_user(
            self.repository,
            branch,
            references.tracking_refs(self.repository, branch.name),
            worktrees(self.repository.common_dir),
            self.ground.cache.folder,
        )
        needed |= {md5: "your own DVC files refer to it" for md5 in theirs if md5 not in needed}

    def _add_outbox(self, there: Mapping[str, Mapping[str, About]], needed: dict[str, str]) -> None:
        sizes = {about.size for shelf in there.values() for about in shelf.values()}
        for md5 in references.on_their_way(self.ground.place, sizes):
            needed.setdefault(md5, _ON_ITS_WAY)

    def _add_young(
        self,
        there: Mapping[str, Mapping[str, About]],
        parts: Mapping[str, Collection[str]],
        needed: dict[str, str],
    ) -> None:
        """An artifact of which something is young stays whole."""
        young = {
            md5
            for shelf in there.values()
            for md5, about in shelf.items()
            if about.age is not None and about.age < self.ground.grace
        }
        for all_of_it in parts.values():
            if not young.isdisjoint(all_of_it):
                needed |= {md5: _YOUNG for md5 in all_of_it if md5 not in needed}

    def _spread(self, needed: dict[str, str]) -> list[str]:
        """Add what is in the needed folders; the folders whose list nobody has.

        A folder of the user's whose list is not here has no files here either.
        """
        lost = []
        for md5, why in list(needed.items()):
            if not md5.endswith(".dir"):
                continue
            inside = self._inside(md5)
            if inside is None:
                if not why.startswith("your own"):
                    lost.append(why.removesuffix(" needs it") + f": {md5}")
                continue
            needed |= {inner: why for inner in inside if inner not in needed}
        return lost

    def _parts(self, md5: str) -> list[str]:
        """An artifact's objects: itself, and what is in it."""
        return [md5, *(self._inside(md5) or ())] if md5.endswith(".dir") else [md5]

    def _fetch_lists(self, md5s: Collection[str]) -> None:
        """Bring the lists of folders that only the remote has; some may be nowhere."""
        from gitrack.artifacts.transfer import download

        cache, remote = self.ground.cache, self.ground.remote
        absent = [md5 for md5 in md5s if md5.endswith(".dir") and not cache.has(md5)]
        if absent and remote is not None:
            with _asking():
                download(absent, cache, remote, alone=True)

    def _inside(self, md5: str) -> set[str] | None:
        """The md5s of a folder's files, if its list is here."""
        from gitrack.artifacts.listing import list_folder

        place = self.ground.cache.path(md5)
        if not place.is_file():
            return None
        return {inner for _, inner in list_folder(place, md5)}

    def _told(
        self,
        leaving: Iterable[Leaving],
        parts: Mapping[str, Collection[str]],
        there: Mapping[str, Mapping[str, About]],
        going: Collection[str],
        needed: Mapping[str, str],
        rescued: Mapping[str, str],
    ) -> Plan:
        gone = {
            name: {md5: about.size for md5, about in sorted(shelf.items()) if md5 in going}
            for name, shelf in there.items()
        }
        counted: set[str] = set()
        artifacts: list[Leaving] = []
        staying = self._whole_runs(rescued)
        for artifact in leaving:
            if artifact.md5 in needed:
                if artifact.run is not None and any(artifact.md5 in s for s in there.values()):
                    why = needed[artifact.md5]
                    staying.append(Staying(run=artifact.run, path=artifact.path, why=why))
                continue
            fresh = [md5 for md5 in parts[artifact.md5] if md5 not in counted]
            size = sum(shelf.get(md5, 0) for shelf in gone.values() for md5 in fresh)
            if any(md5 in shelf for shelf in gone.values() for md5 in parts[artifact.md5]):
                artifacts.append(msgspec.structs.replace(artifact, bytes=size))
            counted.update(fresh)
        return Plan(
            leaving=self._with_last(artifacts),
            staying=staying,
            cache=gone.get(HERE, {}),
            remote=gone.get(THERE, {}),
        )

    def _with_last(self, artifacts: list[Leaving]) -> list[Leaving]:
        """Note which of them will be nowhere."""
        from gitrack.sharing.known import Known

        url, remote = self.ground.url, self.ground.remote
        sent: set[str] = set()
        if remote is not None and not self.ground.both:
            with _asking():
                sent = remote.present({artifact.md5: None for artifact in artifacts})
        elif url is not None and not self.ground.both:
            sent = Known(self.repository.home / "cache", url).md5s
        return [msgspec.structs.replace(a, last=a.md5 not in sent) for a in artifacts]

    def _whole_runs(self, rescued: Mapping[str, str]) -> list[Staying]:
        heavy = self._referred.pointers
        return [
            Staying(run=folder.rpartition("/")[2], why=why)
            for folder, why in sorted(rescued.items())
            if folder in heavy
        ]


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """A remote that does not answer can be left alone, unless it is to be emptied."""
    try:
        yield
    except ArtifactError as error:
        hint = error.hint or "add --offline to rely on what is known to have been sent there"
        raise ArtifactError(error.message, hint=hint) from error


def _all(parts: Mapping[str, Iterable[str]]) -> set[str]:
    return {md5 for some in parts.values() for md5 in some}


def _kinds(table: RunTable, let_go: LetGo) -> dict[tuple[str, str], str]:
    """The kind of each artifact of the runs that are let go, by folder and path."""
    return {
        (path, artifact.path): artifact.kind
        for row in range(table.rows)
        if (path := table.path(row)) in let_go.folders
        for artifact in table.artifacts(row)
    }


def _cannot_know(lost: list[str]) -> ArtifactError:
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return ArtifactError(
        f"what belongs to a folder that is kept is not known here ({lost[0]}{more}), so nothing "
        "may go",
        hint="type  gitrack pull  to bring it; if it is lost for good, add --despite-lost",
    )
