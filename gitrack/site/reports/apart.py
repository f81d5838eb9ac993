"""Draws what people specify in another process.

A specification is a program: it may run for ever, or take all memory, and then the library ends
the process that it is in. That one is not ours.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitrack.site.libraries import check

#: Seconds for one picture; ten thousand rows take less than two, more where much else goes on.
PATIENCE = 60


class CannotDraw(Exception):
    """Why there is no picture, as the library says it, or what became of the process."""


class Artist:
    """The other process: started when it is first needed, and again after each that ended."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def svg(self, spec: Mapping[str, Any]) -> str:
        """A picture of a specification that holds its data. Raises CannotDraw."""
        with self._lock:
            answer = self._ask(json.dumps(spec) + "\n")
        if "svg" not in answer:
            raise CannotDraw(answer["error"])
        return answer["svg"]

    def end(self) -> None:
        """Nothing is asked any more."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, line: str) -> dict[str, str]:
        process = self._process
        if process is None or process.poll() is not None:  # somebody may have ended it meanwhile
            self.end()
            process = self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._patience, give_up)
        timer.start()
        try:
            process.stdin.write(line)
            process.stdin.flush()
            told = process.stdout.readline()
        except BrokenPipeError:
            told = ""
        finally:
            timer.cancel()
        if told.endswith("\n"):
            return dict(json.loads(told))
        self.end()
        if late.is_set():
            return {"error": f"it was not done after {self._patience:g} seconds"}
        return {"error": "it takes more memory than there is"}

    def _start(self) -> subprocess.Popen[str]:
        check("vl_convert")
        artist = Path(__file__).with_name("artist.py")
        patience = str(max(1, round(self._patience) + 5))
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(artist), patience],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what the library says of a failure is a page of its places
            text=True,
            encoding="utf-8",
        )
        atexit.register(self._process.kill)
        return self._process


#: One for all charts of this process.
ARTIST = Artist()
