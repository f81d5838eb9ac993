"""How a run begins: a new one, one that is resumed, or one that this process joins."""

from __future__ import annotations

import dataclasses
import os
import secrets
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.errors import NotFound, UsageError
from gitrack.model import names
from gitrack.model.ids import is_run_id, new_run_id
from gitrack.model.run import Scalar
from gitrack.tracking import notice, outbox, ranks, rules
from gitrack.tracking.journals import journal
from gitrack.tracking.journals.fold import Folded, Who, fold
from gitrack.tracking.journals.journal import DamagedJournal, Journal
from gitrack.tracking.logged import values
from gitrack.tracking.place import Place
from gitrack.tracking.process import this_process
from gitrack.tracking.run import Run
from gitrack.tracking.seeds import take_pending_seeds

if TYPE_CHECKING:
    from gitrack.tracking.capture import Capture

#: Seconds between two signs of life.
HEARTBEAT = 30.0
#: Seconds to wait for another process that is just committing the run which is to be resumed.
PATIENCE = 10.0

_QUALITIES = (
    "amber brisk calm clear eager early fair firm glad keen kind light lucid mild neat noble "
    "plain proud quick quiet rapid ready sharp silver sleek steady sunny swift vivid warm"
)
_BEINGS = (
    "badger beaver crane dolphin eagle falcon finch fox gecko heron ibis jackal kestrel lark "
    "lemur lynx marten otter owl panda puffin raven robin seal sparrow stork swan tern wren yak"
)


@dataclasses.dataclass
class Wish:
    """What the caller of `start_run` asked for, checked."""

    experiment: str
    name: str | None
    params: dict[str, Scalar]
    tags: dict[str, Scalar]
    notes: str | None
    parent: str | None

    @classmethod
    def of(
        cls,
        experiment: str,
        name: str | None,
        params: Mapping[str, object] | object | None,
        tags: Mapping[str, object] | None,
        notes: str | None,
        parent: str | None,
    ) -> Wish:
        if parent is not None and not is_run_id(parent):
            raise UsageError(f"parent {parent!r} is not a run id", hint="pass parent=run.id")
        return cls(
            experiment=names.experiment_name(experiment),
            name=None if name is None else names.run_name(name),
            params={} if params is None else values.flat(params),
            tags={} if tags is None else values.flat(tags, kind="tag"),
            notes=None
            if notes is None
            else values.text("a note", notes, longest=values.LONGEST_NOTE),
            parent=parent,
        )


def open_new(place: Place, wish: Wish, run_id: str | None = None) -> Run:
    """A run that nobody has started before."""
    named = wish.name or rules.name_of(place.policy, wish.experiment, wish.params, wish.tags)
    rules.judge_start(place.policy, wish.experiment, wish.name, wish.tags)
    if place.config.capture.dirty == "refuse" and place.repository is not None:
        from gitrack.tracking.capture.code import require_clean

        require_clean(place.repository)
    now = datetime.now(UTC)
    run_id = run_id or new_run_id(now)
    who = Who(
        id=run_id,
        name=named or _readable_name(),
        named=named is not None,
        experiment=wish.experiment,
        parent=wish.parent,
        author=place.author(),
        project=place.project,
    )
    folder = outbox.make_run_folder(place.outbox, run_id)
    run = _own(place, folder, who, 1, {}, {})
    if wish.params:
        run.log_params(wish.params)
    if wish.tags:
        run.set_tags(wish.tags)
    if wish.notes is not None:
        run.set_notes(wish.notes)
    if seeds := take_pending_seeds():
        run.log_seeds(seeds)
    return run


def resume(place: Place, run_id: str, *, may_join: bool, wish: Wish, may_create: bool) -> Run:
    """Go on with a run by its id, wherever it is: running, waiting, or on the branch."""
    if not is_run_id(run_id):
        hint = "an id looks like 20241022-143012-7k3f9q; 'gitrack ls' shows them"
        raise UsageError(f"{run_id!r} is not a run id", hint=hint)
    until = time.monotonic() + PATIENCE
    folder = place.outbox / run_id
    while folder.is_dir():
        with outbox.claim(folder) as mine:
            if mine:
                return _resume_from_outbox(place, folder, run_id, may_join, wish)
        if time.monotonic() > until:
            hint = "wait until that is done and try again"
            raise UsageError(f"run {run_id} is being committed by another process", hint=hint)
        time.sleep(0.02)
    found = _on_branch(place, run_id)
    if found is None:
        if may_create:
            return open_new(place, wish, run_id)
        raise NotFound(f"there is no run {run_id} to go on with", hint="'gitrack ls' lists runs")
    who = Who(
        id=run_id,
        name=found.name,
        named=True,
        experiment=found.experiment,
        parent=found.parent,
        author=found.author,
        project=place.project,
        resumed=True,
    )
    folder_made = outbox.make_run_folder(place.outbox, run_id)
    run = _own(place, folder_made, who, 1, found.params, found.tags)
    return _with_wish(run, wish)


