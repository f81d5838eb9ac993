"""Any command as a run: what it prints, how it ends, and what it logs itself."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.errors import NotFound
from gitrack.model.run import Status
from gitrack.project import streams
from gitrack.tracking import wrapping

if TYPE_CHECKING:
    from gitrack.tracking.run import Run

#: Signals by which somebody else ends a program; by the others it ends itself (a fault).
_KILLS = {
    number
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL", "SIGXCPU")
    if (number := getattr(signal, name, None)) is not None
}
#: Characters of the end of stderr that tell why a command has failed.
_WORDS = 4_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the run of a command is to be called and to have. None where nobody said it."""

    experiment: str | None = None
    name: str | None = None
    params: Mapping[str, object] = {}
    tags: Mapping[str, object] = {}
    notes: str | None = None


class Outcome(
    msgspec.Struct, frozen=True, kw_only=True, rename={"code": "exit_code", "run_id": "run"}
):
    """How a wrapped command ended. `run_id` is None where there is no run of it.

    As JSON it has the names that other commands give these things. `joined` if the run is that of
    a wrapper around this one, which goes on.
    """

    code: int
    run_id: str | None = None
    experiment: str | None = None
    status: Status | None = None
    joined: bool = False


class NoCommand(NotFound):
    """There is no such program. `code` is what shells exit with."""

    def __init__(self, program: str, why: str, code: int) -> None:
        super().__init__(f"{program}: {why}", hint="type the command as you would without gitrack")
        self.code = code


#: What is done with a run between the end of its command and its own.
Finish = Callable[["Run", streams.Ended], None]


def run_command(
    command: Sequence[str],
    asked: Asked,
    *,
    shown: str | None = None,
    environment: Mapping[str, str] | None = None,
    all_to_stderr: bool = False,
    finish: Finish | None = None,
    is_nothing: Callable[[streams.Ended], bool] | None = None,
) -> Outcome:
    """Run a command as one run, which `gitrack.start_run` in it joins; its output passes through.

    `shown` is what the record names as the command. `finish` adds to the run what is known when
    the command has ended; where `is_nothing` says that nothing has happened, no run is kept.
    Raises NoCommand, and what `start_run` raises.
    """
    from gitrack.tracking.active import start_run

    program = _program(command[0])
    run = start_run(
        asked.experiment, asked.name, params=asked.params, tags=asked.tags, notes=asked.notes
    )
    told = {"experiment": asked.experiment, "name": asked.name}
    adopts = [name for name, value in told.items() if value is None]
    joining = wrapping.wrap(run, shown or shlex.join(command), adopts=adopts)
    heard = _Heard(run)
    try:
        ended = streams.run(
            [program, *command[1:]],
            {**os.environ, **(environment or {}), **joining},
            heard if heard.wanted else None,
            all_to_stderr=all_to_stderr,
        )
    except OSError as error:
        wrapping.forget(run)
        raise NoCommand(command[0], error.strerror or str(error), 126) from error
    if is_nothing is not None and is_nothing(ended):
        wrapping.forget(run)
        return Outcome(code=ended.code)
    if finish is not None:
        finish(run, ended)
    wrapping.learn(run)
    status = _status(ended)
    run.end(status, error=_why(status, ended, heard.last_words()))
    return Outcome(
        code=ended.code,
        run_id=run.id,
        experiment=run.experiment,
        status=status,
        joined=not run.owner,
    )


def _program(name: str) -> str:
    """The program itself, so that a wrong name begins no run."""
    found = shutil.which(name)
    if found is not None:
        return found
    if Path(name).exists() and os.path.basename(name) != name:  # noqa: PTH119 - as it was typed
        raise NoCommand(name, "is not a program that may be run", 126)
    raise NoCommand(name, "there is no such command", 127)


class _Heard:
    """The end of what a command prints, for the run and to word its failure."""

    def __init__(self, run: Run) -> None:
        from gitrack.tracking.capture.console import Tail

        self._capture = run.capture
        self._errors = Tail(_WORDS)

    @property
    def wanted(self) -> bool:
        return self._capture is not None and self._capture.hears

    def __call__(self, stream: str, text: str) -> None:
        if self._capture is not None:
            self._capture.hear(stream, text)
        if stream != "stdout":
            self._errors.write(stream, text)

    def last_words(self) -> str:
        return self._errors.text().strip()


def _status(ended: streams.Ended) -> Status:
    if ended.code == 0:
        return Status.FINISHED
    if ended.asked is not None or ended.by_signal in _KILLS:
        return Status.KILLED
    # a shell says so when what it ran was ended by a signal
    return Status.KILLED if ended.code - 128 in _KILLS else Status.FAILED


def _why(status: Status, ended: streams.Ended, words: str) -> str | None:
    if status is Status.FINISHED:
        return None
    number = ended.by_signal
    if number is not None:
        how = f"ended by {signal.Signals(number).name}"
    else:
        how = f"exit code {ended.code}"
    return f"{how}\n{words}" if words else how
