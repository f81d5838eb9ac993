"""A table of runs in memory, as the filter language wants one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Columns:
    """Columns given by name; all of one length."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = dict(columns)
        self.rows = len(next(iter(self._columns.values()), []))

    def names(self) -> list[str]:
        return [name for name, cells in self._columns.items() if any(c is not None for c in cells)]

    def column(self, name: str) -> Sequence[Any]:
        return self._columns.get(name, [None] * self.rows)


NAN = float("nan")

RUNS = Columns(
    {
        "id": ["a", "b", "c", "d"],
        "name": ["xgb-lr005", "lgb", "it's", "100%_done"],
        "experiment": ["e", "e", "f", "f"],
        "status": ["finished", "failed", "running", "finished"],
        "started": [
            "2026-01-01T00:00:00.000Z",
            "2026-01-02T12:00:00.000Z",
            "2026-02-01T00:00:00.000Z",
            "2025-01-01T00:00:00.000Z",
        ],
        "ended": ["2026-01-01T02:00:00.000Z", "2026-01-02T12:00:30.000Z", None, None],
        "author": ["Ada <ada@x.org>", None, "Bob", "Bob"],
        "params.max_depth": [8, "8", None, 6.0],
        "params.lr": [0.05, "0.1", "auto", True],
        "params.cutoff": ["2024-09-30", "2024-10-14", None, "soon"],
        "metrics.auc": [0.9, NAN, None, 0.7],
        "metrics.val/auc": [0.5, None, None, None],
        "metrics.odd.min": [1, None, None, None],
        "metrics.odd": [5, 5, None, None],
        "curves.odd.min": [None, 4, None, None],
        "curves.auc.max": [0.95, None, None, None],
        "curves.auc.count": [10, None, None, None],
        "tags.hypothesis": ["Adding Weather features", None, "x", "y"],
        "tags.a b": ["1", None, None, None],
        "tags.auc": [None, "q", None, None],
        "code.commit": ["3d5e" * 10, None, "a" * 40, None],
        "data.flights.role": ["train", None, "test", None],
        "data.flights.dvc": ["md5:abc", None, None, None],
        "data.flights.rows": [100, None, 5, None],
        "data.w.role": ["test", None, None, None],
        "data.flights.name": ["flights", None, "flights", None],
        "data.w.name": ["w", None, None, None],
    }
)
