"""Our branch and the remote's brought together: looked at, fetched, united."""

from __future__ import annotations

import msgspec

from gitrack.errors import MergeConflict, NoRepository, NotFound
from gitrack.sharing.exchange.standing import Overtaken, TakenBack
from gitrack.sharing.exchange.unite import Side, Uniting
from gitrack.store.branch import Branch
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.exchange import Exchange, Seen
from gitrack.store.git.line import continues
from gitrack.store.git.repository import Repository
from gitrack.store.layout import RUNS, place_of
from gitrack.store.runs import RunStore
from gitrack.tracking.place import Place


class Meeting(msgspec.Struct, frozen=True):
    """Where both stood when they met. `ours` is None in a clone that has no branch of its own."""

    seen: Seen
    ours: str | None
    theirs: str | None
    ahead: int = 0
    behind: int = 0
    #: why the code of the runs could not be fetched
    code_trouble: str | None = None


class Parties(msgspec.Struct, frozen=True):
    """Who meets: this clone's runs, and a remote."""

    place: Place
    repository: Repository
    store: RunStore
    branch: GitBranch
    exchange: Exchange

    def meet(self) -> Meeting:
        """Ask the remote, and fetch what it has."""
        seen = self.exchange.look()
        trouble = self.exchange.fetch(seen)
        ours = self.exchange.ours()
        theirs = self.exchange.known() if seen.tip else None
        if ours is None or theirs is None:
            return Meeting(seen, ours, theirs, code_trouble=trouble)
        ahead, behind = self.exchange.distance(ours, theirs)
        return Meeting(seen, ours, theirs, ahead, behind, trouble)

    def continued(self, met: Meeting) -> bool:
        """Whether our line of first parents is theirs and more, as it has to be published."""
        if met.ours is None or met.theirs is None:
            return True
        return continues(self.repository, met.ours, met.theirs)

    def unite(self, theirs: str, prefer: Side | None) -> tuple[str, list[str]]:
        """Our branch with theirs in it, and what people must know: versions that were renumbered.

        Raises MergeConflict that says how to see both sides.
        """
        source = f"{self.exchange.remote}/{self.branch.name}"
        ours = self.exchange.ours()
        if ours is not None:
            self.exchange.refuse_cut_history(ours, theirs)

        tries: list[Uniting] = []

        def mediate(mine: str, other: str) -> Uniting:
            tries.append(
                Uniting(self.branch, self.repository, mine, other, source=source, prefer=prefer)
            )
            return tries[-1]

        try:
            return self.branch.unite(theirs, mediate), tries[-1].told if tries else []
        except (Overtaken, TakenBack):
            raise  # says more than two files that differ
        except MergeConflict as conflict:
            path = conflict.paths[0]
            raise MergeConflict(
                conflict.paths,
                ours=f"here ({(ours or '')[:10]})",
                theirs=f"on {source} ({theirs[:10]})",
                hint=f"nothing was touched; compare  git show {self.branch.name}:{path}  with  "
                f"git show {source}:{path} , then type  gitrack pull --prefer theirs  (or ours)",
            ) from conflict

    def new_runs(self, old: str | None, new: str | None) -> set[str]:
        """Folders of runs that are in one commit and not, or not so, in another."""
        return new_runs(self.branch, old, new)

    def says_on_branch(self) -> bytes:
        """The branch's own DVC settings; empty if it has none."""
        try:
            return self.branch.read(".dvc/config")
        except NotFound:
            return b""


def new_runs(branch: Branch, old: str | None, new: str | None) -> set[str]:
    """Folders of runs that are in one commit and not, or not so, in another."""
    after = branch.tree(RUNS, at=new) if new else None
    before = branch.tree(RUNS, at=old) if old else None
    if after is None or after == before:
        return set()
    if before is None:
        paths = [entry.path for entry in branch.entries(RUNS, at=new)]
    else:
        changed = branch.changed(before, after, under=RUNS)
        paths = [path for path, entry in changed if entry is not None]
    return {place.folder for path in paths if (place := place_of(path)) is not None}


def parties(place: Place) -> Parties:
    """Those of a place. Raises NoRepository, StoreError if the remote is not there."""
    if place.repository is None:
        raise NoRepository(place.folder)
    store = place.store()
    branch = store.branch
    assert isinstance(branch, GitBranch)
    exchange = Exchange(place.repository, branch.name, place.config.remote)
    return Parties(place, place.repository, store, branch, exchange)
