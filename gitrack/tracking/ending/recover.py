"""What waits in the outbox: who still writes, what has finished or died, and bringing it in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from gitrack.config import project
from gitrack.errors import GitrackError
from gitrack.model.run import Status
from gitrack.tracking import notice, outbox, ranks
from gitrack.tracking.ending.finish import commit_folder
from gitrack.tracking.journals.fold import Folded, Who, Writer, fold, glance, moment
from gitrack.tracking.journals.journal import DamagedJournal
from gitrack.tracking.place import Place, find_place
from gitrack.tracking.worktrees import worktrees

#: Seconds without a sign of life after which a process that cannot be looked at counts as dead.
STALE = 600.0
#: A folder without a first record this old was left by a process that died while starting.
STARTING = 60.0

State = Literal["running", "finished", "dead", "starting", "damaged"]


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the outbox. `last` is its latest record, `step` and `metrics` the last logged."""

    id: str
    folder: Path
    state: State
    name: str = ""
    experiment: str = ""
    status: Status = Status.RUNNING
    started: str | None = None
    last: str | None = None
    step: int | None = None
    metrics: dict[str, float | int] = {}
    project: str | None = None
    why: str | None = None


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A run that could not be brought in, and what to do about it."""

    id: str
    folder: Path
    why: str
    hint: str | None = None


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is on the branch now."""

    id: str
    name: str
    experiment: str
    status: Status


class Synced(msgspec.Struct, kw_only=True):
    """What one sync has done."""

    committed: list[Brought] = []
    running: list[str] = []
    left: list[Left] = []


def outboxes(place: Place) -> list[Path]:
    """Where runs of this place may be: its outbox, and what stood in when it was not writable."""
    return list(dict.fromkeys((place.outbox, outbox.users_outbox(), *outbox.temporary_outbox())))


def _beside(place: Place) -> Iterator[Place]:
    """The repository's other working trees in whose outboxes something lies, with the settings
    that are in force there. Raises ConfigError for wrong ones."""
    if place.repository is None:
        return
    for folder in worktrees(place.repository.common_dir):
        box = project.outbox(folder)
        if box != place.outbox and outbox.run_folders(box):
            other = find_place(folder)
            if other.outbox == box:
                yield other


def waiting(place: Place) -> list[Waiting]:
    """Every run in the outboxes of the repository that belongs here."""
    here = [(place, box) for box in outboxes(place)]
    return [
        found
        for owner, box in (*here, *((other, other.outbox) for other in _beside(place)))
        for folder in outbox.run_folders(box)
        if (found := look(folder)) is not None and _belongs(found, owner, box, into=False)
    ]


def look(folder: Path) -> Waiting | None:
    """One folder of an outbox; None if it has just gone."""
    try:
        folded = fold(folder)
        if folded.start is None and folded.join is None:
            state: State = "starting" if _age(folder) < STARTING else "dead"
            return Waiting(id=folder.name, folder=folder, state=state)
        who = folded.who
        if who.id != folder.name:
            raise DamagedJournal(f"it is the journal of run {who.id}")
        return _described(folder, folded, who)
    except FileNotFoundError:
        return None
    except (DamagedJournal, OSError) as error:
        why = notice.worded(error)
        return Waiting(id=folder.name, folder=folder, state="damaged", why=why)


def _described(folder: Path, folded: Folded, who: Who) -> Waiting:
    return Waiting(
        id=folder.name,
        folder=folder,
        state=_state(folded),
        name=who.name,
        experiment=who.experiment,
        status=folded.status,
        started=moment(who.time),
        last=moment(folded.last),
        step=folded.last_step,
        metrics=folded.metrics,
        project=who.project,
    )


def _state(folded: Folded) -> State:
    if folded.finished:
        return "finished"
    return "running" if any(map(_lives, folded.writers)) else "dead"


