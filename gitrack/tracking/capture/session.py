"""The capture of one live run: begun at once, finished in a third of a second, never raising."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import msgspec

from gitrack.config.settings import Capture as Settings
from gitrack.model.run import Environment
from gitrack.store.git.repository import Repository
from gitrack.tracking.capture import console
from gitrack.tracking.capture.captured import Captured, save_file, save_record
from gitrack.tracking.capture.facts import Facts, known_facts, take_facts
from gitrack.tracking.capture.machine import allowed_variables
from gitrack.tracking.capture.system import SystemMetrics
from gitrack.tracking.capture.worker import LOOK, worker

#: A run shorter than this leaves nothing behind but its end: writing it down early would cost
#: more than it saves.
_FIRST_SAVE = 0.2
#: A last reading of the system says something only if the run took a while.
_WORTH_READING = 1.0


class Capture:
    """What a run captures by itself, from `begin` to `finish`."""

    def __init__(
        self, folder: Path, repository: Repository | None, settings: Settings, outbox: Path
    ) -> None:
        self._folder = folder
        self._repository = repository
        self._settings = settings
        self._outbox = outbox
        self._pid = os.getpid()
        self._began = time.monotonic()
        self._variables = allowed_variables(settings.environment_variables, os.environ)
        self._facts = Facts()
        self._complete = threading.Event()
        self._warnings: list[str] = []
        self._tail = console.Tail() if settings.output == "tail" else None
        self._system: SystemMetrics | None = None
        # held while the outbox is written to: `finish` must not leave a writer behind
        self._writing = threading.Lock()
        self._over = False
        self._command: str | None = None
        self._saved: Facts | None = None
        self._saved_output = 0

    @classmethod
    def begin(
        cls, folder: Path, repository: Repository | None, settings: Settings, *, outbox: Path
    ) -> Capture:
        """Start to capture. What is slow goes on in a thread; `folder` is where the run runs."""
        capture = cls(folder, repository, settings, outbox)
        facts = known_facts(repository, settings)
        if facts is not None:
            capture._facts = facts
            capture._complete.set()
        if capture._tail is not None:
            console.listen(capture._tail)
        try:
            worker().add(capture)
        except RuntimeError as trouble:  # no thread to be had, or Python is going down
            capture._warn(f"nothing is captured: {trouble}")
            capture._complete.set()
        return capture

    @property
    def known(self) -> Facts:
        """What has been found out by now."""
        return self._facts

    @property
    def hears(self) -> bool:
        """True if the end of what is printed is kept."""
        return self._tail is not None

    def hear(self, stream: str, text: str) -> None:
        """Take what a wrapped command printed as if this process had."""
        if self._tail is not None:
            self._tail.write(stream, text)

    def stands_for(self, command: str) -> None:
        """This process only wraps `command`, which is what the record shall name."""
        self._command = command

    def wait_for_code(self, timeout: float) -> None:
        """Until commit and changes are known: what runs next may change the checkout."""
        until = time.monotonic() + timeout
        while time.monotonic() < until and not self._complete.is_set():
            code = self._facts.code
            if code is not None and code.dirty is not None:
                return
            self._complete.wait(0.005)

    def finish(self, timeout: float = 0.3) -> Captured:
        """Stop, and give what there is by then."""
        ends = time.monotonic() + timeout
        if self._tail is not None:
            console.stop(self._tail)
        if not self._over and os.getpid() == self._pid:
            self._complete.wait(timeout)
            worker().drop(self)
            self._over = True
            # a save that is under way ends soon; a disk that hangs must not hang the run
            if self._writing.acquire(timeout=max(ends - time.monotonic(), 0.01)):
                self._writing.release()
            self._last_reading()
        return self._captured()

    def work(self) -> float | None:
        """The thread's part; see `worker.Job`."""
        try:
            return self._work()
        except Exception as trouble:  # noqa: BLE001 - a run goes on whatever capture meets
            self._warn(f"capture stopped: {type(trouble).__name__}: {trouble}")
            self._complete.set()
            return None

    def _work(self) -> float | None:
        if not self._complete.is_set():
            self._take()
        if self._over:
            return None
        waited = time.monotonic() - self._began
        if waited < _FIRST_SAVE:
            return _FIRST_SAVE - waited
        self._read_system()
        self._save()
        return LOOK

    def _take(self) -> None:
        from gitrack.tracking.capture.secrets import Scanner, preload

        facts = take_facts(self._folder, self._repository, self._settings, tell=self._tell)
        self._complete.set()
        if self._settings.secrets != "off":
            preload()
            # the verdict is remembered, so that nobody waits for it when the run ends
            scanner = Scanner("redact")
            for data in (facts.patch, facts.packages):
                if data is not None:
                    scanner.clean_bytes("", data)

    def _tell(self, facts: Facts) -> None:
        self._facts = facts

    def _read_system(self) -> None:
        every = self._settings.system_metrics
        if every is None:
            return
        if self._system is None:
            self._system = SystemMetrics(every, began=self._began)
        if time.monotonic() >= self._system.due:
            self._system.read()

    def _last_reading(self) -> None:
        if self._system is None or time.monotonic() - self._began < _WORTH_READING:
            return
        try:
            self._system.read()
        except Exception as trouble:  # noqa: BLE001 - a run goes on whatever capture meets
            self._warn(f"the system could not be read: {trouble}")

    def _save(self) -> None:
        """For the case that this process is killed: keep what there is in the outbox."""
        with self._writing:
            if self._over:
                return
            try:
                self._save_files()
            except OSError as trouble:
                self._warn(f"what was captured could not be kept in the outbox: {trouble}")

    def _save_files(self) -> None:
        facts = self._facts
        if facts is not self._saved:
            for name, data in (("code.patch", facts.patch), ("environment.txt", facts.packages)):
                if data is not None:
                    save_file(self._outbox, name, data)
            save_record(self._outbox, self._captured())
            self._saved = facts
        if self._tail is not None and self._tail.changes != self._saved_output:
            self._saved_output = self._tail.changes
            save_file(self._outbox, "output.txt", self._tail.data())
        if self._system is not None and self._system.rows:
            save_file(self._outbox, "system.tsv", self._system.tsv())

    def _captured(self) -> Captured:
        facts = self._facts
        environment = facts.environment
        if self._variables:
            environment = environment or Environment()
            environment = msgspec.structs.replace(environment, variables=self._variables)
        warnings = [*facts.warnings, *self._warnings]
        if self._settings.dirty == "warn" and facts.code is not None and facts.code.dirty:
            kept = "code.patch keeps them" if facts.patch else "they are not kept"
            warnings.append(f"the code has uncommitted changes; {kept}")
        if not self._complete.is_set():
            warnings.append("the run ended before its code and environment were captured")
        output = self._tail.data() if self._tail else b""
        system = self._system.tsv() if self._system else b""
        files = {
            "code.patch": facts.patch,
            "environment.txt": facts.packages,
            "output.txt": output,
            "system.tsv": system,
        }
        return Captured(
            code=facts.code,
            environment=environment,
            command=self._command or facts.command,
            files={name: data for name, data in files.items() if data},
            warnings=warnings,
        )

    def _warn(self, warning: str) -> None:
        if warning not in self._warnings:
            self._warnings.append(warning)
