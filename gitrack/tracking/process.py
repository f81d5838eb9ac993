"""Which process writes, and whether it still lives.

A number alone proves nothing: it is used again after a while, after a reboot and in every
container. So a mark carries the start time, the boot and the pid namespace too.
"""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path
from typing import Literal

import msgspec

Life = Literal["alive", "dead", "unknown"]


class ProcessMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A process, told apart from every other one, past and on other machines."""

    pid: int
    host: str
    started: str | None = None
    boot: str | None = None
    namespace: str | None = None

    def life(self) -> Life:
        """`unknown` when it ran where this process cannot look."""
        here = _here()
        if (self.host, self.boot, self.namespace) != (here.host, here.boot, here.namespace):
            return "unknown"
        started = start_time(self.pid)
        if started is None:
            return "dead"
        return "alive" if self.started is None or started == self.started else "dead"


def this_process() -> ProcessMark:
    """The mark of the calling process (right after a fork, too)."""
    pid = os.getpid()
    return msgspec.structs.replace(_here(), pid=pid, started=start_time(pid))


@functools.cache
def _here() -> ProcessMark:
    return ProcessMark(
        pid=0,
        host=platform.node(),
        boot=_first_line("/proc/sys/kernel/random/boot_id"),
        namespace=_link("/proc/self/ns/pid"),
    )


def start_time(pid: int) -> str | None:
    """When a process of this machine started, in whatever unit; None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _start_time_anywhere(pid)
    except OSError:
        return None
    # the name in parentheses may itself hold spaces and parentheses
    fields = stat.rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return fields[19].decode()


def _start_time_anywhere(pid: int) -> str | None:
    import psutil  # type: ignore[import-untyped,unused-ignore]  # ships no types

    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return None


def _first_line(path: str) -> str | None:
    try:
        return Path(path).read_text().strip() or None
    except OSError:
        return None


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 - not a file: Path would only wrap it
    except OSError:
        return None
