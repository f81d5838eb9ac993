"""Where a run of a known id lies, by the names of folders alone: no index, no record is read."""

from __future__ import annotations

from collections.abc import Iterator

from gitrack.model.ids import day_of, is_run_id
from gitrack.store.branch import Branch
from gitrack.store.layout import RUNS, part_of_day

#: By the id of all runs' folder, which says what is in it, and the run.
_known: dict[tuple[str, str], tuple[str, ...]] = {}
_MOST = 4096


def folders_of_run(branch: Branch, run_id: str, *, at: str | None = None) -> Iterator[str]:
    """Every folder that claims to be that run: more than one, and somebody has put it there.

    An id says its day, so that one look into each experiment is enough.
    """
    runs = branch.tree(RUNS, at=at) if is_run_id(run_id) else None
    if runs is None:
        return
    known = _known.get((runs, run_id))
    if known is None:
        if len(_known) >= _MOST:
            _known.clear()
        known = _known[runs, run_id] = tuple(_looked_for(branch, run_id, at))
    yield from known


def _looked_for(branch: Branch, run_id: str, at: str | None) -> Iterator[str]:
    month, day = day_of(run_id)
    for experiment in branch.children(RUNS, at=at):
        folder = f"{RUNS}/{experiment}{month}"
        for name in branch.children(folder, at=at):
            if part_of_day(name, day) is None:
                continue
            place = f"{folder}/{name}{run_id}"
            if branch.tree(place, at=at) is not None:
                yield place


def runs_of_day(
    branch: Branch, month: str, day: str, *, at: str | None = None
) -> Iterator[tuple[str, str]]:
    """(id, folder) of every run of a day, of all experiments."""
    for experiment in branch.children(RUNS, at=at):
        folder = f"{RUNS}/{experiment}{month}"
        for name in branch.children(folder, at=at):
            if part_of_day(name, day) is None:
                continue
            for child in branch.children(f"{folder}/{name.rstrip('/')}", at=at):
                if child.endswith("/"):
                    yield child.rstrip("/"), f"{folder}/{name}{child.rstrip('/')}"
