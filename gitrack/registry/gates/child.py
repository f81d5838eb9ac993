"""A child process with an end: what it prints goes to files, of which the tail is read."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

_TAIL = 16_000


class Ended(msgspec.Struct, frozen=True):
    """How it ended: no code, if it was ended for being late. `out` and `err` are the tails."""

    code: int | None
    out: str
    err: str


def run_child(
    arguments: Sequence[str],
    *,
    folder: Path,
    stdin: bytes,
    timeout: float,
    environment: Mapping[str, str],
) -> Ended:
    """Run to its end, or to `timeout` seconds, then end it with all that it started. OSError."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        child = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=given,
            stdout=out,
            stderr=err,
            env=dict(environment),
            start_new_session=os.name == "posix",
        )
        code: int | None = None
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if code is None:
                _end(child)
        return Ended(code, _tail(out), _tail(err))


def _end(child: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    return file.read().decode("utf-8", "replace")
