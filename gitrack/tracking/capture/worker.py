"""The one thread that captures: it takes what is slow, and looks at live runs now and then."""

from __future__ import annotations

import os
import threading
import time
from typing import Protocol

#: Seconds between two looks at what the console printed.
LOOK = 1.0


class Job(Protocol):
    """A live capture, as the thread sees it."""

    def work(self) -> float | None:
        """Do what is due; the seconds until the next look, or None to be left alone."""


class Worker:
    """A daemon thread that lives as long as there are jobs and sleeps when none is due."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[Job, float] = {}
        self._thread: threading.Thread | None = None

    def add(self, job: Job) -> None:
        """Look after a job from now on."""
        with self._changed:
            self._jobs[job] = 0.0
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="gitrack", daemon=True)
                thread.start()
                self._thread = thread
            self._changed.notify()

    def drop(self, job: Job) -> None:
        """Forget a job."""
        with self._changed:
            self._jobs.pop(job, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    # a sweep starts its next run soon: starting a thread anew costs more
                    if not self._changed.wait(timeout=60) and not self._jobs:
                        self._thread = None
                        return
                job, due = min(self._jobs.items(), key=lambda entry: entry[1])
                wait = due - time.monotonic()
                if wait > 0:
                    self._changed.wait(timeout=wait)
                    continue
            again = job.work()
            with self._changed:
                if again is None:
                    self._jobs.pop(job, None)
                elif job in self._jobs:
                    self._jobs[job] = time.monotonic() + again


_worker = Worker()


def worker() -> Worker:
    """This process's worker."""
    return _worker


def _after_fork() -> None:
    global _worker
    # the thread stayed in the parent, and with it the runs that it looks after
    _worker = Worker()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
