"""The branch's line of first parents: when each commit came, and what it changed."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

#: So many commits are looked up in one go through the line.
_MANY = 50


class Row(NamedTuple):
    """A stage after the commit at `place` of the line.

    Its versions are the first `keep` of those before, and `tail` behind them: an archive of 500
    versions that takes one more is one number.
    """

    place: int
    keep: int
    tail: list[int]
    promotion: str | None = None
    reverts: str | None = None
    fault: str | None = None


class Arrival(NamedTuple):
    """A promotion's record that a commit of the line brought, or took away."""

    place: int
    promotion: str
    came: bool


class Line:
    """Commits by place, the oldest first, and by (model, stage) what became of the stage.

    `times` never fall: clocks go back, what was published does not. `cut` says that the first
    commit has ancestors which this clone lacks: what it holds was there before. `stored` are rows
    as they were kept, which are unpacked when somebody asks.
    """

    def __init__(self, size: int, *, cut: bool = False) -> None:
        self.size = size
        self.cut = cut
        self.ids = bytearray()
        self.times = array("q")
        self.stored: dict[tuple[str, str], bytes] = {}
        self.arrivals: dict[str, list[Arrival]] = {}
        self._rows: dict[tuple[str, str], list[Row]] = {}
        self._now: dict[tuple[str, str], list[int]] = {}

    def __len__(self) -> int:
        return len(self.times)

    def commit(self, place: int) -> str:
        """The id of a commit of the line."""
        return self.ids[place * self.size : (place + 1) * self.size].hex()

    def place(self, commit: str) -> int | None:
        """Where a commit is on the line, if it is."""
        raw, at = bytes.fromhex(commit), 0
        while (at := self.ids.find(raw, at)) >= 0:
            if at % self.size == 0:
                return at // self.size
            at += 1
        return None

    def places(self, commits: Collection[str]) -> dict[str, int]:
        """Where each of some commits is, of those that are on the line."""
        if len(commits) > _MANY:
            known = (self.commit(place) for place in range(len(self)))
            return {commit: place for place, commit in enumerate(known) if commit in commits}
        found = ((commit, self.place(commit)) for commit in commits)
        return {commit: place for commit, place in found if place is not None}

    def add(self, commit: str, when: int, latest: float) -> int:
        """Put a commit at the end; its place.

        A time behind `latest`, which is now, is that of a clock that is wrong: one such commit
        must not date all that follow it.
        """
        self.ids += bytes.fromhex(commit)
        before = self.times[-1] if self.times else 0
        self.times.append(max(when, before) if when <= latest else before)
        return len(self.times) - 1

    def standing(self, model: str, stage: str, place: int) -> list[int]:
        """The versions in a stage after the commit at a place."""
        rows = self.rows_of(model, stage)
        return versions_at(rows, bisect_right(rows, place, key=lambda row: row.place) - 1)

    def now(self, model: str, stage: str) -> list[int]:
        """The versions in a stage after the last commit. Not to be changed."""
        found = self._now.get((model, stage))
        if found is None:
            rows = self.rows_of(model, stage)
            found = self._now[model, stage] = versions_at(rows, len(rows) - 1)
        return found

    def rows_of(self, model: str, stage: str) -> list[Row]:
        """What became of one stage."""
        rows = self._rows.get((model, stage))
        if rows is None:
            stored = self.stored.get((model, stage))
            rows = [] if stored is None else _unpack.decode(stored)
            self._rows[model, stage] = rows
        return rows

    def stages(self) -> list[tuple[str, str]]:
        """(model, stage) of all stages that were ever changed, sorted."""
        return sorted({*self.stored, *(key for key, rows in self._rows.items() if rows)})

    def put(
        self, model: str, stage: str, place: int, before: Sequence[int], after: Sequence[int]
    ) -> list[Row]:
        """Note what a stage is after a commit; all of the stage's rows."""
        keep = 0
        for one, other in zip(before, after, strict=False):
            if one != other:
                break
            keep += 1
        rows = self.rows_of(model, stage)
        self.stored.pop((model, stage), None)
        rows.append(Row(place, keep, list(after[keep:])))
        self._now[model, stage] = list(after)
        return rows

    def cut_off(self, length: int) -> None:
        """Forget all but the first commits."""
        if length >= len(self):
            return
        self._now.clear()
        del self.ids[length * self.size :]
        del self.times[length:]
        for key in self.stages():
            self._rows[key] = [row for row in self.rows_of(*key) if row.place < length]
        self.stored.clear()
        for model, found in list(self.arrivals.items()):
            self.arrivals[model] = [one for one in found if one.place < length]


_unpack = msgspec.msgpack.Decoder(list[Row])


def versions_at(rows: Sequence[Row], index: int) -> list[int]:
    """The versions after a row; none before the first."""
    if index < 0:
        return []
    needed, tail = rows[index].keep, list(rows[index].tail)
    while needed > 0 and index > 0:
        index -= 1
        _, keep, more, *_ = rows[index]
        if needed > keep:
            tail[:0] = more[: needed - keep]
            needed = keep
    return tail
