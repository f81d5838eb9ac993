"""The order of runs by their cells (missing and NaN last, either way), and that of metrics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_SPLITS = ("test", "val", "eval", "dev", "holdout")
_TRAIN = re.compile(r"train", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def number_of(cell: object) -> int | float | None:
    """A number, or a text that is written like one; truth values are none."""
    if isinstance(cell, int | float):
        return None if isinstance(cell, bool) else cell
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        return float(cell)
    return None


def telling(metric: str) -> tuple[int, str]:
    """Sorts metrics by what they tell of a run: the test set's first, those of training last."""
    lower = metric.lower()
    for rank, split in enumerate(_SPLITS):
        if lower.startswith(split):
            return rank, metric
    return len(_SPLITS) + bool(_TRAIN.search(metric)), metric


def newest_first(rows: Sequence[int], ids: Sequence[Any], started: Sequence[Any]) -> list[int]:
    """Rows by their start, the last first; ties by id."""
    by_id = sorted(rows, key=ids.__getitem__)
    return sorted(by_id, key=lambda row: str(started[row] or ""), reverse=True)


def sorted_by(rows: Sequence[int], cells: Sequence[Any], *, descending: bool) -> list[int]:
    """Present values in order, then NaN, then missing; equal ones stay as they were."""
    present = [row for row in rows if (cell := cells[row]) is not None and cell == cell]
    rest: list[int] = []
    if len(present) < len(rows):
        rest += [row for row in rows if (cell := cells[row]) is not None and cell != cell]
        rest += [row for row in rows if cells[row] is None]
    if {type(cells[row]) for row in present} <= {int, float}:
        present.sort(key=cells.__getitem__, reverse=descending)
    else:
        present.sort(key=lambda row: _rank(cells[row]), reverse=descending)
    return present + rest


def _rank(cell: object) -> tuple[int, float | int, str]:
    """Numbers, and texts written like one, before other texts."""
    if isinstance(cell, list):  # the datasets of a run
        return 1, 0, "\n".join(map(str, cell))
    number = int(cell) if isinstance(cell, bool) else number_of(cell)
    return (1, 0, str(cell)) if number is None else (0, number, "")
