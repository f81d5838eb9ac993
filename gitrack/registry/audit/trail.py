"""The whole history of the branch in memory: commits, what each changed, what files held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from time import time
from typing import NamedTuple

from gitrack.config import safe_yaml
from gitrack.errors import GitrackError, StoreError
from gitrack.model.moments import written
from gitrack.store.git.ancestry import (
    Change,
    PastCommit,
    commits_below,
    damaged,
    first_parents,
    sizes,
    tree_changes,
)
from gitrack.store.git.branch import GitBranch
from gitrack.store.git.reader import LeftOnRemote
from gitrack.store.layout import RECORD, place_of
from gitrack.store.registry.paths import REGISTRY

#: A file of the branch at one state: where, and the id of its contents.
State = tuple[str, str]


class Step(NamedTuple):
    """What one commit changed against one of its parents (None: it is the first commit)."""

    commit: PastCommit
    parent: str | None
    changes: list[Change]

    @property
    def first(self) -> bool:
        """True if this is against the first parent."""
        return self.parent is None or self.parent == self.commit.parents[0]


class Trail:
    """Commits below a tip (and other tips), parents first, with their changes."""

    def __init__(self, branch: GitBranch, tip: str, others: Sequence[str] = ()) -> None:
        self.branch = branch
        self.repository = branch.repository
        self.tip = tip
        self.commits = commits_below(self.repository, [tip, *others])
        self.by_id = {commit.id: commit for commit in self.commits}
        self.order = {commit.id: place for place, commit in enumerate(self.commits)}
        #: the branch's own line, the oldest first
        self.line = [id for id in first_parents(self.repository, tip) if id in self.by_id]
        self.on_line = frozenset(self.line)
        self._bases: dict[str, str | None] = {}
        self._trees: dict[tuple[str, str], str | None] = {}

    @cached_property
    def steps(self) -> dict[str, list[Step]]:
        """By commit, what it changed against each of its parents."""
        pairs: list[tuple[str | None, str]] = []
        asked: list[tuple[PastCommit, str | None]] = []
        for commit in self.commits:
            for parent in commit.parents or (None,):
                older = self.by_id.get(parent) if parent is not None else None
                asked.append((commit, parent))
                pairs.append((older.tree if older else None, commit.tree))
        steps: dict[str, list[Step]] = {}
        changes = tree_changes(self.repository, pairs)
        for (commit, parent), changed in zip(asked, changes, strict=True):
            steps.setdefault(commit.id, []).append(Step(commit, parent, changed))
        return steps

    @cached_property
    def brought(self) -> dict[str, list[Change]]:
        """By commit, the files that no parent had, or had so: what this very commit wrote."""
        found: dict[str, list[Change]] = {}
        for commit in self.commits:
            first, *more = self.steps[commit.id]
            if not more:
                found[commit.id] = [change for change in first.changes if change.new is not None]
                continue
            # what is not in the difference to a parent came from there
            differing = [{change.path for change in step.changes} for step in more]
            found[commit.id] = [
                change
                for change in first.changes
                if change.new is not None and all(change.path in paths for paths in differing)
            ]
        return found

    @cached_property
    def times(self) -> dict[str, int]:
        """When commits of the branch's own line took effect: clocks go back, time does not. One
        that is dated in the future says nothing of when it came."""
        latest, now = 0, time()
        found: dict[str, int] = {}
        for id in self.line:
            committed = self.by_id[id].committed
            latest = max(latest, committed) if committed <= now else latest
            found[id] = latest
        return found

    @cached_property
    def landed(self) -> dict[str, str]:
        """By commit, the first of the branch's own line that contains it."""
        found: dict[str, str] = {}
        for id in self.line:
            todo = [id]
            while todo:
                commit = todo.pop()
                if commit in found or commit not in self.by_id:
                    continue
                found[commit] = id
                todo += self.by_id[commit].parents
        return found

    def contains(self, ancestor: str, commit: str) -> bool:
        """True if a commit is another one, or below it; quickly where the branch's line knows."""
        goal = self.order.get(ancestor)
        if goal is None or commit not in self.order:
            return False
        landed = self.order.get(self.landed.get(ancestor, ""))
        todo, seen = [commit], {commit}
        while todo:
            id = todo.pop()
            if id == ancestor:
                return True
            if id in self.on_line and landed is not None:
                if landed <= self.order[id]:
                    return True
                continue
            for parent in self.by_id[id].parents:
                if parent not in seen and self.order.get(parent, -1) >= goal:
                    seen.add(parent)
                    todo.append(parent)
        return False

    def ancestors(self, tip: str) -> set[str]:
        """A commit and all below it."""
        todo, seen = [tip], {tip}
        while todo:
            for parent in self.by_id[todo.pop()].parents:
                if parent not in seen and parent in self.by_id:
                    seen.add(parent)
                    todo.append(parent)
        return seen

    @cached_property
    def states(self) -> dict[str, list[tuple[str, str]]]:
        """By path of a record, the commits that wrote it and the ids of what they wrote."""
        found: dict[str, list[tuple[str, str]]] = {}
        for commit in self.commits:
            for change in self.brought[commit.id]:
                if change.new is not None and _is_read(change.path):
                    found.setdefault(change.path, []).append((commit.id, change.new))
        return found

    def state_at(self, path: str, commit: str) -> str | None:
        """The id that a record had at a commit; None if it was not there yet.

        Records are not removed; where one was, the commit itself is asked.
        """
        written = self.states.get(path, [])
        there = [id for by, id in written if self.contains(by, commit)]
        if len(there) == 1 and len(written) == 1:
            return there[0]
        return self.at(path, commit) if there else None

    # -- contents ---------------------------------------------------------------------------

    @cached_property
    def _contents(self) -> dict[str, bytes | GitrackError]:
        wanted = dict.fromkeys(
            id
            for steps in self.steps.values()
            for step in steps
            for change in step.changes
            if _is_read(change.path)
            for id in (change.old, change.new)
            if id is not None and change.mode != _SUBMODULE
        )
        if self.repository.partial:
            large: set[str] = set()  # to ask for a size would bring each of them
        else:
            known = sizes(self.repository, list(wanted))
            large = {id for id, size in known.items() if size > safe_yaml.MAX_BYTES}
        found: dict[str, bytes | GitrackError] = dict.fromkeys(
            large, StoreError(f"it is larger than {safe_yaml.MAX_BYTES:,} bytes")
        )
        for id, data in self.branch.read_many([id for id in wanted if id not in large]):
            found[id] = _here(data)
        return found

    def read(self, id: str) -> bytes | GitrackError:
        """What a record held, or the error that says why nobody can tell."""
        known = self._contents.get(id)
        if known is not None:
            return known
        ((_, data),) = self.branch.read_many([id])
        self._contents[id] = _here(data)
        return data

    def damaged(self) -> Iterator[str]:
        """Ids of records whose contents are not those that the id stands for."""
        for id, data in self._contents.items():
            if isinstance(data, bytes) and damaged(self.repository, id, data):
                yield id

    def at(self, path: str, commit: str) -> str | None:
        """The id of a file at a commit; None if it is not there."""
        key = (path, commit)
        if key not in self._trees:
            done = self.repository.run("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
            self._trees[key] = done.out.decode("ascii").strip() if not done.code else None
        return self._trees[key]

    def united_cleanly(self, commit: PastCommit, path: str) -> bool:
        """True if a merge has at a path what uniting its parents gives: one side changed it."""
        here = self.at(path, commit.id)
        sides = [self.at(path, parent) for parent in commit.parents]
        if len(set(sides)) == 1:
            return here == sides[0]
        if len(sides) != 2:
            return False
        base = self._base(commit)
        before = self.at(path, base) if base is not None else None
        mine, other = sides
        return (here == mine and other == before) or (here == other and mine == before)

    def _base(self, commit: PastCommit) -> str | None:
        if commit.id not in self._bases:
            # not git's own merge-base, which a graft could bend
            mine, other = (self.ancestors(parent) for parent in commit.parents[:2])
            both = mine & other
            self._bases[commit.id] = max(both, key=self.order.__getitem__) if both else None
        return self._bases[commit.id]

    def was_in_common(self, commit: PastCommit, path: str) -> bool:
        """True if the sides of a merge had a file already when they parted."""
        base = self._base(commit)
        return base is not None and self.at(path, base) is not None


_SUBMODULE = "160000"


def _here(data: bytes | GitrackError) -> bytes | GitrackError:
    """The same; raises what says nothing about the branch, but about this clone."""
    if isinstance(data, LeftOnRemote):
        raise data
    return data


def _is_read(path: str) -> bool:
    if path.startswith(f"{REGISTRY}/"):
        return path.endswith(".yaml")
    if path.startswith("artifacts/"):
        return "/versions/" in path
    if not path.endswith(f"/{RECORD}"):
        return False
    place = place_of(path)
    return place is not None and path == f"{place.folder}/{RECORD}"


def moment(seconds: int) -> str:
    """A commit's time as records have it."""
    try:
        return written(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return str(seconds)
