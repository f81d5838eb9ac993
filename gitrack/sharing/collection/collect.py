"""Heavy files that nobody needs any more: found, and removed from the cache and the remote."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitrack.errors import GitrackError
from gitrack.sharing.collection.plan import THERE, Ground, LetGo, Plan, shelves
from gitrack.sharing.collection.survey import Survey
from gitrack.tracking.worktrees import worktrees

if TYPE_CHECKING:
    from gitrack.store.runs import RunStore


def plan(ground: Ground, store: RunStore, let_go: LetGo) -> Plan:
    """What would go. Raises GitrackError when it cannot be known what is needed."""
    return Survey(ground, store, let_go).plan()


def collect(ground: Ground, store: RunStore, let_go: LetGo) -> Plan:
    """Remove what nobody needs; what was removed.

    Nobody keeps a run or changes the DVC cache meanwhile. Interrupted, it has removed some
    objects whole, and the next collection removes the rest.
    """
    from gitrack.artifacts.guard import collecting, dvc_stands_still
    from gitrack.store.collected import take_back

    repository = ground.place.repository
    assert repository is not None
    with collecting(repository.common_dir), dvc_stands_still(worktrees(repository.common_dir)):
        found = plan(ground, store, let_go)
        if not (found.cache or found.remote):
            return found
        word = _leave_word(ground, store, let_go, found)
        _forget(ground, found)
        try:
            for name, shelf in shelves(ground):
                shelf.remove(_of(found, name))
        except GitrackError:
            if word is not None and _all_there(ground, found):
                take_back(store.branch, word)
            raise
    return found


def _of(found: Plan, name: str) -> dict[str, int]:
    return found.remote if name == THERE else found.cache


def _all_there(ground: Ground, found: Plan) -> bool:
    """After a failure: has nothing gone, as on a disk that is read-only?"""
    try:
        return all(
            _of(found, name).keys() <= set(shelf.look(_of(found, name)))
            for name, shelf in shelves(ground)
        )
    except GitrackError:
        return False


def _forget(ground: Ground, found: Plan) -> None:
    """What was fetched of the artifacts, and that they had been sent."""
    from gitrack.retrieval.shelf import Shelf
    from gitrack.sharing.known import Known

    repository = ground.place.repository
    assert repository is not None
    fetched = Shelf(repository.home).folder
    for artifact in found.leaving:
        shutil.rmtree(fetched / artifact.md5, ignore_errors=True)
    if ground.remote is not None and found.remote:
        Known(repository.home / "cache", ground.remote.url).forget()


def _leave_word(ground: Ground, store: RunStore, let_go: LetGo, found: Plan) -> str | None:
    """Before the first object of a last copy goes: whoever misses it later is told why.

    The path of the record, if there is one.
    """
    from gitrack.model.collected import Collected
    from gitrack.store.collected import write

    runs: dict[str, list[str]] = {}
    for artifact in found.leaving:
        if artifact.run is not None and artifact.last:
            runs.setdefault(artifact.run, []).append(artifact.md5)
    if not runs:
        return None
    record = Collected(
        time=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        by=ground.place.author(),
        rules=let_go.rules or None,
        bytes=found.bytes,
        runs=runs,
    )
    return write(store.branch, record)
