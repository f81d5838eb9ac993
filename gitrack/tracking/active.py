"""The active run, per thread and per process: which it is, how it becomes so, how it ends.

A run is active in the thread (or asyncio task) that started it, and in tasks begun within. A
thread that started none uses the only run that its process has open; if there are several, it has
to say which.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from gitrack.errors import UsageError
from gitrack.model import names
from gitrack.model.run import Status
from gitrack.tracking import notice, ranks, start
from gitrack.tracking.place import Place, find_place
from gitrack.tracking.run import Run, outcome_of

_stack: ContextVar[tuple[Run, ...]] = ContextVar("gitrack_runs", default=())
_open: list[Run] = []
_lock = threading.RLock()
_experiment: str | None = None
#: Runs that were started at the top level of this process: ranks count alike.
_sequence = 0
_uncaught: BaseException | None = None

DEFAULT_EXPERIMENT = "default"


def start_run(
    experiment: str | None = None,
    name: str | None = None,
    *,
    params: Mapping[str, object] | object | None = None,
    tags: Mapping[str, object] | None = None,
    notes: str | None = None,
    run_id: str | None = None,
    parent: str | None = None,
    nested: bool = False,
    folder: str | os.PathLike[str] | None = None,
) -> Run:
    """Start a run and make it the active one; use it with `with`, or end it with `end_run`.

    experiment  the hypothesis under test, such as `xgboost-weather-20241022`. Unless given: that
                of the active run, what `set_experiment` said, `GITRACK_EXPERIMENT`, or `default`.
    name        for people. Unless given: made by the policy's pattern, or made up.
    params      settings: a dict, nested ones too, or an object with attributes (`argparse`).
    tags        labels that may change later; notes: text for people, up to 100,000 characters.
    run_id      goes on with a run that waits or is on the branch. `GITRACK_RUN_ID` does so for the
                first run of a process, and lets several processes write to one.
    nested      makes it a child of the active run; `parent` names another run by its id.
    folder      where the code lies; the current folder unless given.

    The end of a `with` block commits the run: `finished`, `failed` with the traceback if the body
    raised or left with an exit code, `killed` after control-C. Without a block it ends with the
    program. A program that dies without a word (SIGKILL, SIGTERM, power) leaves the run in the
    outbox; the next `gitrack` command commits it as `killed` with every call that had returned.
    Ranks of a launcher (torchrun, srun, mpirun) all write to the run of rank 0, which commits it.

    Raises UsageError if a run is active already and this one is not nested, or if `run_id` is none
    or is being written elsewhere; NotFound for a `run_id` that nobody knows; InvalidName;
    PolicyViolation where the policy refuses; ConfigError for settings that cannot be read. Trouble
    with git, disk or DVC never raises: it is said once by the logger `gitrack`.
    """
    above = active_here()
    if above is not None and not (nested or parent):
        raise UsageError(
            f"run {above.id} is still active",
            hint="end it with gitrack.end_run(), or pass nested=True to start a child of it",
        )
    place = find_place(Path(folder) if folder is not None else None)
    if nested and parent is None and above is not None:
        parent = above.id
    if experiment is None:
        experiment = above.experiment if above is not None else current_experiment()
    wish = start.Wish.of(experiment, name, params, tags, notes, parent)
    run = _begin(place, wish, run_id, top=above is None)
    _enter(run)
    return run


def _begin(place: Place, wish: start.Wish, run_id: str | None, *, top: bool) -> Run:
    global _sequence
    rank = ranks.rank()
    sequence = _sequence
    if top:
        _sequence += 1
    inherited = os.environ.get("GITRACK_RUN_ID") if top and sequence == 0 else None
    wanted = run_id or inherited
    if wanted:
        if rank > 0:
            return start.join(place, wanted)
        together = wanted == os.environ.get("GITRACK_RUN_ID")
        return start.resume(place, wanted, may_join=together, wish=wish, may_create=run_id is None)
    if rank > 0 and top:
        shared = ranks.read_note(place.outbox, sequence)
        if shared is not None:
            return start.join(place, shared)
        notice.warn(
            f"rank {rank} found no run of rank 0 and starts one of its own; "
            "export GITRACK_RUN_ID, or start the run on every rank"
        )
    run = start.open_new(place, wish)
    if top and rank == 0 and ranks.launched():
        run.launch_note = ranks.leave_note(place.outbox, sequence, run.id)
    return run


def set_experiment(name: str) -> None:
    """Name the experiment of runs that this process starts without naming one.

    Raises InvalidName.
    """
    global _experiment
    _experiment = names.experiment_name(name)


def current_experiment() -> str:
    """What `set_experiment` said, or `GITRACK_EXPERIMENT`, or `default`."""
    return _experiment or os.environ.get("GITRACK_EXPERIMENT") or DEFAULT_EXPERIMENT


def active_here() -> Run | None:
    """The innermost open run that this thread or task has started."""
    for run in reversed(_stack.get()):
        if run.status is Status.RUNNING:
            return run
    return None


def active_run() -> Run | None:
    """The run that the functions of `gitrack` write to, or None.

    The innermost open run that this thread or asyncio task has started; in a thread that started
    none, the only one that is open in this process.
    """
    here = active_here()
    if here is not None:
        return here
    with _lock:
        _open[:] = [run for run in _open if run.status is Status.RUNNING]
        return _open[0] if len(_open) == 1 else None


def the_run() -> Run:
    """The active run, or UsageError."""
    stack = _stack.get()
    if stack and stack[-1].status is Status.RUNNING:
        return stack[-1]
    run = active_run()
    if run is not None:
        return run
    if len(_open) > 1:
        raise UsageError(
            f"{len(_open)} runs are open and this thread has started none of them",
            hint="call the method of the run that is meant, as in run.log_metric(…)",
        )
    raise UsageError(
        "no run is active", hint="start one: with gitrack.start_run('my-experiment') as run: …"
    )


def end_run(status: str = "finished") -> None:
    """End the active run, if there is one, and commit it.

    `status` is `finished`, `failed` or `killed`; anything else raises UsageError. Trouble with
    git, disk or DVC does not raise: the run then waits in the outbox for `gitrack sync`.
    """
    run = active_run()
    if run is not None:
        run.end(status)


def _enter(run: Run) -> None:
    global _hooked
    _stack.set((*(open_ for open_ in _stack.get() if open_.status is Status.RUNNING), run))
    with _lock:
        _open[:] = [other for other in _open if other.status is Status.RUNNING]
        _open.append(run)
        if not _hooked:
            _hooked = True
            _listen_for_the_end()


_hooked = False


def _listen_for_the_end() -> None:
    """How a program ends that never ends its run: Python tells nobody the code of `sys.exit`."""
    before, leave = sys.excepthook, sys.exit

    def remember(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        global _uncaught
        _uncaught = error
        before(kind, error, trace)

    def remember_code(status: Any = None, /) -> NoReturn:
        global _uncaught
        if threading.current_thread() is threading.main_thread():
            _uncaught = SystemExit(status)
        leave(status)

    sys.excepthook = remember
    sys.exit = remember_code


def end_all() -> None:
    """At exit: what is still open has finished, unless an exception ended the program."""
    status, text = outcome_of(_uncaught)
    with _lock:
        left = [run for run in reversed(_open) if run.status is Status.RUNNING]
    for run in left:
        run.end(status, error=text)


def _after_fork_in_child() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
