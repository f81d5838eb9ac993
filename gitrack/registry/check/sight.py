"""A pull request as the rules see it: both sides, what is read of them, and how far they may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import msgspec

from gitrack.config.safe_yaml import MAX_BYTES
from gitrack.errors import GitrackError, NotFound, UnreadableFile
from gitrack.model.ids import day_of, is_run_id
from gitrack.model.registered import StageState
from gitrack.registry.check.changes import Change, Changes, Side
from gitrack.registry.check.commits import Commits
from gitrack.registry.check.findings import Finding, Level, unreadable
from gitrack.registry.check.spots import Kind, Spot, spot_of
from gitrack.registry.gates.approval import Approval
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.ruling import Ruling
from gitrack.store.codec.records import load_record
from gitrack.store.placed import runs_of_day
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import stage_path

Record = TypeVar("Record", bound=msgspec.Struct)

#: One file of a run: code.patch, a page of text, a picture. What is larger goes to DVC.
BIGGEST_FILE = 10 * 1000 * 1000


class Sight:
    """What the rules look at, and where they put what they find."""

    def __init__(
        self,
        opened: OpenRegistry,
        changes: Changes,
        *,
        ruling: Ruling,
        now: datetime,
        approvals: Sequence[Approval] = (),
        artifacts: bool = False,
        run_gates: bool = True,
        require_signed: bool = False,
    ) -> None:
        self.opened = opened
        self.changes = changes
        self.trees = changes.trees
        self.base = changes.base
        self.head = changes.head
        self.ruling = ruling
        self.now = now
        self.approvals = list(approvals)
        self.artifacts = artifacts
        self.run_gates = run_gates
        self.require_signed = require_signed
        self.findings: list[Finding] = []
        self._states: dict[str, StageState | None] = {}
        self._days: dict[tuple[str, str], dict[str, str]] = {}

    @cached_property
    def spots(self) -> dict[str, tuple[Spot, Change]]:
        """Every changed path, with what it is."""
        return {change.path: (spot_of(change.path), change) for change in self.changes.all}

    @cached_property
    def before(self) -> Registry:
        """The registry as the base has it now."""
        return self.opened.reader(at=self.base)

    @cached_property
    def commits(self) -> Commits:
        """What the pull request brings."""
        return Commits(self.trees, self.base, self.head)

    @cached_property
    def line(self) -> frozenset[str]:
        """The commits that were the tip of the base once: its line of first parents."""
        listed = self.trees.repository.git("rev-list", "--first-parent", self.base)
        return frozenset(listed.split())

    @cached_property
    def sizes(self) -> dict[str, int]:
        """How many bytes each changed file has."""
        sides = [change.after for change in self.changes.all]
        return self.trees.sizes(
            [side.id for side in sides if side is not None and _has_bytes(side)]
        )

    def of(self, *kinds: Kind) -> list[tuple[Spot, Change]]:
        """The changes of some kinds, by path."""
        return [pair for pair in self.spots.values() if pair[0].kind in kinds]

    def refuse(self, rule: str, says: str, do: str | None = None, path: str | None = None) -> None:
        """Something for which the pull request cannot be merged."""
        self.findings.append(Finding(rule=rule, says=says, do=do, path=path))

    def warn(self, rule: str, says: str, do: str | None = None, path: str | None = None) -> None:
        """Something that reviewers should know."""
        level = Level.WARNING
        self.findings.append(Finding(rule=rule, says=says, do=do, path=path, level=level))

    def note(self, rule: str, says: str, path: str | None = None) -> None:
        """Something that is so."""
        self.findings.append(Finding(rule=rule, says=says, path=path, level=Level.NOTE))

    def data(self, change: Change) -> bytes:
        """The new contents of a file. Raises NotFound, StoreError; UnreadableFile if too big."""
        assert change.after is not None
        if self.sizes.get(change.after.id, 0) > BIGGEST_FILE:
            raise UnreadableFile(change.path, "is too big to be read")
        return self.trees.reader.blob(bytes.fromhex(change.after.id))

    def old_data(self, change: Change) -> bytes:
        """What the base has in its place."""
        assert change.before is not None
        return self.trees.reader.blob(bytes.fromhex(change.before.id))

    def folder_of_run(self, run: str) -> str | None:
        """Where the base has a run; None where it has none. A day's folders are listed once."""
        if not is_run_id(run):
            return None
        day = day_of(run)
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = dict(runs_of_day(self.opened.branch, *day, at=self.base))
        return known.get(run)

    def record(self, change: Change, type: type[Record]) -> Record | None:
        """A changed file as a record; None after a finding that says why not."""
        try:
            if self.sizes.get(change.after.id if change.after else "", 0) > MAX_BYTES:
                return None  # told as too big
            return load_record(change.path, self.data(change), type)
        except GitrackError as error:
            self.findings.append(unreadable(error, change.path))
            return None

    def on_base(self, path: str, type: type[Record]) -> Record | None:
        """A file of the base as a record; None where it is not there or not readable."""
        side = self.trees.side(self.base, path)
        if side is None:
            return None
        try:
            return load_record(path, self.trees.reader.blob(bytes.fromhex(side.id)), type)
        except (NotFound, UnreadableFile):
            return None

    def standing(self, model: str) -> dict[str, list[int]]:
        """Who stands where on the base."""
        return self.before.stages(model)

    def stage_after(self, model: str, stage: str) -> list[int] | None:
        """Who stands in a stage after the merge; None if that cannot be read."""
        path = stage_path(model, stage)
        pair = self.spots.get(path)
        if pair is None:
            return self.before.stage(model, stage)
        _, change = pair
        if change.after is None:
            return []
        if path not in self._states:
            self._states[path] = self.record(change, StageState)
        state = self._states[path]
        return None if state is None else list(state.versions)


def _has_bytes(side: Side) -> bool:
    return side.mode != b"160000"
