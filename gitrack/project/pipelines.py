"""`dvc repro` as one run: its stages, params, metrics, plots, and the identities of its data."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.errors import MissingExtra, NotFound
from gitrack.project import report
from gitrack.project.recording import record
from gitrack.project.wrapped import Asked, Outcome, run_command

if TYPE_CHECKING:
    from gitrack.project.streams import Ended
    from gitrack.tracking.run import Run

#: DVC's exit codes for a command line it cannot read, and for a folder without a DVC project.
_NOTHING_BEGUN = (253, 254)
#: Options of `dvc` itself that take a value.
_WITH_VALUE = ("--cd", "--cprofile-dump", "--wait-for-lock")


def asks_for_repro(command: Sequence[str]) -> list[str] | None:
    """The arguments of `dvc` if a command line is `dvc repro …`, else None."""
    program = Path(command[0]).name.removesuffix(".exe")
    arguments = list(command[1:])
    if program.startswith("python") and arguments[:2] == ["-m", "dvc"]:
        arguments = arguments[2:]
    elif program != "dvc":
        return None
    rest = iter(arguments)
    for argument in rest:
        if argument in _WITH_VALUE:
            next(rest, None)
        elif not argument.startswith("-"):
            return arguments if argument == "repro" else None
    return None


def repro(arguments: Sequence[str], asked: Asked, *, all_to_stderr: bool = False) -> Outcome:
    """Run `dvc` with these arguments, one of which is `repro`, as one run.

    What is asked for help or with `--dry` runs nothing, and is no run. Raises MissingExtra without
    DVC, NotFound where there is no pipeline, and what `start_run` raises.
    """
    if importlib.util.find_spec("dvc") is None:
        raise MissingExtra("a pipeline", "dvc", "dvc")
    if list(arguments) == ["repro"] and not Path("dvc.yaml").exists() and _in_dvc_project():
        raise NotFound(
            f"there is no dvc.yaml in {Path.cwd()}",
            hint="go to the folder that has one, or record any command:  gitrack run -- COMMAND",
        )
    shown = shlex.join(["dvc", *arguments])
    # -P: a folder of the user's that is called dvc must not be taken for the library
    command = [sys.executable, "-P", "-m", "gitrack.project.dvc_child", *arguments]
    with tempfile.TemporaryDirectory(prefix="gitrack-") as folder:
        path = Path(folder) / "report"
        environment = {report.VARIABLE: str(path)}
        if _runs_nothing(arguments):
            return _without_run(command, environment, all_to_stderr=all_to_stderr)

        def finish(run: Run, ended: Ended) -> None:
            record(run, report.read(path))

        def is_nothing(ended: Ended) -> bool:
            return ended.code in _NOTHING_BEGUN and not path.exists()

        return run_command(
            command,
            asked,
            shown=shown,
            environment=environment,
            all_to_stderr=all_to_stderr,
            finish=finish,
            is_nothing=is_nothing,
        )


def _in_dvc_project() -> bool:
    """False where DVC itself has something more telling to say."""
    return any((folder / ".dvc").is_dir() for folder in (Path.cwd(), *Path.cwd().parents))


def _runs_nothing(arguments: Sequence[str]) -> bool:
    return any(argument in ("--dry", "-h", "--help") for argument in arguments)


def _without_run(
    command: Sequence[str], environment: dict[str, str], *, all_to_stderr: bool
) -> Outcome:
    from gitrack.project import streams

    ended = streams.run(command, {**os.environ, **environment}, None, all_to_stderr=all_to_stderr)
    return Outcome(code=ended.code)