def join(place: Place, run_id: str, who: Who | None = None, wish: Wish | None = None) -> Run:
    """Write to a run that another process owns and commits; a `wish` adds its settings to it."""
    folder = outbox.make_run_folder(place.outbox, run_id)
    known = who or Who(id=run_id, name=run_id, experiment="")
    if wish is not None:
        known = msgspec.structs.replace(
            known, wished_experiment=wish.experiment, wished_name=wish.name
        )
    name = f"member-{ranks.rank()}-{os.getpid()}-{secrets.token_hex(3)}"
    opened = Journal(folder, name, lambda: _join_event(known))
    _keep_heart_beating()
    joined = Run(
        run_id=run_id,
        name=known.name,
        experiment=known.experiment,
        place=place,
        journal=opened,
        owner=False,
        folder=folder,
    )
    return joined if wish is None else _with_wish(joined, wish)


def _resume_from_outbox(place: Place, folder: Path, run_id: str, may_join: bool, wish: Wish) -> Run:
    """Under the claim of its folder."""
    try:
        folded = fold(folder)
        who = folded.who
    except (DamagedJournal, OSError) as error:
        hint = f"look at {folder}, or start a new run"
        raise UsageError(f"run {run_id} cannot be resumed: {error}", hint=hint) from error
    owners = [writer for writer in folded.writers if writer.owner]
    living = [
        owner.mark
        for owner in owners
        if not owner.closed and owner.mark is not None and owner.mark.life() != "dead"
    ]
    if living:
        if any(mark.pid == os.getpid() for mark in living):
            hint = "use that one, or end it first"
            raise UsageError(f"run {run_id} is open in this very process", hint=hint)
        if may_join or _is_family(folded):
            return join(place, run_id, who, wish)
        raise UsageError(
            f"run {run_id} is being written by another process",
            hint=f"end it there first, or export GITRACK_RUN_ID={run_id} to write to it together",
        )
    who = msgspec.structs.replace(who, resumed=who.resumed or not owners)
    run = _own(place, folder, who, len(owners) + 1, folded.params, folded.tags)
    return _with_wish(run, wish)


def _is_family(folded: Folded) -> bool:
    return any(
        writer.mark is not None and ranks.is_this_family(writer.mark)
        for writer in folded.writers
        if writer.owner and writer.mark is not None and writer.mark.pid != os.getpid()
    )


def _with_wish(run: Run, wish: Wish) -> Run:
    """What a resumed run was asked to have on top; a param with another value is misuse."""
    try:
        if wish.params:
            run.log_params(wish.params)
        if wish.tags:
            run.set_tags(wish.tags)
        if wish.notes is not None:
            run.set_notes(wish.notes)
    except UsageError:
        run.end("failed", error="it was resumed with settings that it does not have")
        raise
    return run


def _own(
    place: Place,
    folder: Path | None,
    who: Who,
    number: int,
    params: Mapping[str, Scalar],
    tags: Mapping[str, Scalar],
) -> Run:
    pid = os.getpid()

    def hello() -> dict[str, Any]:
        return _event("start", who) if os.getpid() == pid else _join_event(who)

    opened = Journal(folder, f"owner-{number}", hello)
    _keep_heart_beating()
    return Run(
        run_id=who.id,
        name=who.name,
        experiment=who.experiment,
        place=place,
        journal=opened,
        owner=True,
        folder=folder,
        capture=_begin_capture(place, folder),
        params=dict(params),
        tags=dict(tags),
    )


def _event(kind: str, who: Who) -> dict[str, Any]:
    here = msgspec.structs.replace(who, time=time.time_ns(), process=this_process())
    return {"kind": kind, **msgspec.to_builtins(here)}


def _join_event(who: Who) -> dict[str, Any]:
    known = Who(
        id=who.id,
        name=who.name,
        experiment=who.experiment,
        rank=ranks.rank(),
        wished_experiment=who.wished_experiment,
        wished_name=who.wished_name,
    )
    return _event("join", known)


def _begin_capture(place: Place, folder: Path | None) -> Capture | None:
    if folder is None:
        return None
    from gitrack.tracking.capture import Capture

    return Capture.begin(place.folder, place.repository, place.config.capture, outbox=folder)


def _on_branch(place: Place, run_id: str) -> Any:
    if place.repository is None:
        return None
    store = place.store()
    try:
        return store.run(run_id)
    except NotFound:
        return None


def _readable_name() -> str:
    number = secrets.randbelow(100)
    quality, being = (secrets.choice(words.split()) for words in (_QUALITIES, _BEINGS))
    return f"{quality}-{being}-{number:02d}"


_heart: threading.Thread | None = None
_heart_pid = 0


def _keep_heart_beating() -> None:
    """One thread for all runs of a process; a fork leaves it behind."""
    global _heart, _heart_pid
    if _heart_pid == os.getpid() and _heart is not None and _heart.is_alive():
        return
    _heart_pid = os.getpid()
    _heart = threading.Thread(target=_beat, name="gitrack-heartbeat", daemon=True)
    try:
        _heart.start()
    except RuntimeError as error:  # no thread to be had, or the interpreter is going down
        notice.warn_once("heartbeat", f"no sign of life is given: {notice.worded(error)}")


def _beat() -> None:
    while True:
        time.sleep(HEARTBEAT)
        journal.all_alive()