def _lives(writer: Writer) -> bool:
    if writer.closed:
        return False
    life = writer.mark.life() if writer.mark is not None else "unknown"
    return life == "alive" or (life == "unknown" and time.time() - writer.last_sign < STALE)


def _age(folder: Path) -> float:
    return time.time() - folder.stat().st_mtime


def _belongs(found: Waiting, place: Place, box: Path, *, into: bool) -> bool:
    """Runs in a folder that projects share go to the project in which they were started."""
    if box == place.outbox and place.root is not None:
        return True
    if found.project is None:
        return into
    return found.project == place.project or (into and not Path(found.project).is_dir())


def sync(place: Place, *, into: bool = False) -> Synced:
    """Commit every run that has finished or died. `into` takes those of no repository, too.

    Nothing raises but what makes every run fail; a run that cannot be committed stays.
    """
    done = Synced()
    for box in outboxes(place):
        _empty(place, box, into, done)
    for other in _beside(place):
        _empty(other, other.outbox, False, done)
    return done


def _empty(place: Place, box: Path, into: bool, done: Synced) -> None:
    if not box.is_dir():
        return
    outbox.sweep(box)
    for folder in outbox.run_folders(box):
        _bring(place, box, folder, into, done)
    ranks.sweep_notes(box)


def _bring(place: Place, box: Path, folder: Path, into: bool, done: Synced) -> None:
    found = look(folder)
    if found is None or not _belongs(found, place, box, into=into):
        return
    if found.state == "damaged":
        hint = f"look at {folder}; 'rm -r' removes it for good"
        done.left.append(Left(id=found.id, folder=folder, why=found.why or "", hint=hint))
        return
    if found.state in ("running", "starting"):
        done.running.append(found.id)
        return
    with outbox.claim(folder) as mine:
        if not mine:
            done.running.append(found.id)
            return
        # between the look and the claim it may have been resumed, or brought in
        again = look(folder)
        if again is not None and again.state == "starting":
            again = found  # only the claim has made its folder young
        if again is None or again.state not in ("finished", "dead"):
            return
        _commit(place, again, done)


def _commit(place: Place, found: Waiting, done: Synced) -> None:
    if not found.name and found.started is None:
        outbox.discard(found.folder, outbox.sizes(found.folder))  # it died before its first record
        return
    try:
        run = commit_folder(place, found.folder, again=True)
    except GitrackError as error:
        left = Left(id=found.id, folder=found.folder, why=error.message, hint=error.hint)
        done.left.append(left)
    except (DamagedJournal, OSError) as error:
        left = Left(id=found.id, folder=found.folder, why=notice.worded(error))
        done.left.append(left)
    else:
        done.committed.append(
            Brought(id=run.id, name=run.name, experiment=run.experiment, status=run.status)
        )


def bring_in(start: Path | None = None) -> list[Brought]:
    """For commands that do something else: bring in the runs of dead processes, if there are any.

    Costs a look at a folder when nothing waits, and never raises.
    """
    try:
        place = find_place(start)
        if place.repository is None:
            return []
        boxes = [place.outbox, *(other.outbox for other in _beside(place))]
        if not any(_has_died(folder) for box in boxes for folder in outbox.run_folders(box)):
            return []
        done = sync(place)
    except (GitrackError, OSError) as error:
        notice.warn(f"runs wait in the outbox: {notice.worded(error)}")
        return []
    for left in done.left:
        notice.warn(f"run {left.id} waits in {left.folder}: {left.why}")
    return done.committed


def _has_died(folder: Path) -> bool:
    """From the first records of its journals alone: those of a live run may be long."""
    marks = list(_marks(folder))
    return bool(marks) and not any(map(_lives, marks))


def _marks(folder: Path) -> Iterator[Writer]:
    for name, paths in outbox.journals(folder).items():
        try:
            writer = glance(name, paths)
        except (OSError, DamagedJournal):
            continue
        if writer.mark is not None:
            yield writer
