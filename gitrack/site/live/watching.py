"""Looks into the outboxes: which runs are being written, and what one of them has logged so far."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from gitrack.errors import GitrackError
from gitrack.model.history import History
from gitrack.model.ids import is_run_id
from gitrack.model.run import Run
from gitrack.site.hiding.rules import Hide
from gitrack.tracking.ending.recover import Waiting, waiting
from gitrack.tracking.journals.fold import Folded, fold, moment
from gitrack.tracking.journals.journal import SUFFIX, DamagedJournal
from gitrack.tracking.place import Place

#: Points of a curve while it grows; the lowest and highest always stay.
_ROWS = 400
#: A look is not repeated sooner than this many times what it took.
_REST = 4.0
#: Whether a process still lives is looked up at least this often, in seconds.
_STALE = 3.0

#: Looks that are kept.
_MOST = 200

_T = TypeVar("_T")


class _Kept(NamedTuple):
    """What a look found, how long that is good, and how long the machine rests whatever comes."""

    state: object
    rest: float
    good: float
    found: Any


class Growing(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has logged so far. `version` changes with it."""

    version: str
    run: Run
    last: str
    step: int | None = None
    history: History = History()


class Watch:
    """The outboxes of a project. Threads may share one; journals are read again as they grow."""

    def __init__(self, place: Place, hide: Hide) -> None:
        self._place = place
        self._hide = hide
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def runs(self) -> list[Waiting]:
        """Every run that is not on the branch yet, the newest first."""
        with self._lock:
            return self._again("", self._sizes(), self._look)

    def run(self, run_id: str) -> Growing | None:
        """One of them with all that it has logged; None if it is not there any more."""
        if not is_run_id(run_id):
            return None
        folder = next((one.folder for one in self.runs() if one.id == run_id), None)
        if folder is None:
            return None
        with self._lock:
            sizes = _sizes(folder)
            return self._again(run_id, sizes, lambda: self._grown(folder, sizes)) if sizes else None

    def _again(self, key: str, state: object, look: Callable[[], _T]) -> _T:
        """What was seen last, unless something has changed since and the machine had a rest."""
        kept = self._kept.get(key)
        begin = time.monotonic()
        if kept is not None and begin < (kept.good if kept.state == state else kept.rest):
            return kept.found  # type: ignore[no-any-return]  # kept under this very key
        if len(self._kept) > _MOST:  # runs come and go while a site is served
            self._kept.clear()
        found = look()
        end = time.monotonic()
        rest = end + (end - begin) * _REST
        self._kept[key] = _Kept(state, rest, max(rest, end + _STALE), found)
        return found

    def _look(self) -> list[Waiting]:
        try:
            there = waiting(self._place)
        except (GitrackError, OSError):
            return []  # settings that are wrong, say: who builds the site again says so
        found = [
            msgspec.structs.replace(
                one, metrics={n: v for n, v in one.metrics.items() if not self._hide.metric(n)}
            )
            for one in there
        ]
        return sorted(found, key=lambda one: (one.started or "", one.id), reverse=True)

    def _sizes(self) -> object:
        return _sizes(self._place.outbox, deep=True)

    def _grown(self, folder: Path, sizes: object) -> Growing | None:
        try:
            folded = fold(folder)
            who = folded.who
        except (DamagedJournal, OSError):
            return None  # it is being removed, or doctor has more to say about it
        run = self._hide.of(_run(folded))
        history = folded.history()
        shown = {n: c for n, c in history.columns.items() if not self._hide.metric(n)}
        return Growing(
            version=hashlib.blake2b(repr(sizes).encode(), digest_size=8).hexdigest(),
            run=msgspec.structs.replace(run, name=run.name or who.id),
            last=moment(folded.last),
            step=folded.last_step,
            history=msgspec.structs.replace(history, columns=shown).thin(_ROWS),
        )


def _run(folded: Folded) -> Run:
    who = folded.who
    return Run(
        id=who.id,
        name=who.name,
        experiment=who.experiment,
        status=folded.status,
        started=moment(who.time),
        author=who.author,
        parent=who.parent,
        notes=folded.notes,
        params=folded.params,
        metrics=folded.metrics,
        tags=folded.tags,
        seeds=folded.seeds,
    )


def _sizes(folder: Path, *, deep: bool = False) -> tuple[tuple[str, int], ...]:
    """How long the journals of a run (or `deep`: of all runs of an outbox) are."""
    found = []
    for path in folder.glob(f"*/*{SUFFIX}" if deep else f"*{SUFFIX}"):
        try:
            found.append((str(path), path.stat().st_size))
        except OSError:
            continue  # it has just gone
    return tuple(sorted(found))
