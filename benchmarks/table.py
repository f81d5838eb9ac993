"""Medians and ratios as a table, and what a timing needs."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence


def milliseconds(work: Callable[[int], object], times: int) -> list[float]:
    """How long each call took; the number of the call is its argument."""
    taken: list[float] = []
    for number in range(times):
        start = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def cpu_milliseconds() -> float:
    """What this process and the children that it has waited for have used so far."""
    used = os.times()
    return (used.user + used.system + used.children_user + used.children_system) * 1000


def summary(taken: Sequence[float]) -> tuple[float, float, float]:
    """(median, 10th, 99th percentile)."""
    ordered = sorted(taken)
    last = len(ordered) - 1
    return statistics.median(ordered), ordered[last // 10], ordered[round(last * 0.99)]


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need, numbers to the right."""
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    print(f"\n{title}")
    for row in (heads, ["-" * width for width in widths], *rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))
