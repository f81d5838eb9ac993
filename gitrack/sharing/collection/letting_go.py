"""The rules by which a user lets runs go; a rule that is not given holds for every run."""

from __future__ import annotations

import fnmatch
import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import msgspec

from gitrack.model.query.times import moment

if TYPE_CHECKING:
    from gitrack.store.index import RunTable


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs may lose their heavy files. All that are given must hold for a run.

    `older_than` is in seconds, `keep_last` the number of runs that each experiment keeps
    whatever else is said, `experiments` are patterns such as `xgboost-*`. With `kinds`, only
    artifacts of these kinds go (`checkpoint`, `model`, …). `rows` narrows by the rows of a
    filter. Without any rule no run is let go.
    """

    older_than: float | None = None
    statuses: frozenset[str] = frozenset()
    experiments: tuple[str, ...] = ()
    keep_last: int | None = None
    kinds: frozenset[str] = frozenset()

    def given(self) -> bool:
        """Whether anything is let go at all."""
        return self != Rules()

    def rows(self, table: RunTable, among: Iterable[int] | None = None) -> list[int]:
        """The rows that are let go, of all or of those that a filter has found."""
        if not self.given() and among is None:
            return []
        chosen: Collection[int] = range(table.rows) if among is None else sorted(set(among))
        last = self._last(table)
        return [row for row in chosen if row not in last and self._holds(table, row)]

    def _holds(self, table: RunTable, row: int) -> bool:
        status = str(table.column("status")[row])
        if status == "running":
            return False
        if self.statuses and status not in self.statuses:
            return False
        experiment = str(table.column("experiment")[row])
        if self.experiments and not any(
            fnmatch.fnmatchcase(experiment, pattern) for pattern in self.experiments
        ):
            return False
        return self.older_than is None or _age(table, row) > self.older_than

    def _last(self, table: RunTable) -> set[int]:
        if self.keep_last is None:
            return set()
        runs: dict[str, list[int]] = defaultdict(list)
        names, started = table.column("experiment"), table.column("started")
        for row in sorted(range(table.rows), key=lambda row: str(started[row])):
            runs[str(names[row])].append(row)
        keep = self.keep_last
        return {row for rows in runs.values() for row in rows[max(len(rows) - keep, 0) :]}

    def said(self, filter: str = "") -> str:
        """The rules in words, for the record of what was collected."""
        parts = [repr(filter)] if filter else []
        if self.older_than is not None:
            parts.append(f"older than {self.older_than / 86_400:g} days")
        if self.statuses:
            parts.append(" or ".join(sorted(self.statuses)))
        if self.experiments:
            parts.append(f"of {' or '.join(self.experiments)}")
        if self.keep_last is not None:
            parts.append(f"not among the last {self.keep_last} of an experiment")
        if self.kinds:
            parts.append(f"only {', '.join(sorted(self.kinds))}")
        return "; ".join(parts)


def _age(table: RunTable, row: int) -> float:
    """Seconds since the run ended, or began if nobody knows; a broken time is never old."""
    ended = table.column("ended")[row] or table.column("started")[row]
    when = moment(str(ended))
    return time.time() - when / 1000 if when is not None else -1.0
