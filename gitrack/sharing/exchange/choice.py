"""Whose heavy files are meant: by experiment, by time, by the registry, one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from gitrack.errors import UsageError
from gitrack.model.query import times
from gitrack.store.index import RunTable
from gitrack.store.references import require_experiments
from gitrack.store.runs import RunStore


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Limits; a run must pass those that are given. `runs` are references, any of which will do."""

    experiments: Sequence[str] = ()
    since: str | None = None
    registered: bool = False
    runs: Sequence[str] = ()

    @property
    def everything(self) -> bool:
        """True if nothing is limited."""
        return not (self.experiments or self.since or self.registered or self.runs)

    def check(self) -> None:
        """Raise UsageError for a time that is none, before anything is done."""
        if self.since is not None:
            begin_of(self.since)


#: Without any limit.
EVERYTHING = Choice()


def chosen(store: RunStore, table: RunTable, choice: Choice) -> list[int]:
    """The rows that are meant. Raises NotFound for runs and experiments that are not there."""
    rows = list(range(table.rows))
    if choice.runs:
        paths = table.column("path")
        wanted = {store.find(reference) for reference in choice.runs}
        rows = [row for row in rows if paths[row] in wanted]
    if choice.experiments:
        experiments = table.column("experiment")
        require_experiments(table, choice.experiments)
        rows = [row for row in rows if experiments[row] in choice.experiments]
    if choice.since is not None:
        begin, started = begin_of(choice.since), table.column("started")
        rows = [row for row in rows if (times.moment(str(started[row])) or 0) >= begin]
    if choice.registered:
        ids, alive = table.column("id"), _registered(store)
        rows = [row for row in rows if ids[row] in alive]
    return rows


def begin_of(since: str) -> int:
    """`7d`, `now-7d` or a date in milliseconds since 1970. Raises UsageError."""
    text = since.strip()
    ago = times.seconds(text)
    if ago is None and (shift := times.from_now(text)) is not None:
        ago = -shift
    if ago is not None:
        return int((time.time() - ago) * 1000)
    covered = times.covered(text)
    if covered is None:
        raise UsageError(
            f"{since!r} is neither a date nor a span of time",
            hint="write it as 2026-01-31, '2026-01-31 10:30', or 7d (also w, h, m)",
        )
    return covered[0]


def _registered(store: RunStore) -> set[str]:
    from gitrack.store.registry import Registry

    registry = Registry(store.branch)
    return {version.run for name in registry.models() for version in registry.versions(name)}
