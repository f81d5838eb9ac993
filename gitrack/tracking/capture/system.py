"""System metrics at an interval, as a table that never grows beyond a screenful or two."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any

#: Rows kept; beyond, neighbours are joined and the interval doubles.
MOST_ROWS = 200

_MB = 1e6

#: How two neighbouring readings become one: rates by their mean, levels by their peak (what
#: counts is whether memory ran out), counters by the later one.
_JOIN: dict[str, Callable[[float, float], float]] = {
    "time": max,
    "cpu_percent": lambda a, b: (a + b) / 2,
    "process_cpu_percent": lambda a, b: (a + b) / 2,
    "memory_mb": max,
    "process_memory_mb": max,
    "disk_read_mb": max,
    "disk_written_mb": max,
    "network_received_mb": max,
    "network_sent_mb": max,
}
_GPU_JOIN: dict[str, Callable[[float, float], float]] = {
    "percent": lambda a, b: (a + b) / 2,
    "memory_mb": max,
}


class SystemMetrics:
    """Readings of one run. `due` says when the next one is worth taking."""

    def __init__(
        self,
        every: float,
        *,
        began: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._every = every
        self._clock = clock
        self._began = clock() if began is None else began
        self._probe: _Probe | None = None
        self.rows: list[dict[str, float]] = []
        self.due = self._began

    def read(self) -> None:
        """Take a reading."""
        now = self._clock()
        if self._probe is None:
            self._probe = _Probe(now)
        self.rows.append({"time": now - self._began, **self._probe.read(now)})
        if len(self.rows) > MOST_ROWS:
            self._thin()
        self.due = now + self._every

    def tsv(self) -> bytes:
        """`system.tsv`: a line of names, then a line a reading; empty without readings."""
        if not self.rows:
            return b""
        names = list(self.rows[-1])
        lines = ["\t".join(names)]
        lines += ["\t".join(_shown(row.get(name)) for name in names) for row in self.rows]
        return ("\n".join(lines) + "\n").encode()

    def _thin(self) -> None:
        rows = self.rows
        joined = [_joined(a, b) for a, b in zip(rows[::2], rows[1::2], strict=False)]
        self.rows = joined + (rows[-1:] if len(rows) % 2 else [])
        self._every *= 2


class _Probe:
    """What the system counts, as differences to the last and the first look."""

    def __init__(self, now: float) -> None:
        import psutil

        self._psutil = psutil
        self._process = psutil.Process()
        self._gpus = _gpu_handles()
        self._last = now
        self._cpu = self._busy()
        self._own = self._own_seconds()
        self._counters = self._count()

    def read(self, now: float) -> dict[str, float]:
        elapsed = now - self._last
        busy, total = self._busy()
        own = self._own_seconds()
        share = (busy - self._cpu[0]) / (total - self._cpu[1]) if total > self._cpu[1] else 0.0
        row = {
            "cpu_percent": 100 * max(share, 0.0),
            "process_cpu_percent": 100 * (own - self._own) / elapsed if elapsed > 0 else 0.0,
            "memory_mb": self._used_memory(),
            "process_memory_mb": self._process.memory_info().rss / _MB,
        }
        for name, count in self._count().items():
            row[name] = (count - self._counters.get(name, count)) / _MB
        self._last, self._cpu, self._own = now, (busy, total), own
        return row | self._gpu_row()

    def _busy(self) -> tuple[float, float]:
        times = self._psutil.cpu_times()
        total = float(sum(times))
        return total - times.idle - getattr(times, "iowait", 0.0), total

    def _own_seconds(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _used_memory(self) -> float:
        memory = self._psutil.virtual_memory()
        return float(memory.total - memory.available) / _MB

    def _count(self) -> dict[str, float]:
        counted: dict[str, float] = {}
        # both are None, or refused, in some containers
        try:
            disk = self._psutil.disk_io_counters()
            net = self._psutil.net_io_counters()
        except (OSError, self._psutil.Error, RuntimeError):
            return counted
        if disk is not None:
            counted |= {"disk_read_mb": disk.read_bytes, "disk_written_mb": disk.write_bytes}
        if net is not None:
            counted |= {"network_received_mb": net.bytes_recv, "network_sent_mb": net.bytes_sent}
        return counted

    def _gpu_row(self) -> dict[str, float]:
        row: dict[str, float] = {}
        for index, (nvml, handle) in enumerate(self._gpus):
            try:
                row[f"gpu{index}_percent"] = float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
                row[f"gpu{index}_memory_mb"] = nvml.nvmlDeviceGetMemoryInfo(handle).used / _MB
            except nvml.NVMLError:
                continue  # a card that fell off the bus has no reading; the others do
        return row


def _gpu_handles() -> list[tuple[Any, Any]]:
    if importlib.util.find_spec("pynvml") is None:
        return []
    import pynvml

    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        return [(pynvml, pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
    except pynvml.NVMLError:
        return []  # the library without a driver


def _joined(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
    joined = dict(second)
    for name, value in first.items():
        join = _JOIN.get(name) or _GPU_JOIN[name.partition("_")[2]]
        joined[name] = join(value, second[name]) if name in second else value
    return joined


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"
