"""All runs as one Parquet file: a row a run, columns by the names of the filter language."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from gitrack.model.run import Run, Scalar
from gitrack.site import display
from gitrack.site.libraries import require

PATH = "data/runs.parquet"
_TIMES = ("started", "ended")


def parquet(runs: Sequence[Run]) -> bytes:
    """Runs in the order given. Numbers are float64, times UTC; a mixed column is text."""
    pa = require("pyarrow")
    write_table = require("pyarrow.parquet").write_table
    columns: dict[str, Any] = {}
    for name, values in _plain(runs):
        columns[name] = pa.array(values, pa.string())
    for name in _TIMES:
        times = [display.moment(getattr(run, name)) for run in runs]
        columns[name] = pa.array(times, pa.timestamp("ms", "UTC"))
    for group in ("params", "metrics", "tags"):
        maps = [getattr(run, group) for run in runs]
        for name in sorted({name for one in maps for name in one}):
            values = [one.get(name) for one in maps]
            columns[f"{group}.{display.visible(name)}"] = _array(pa, values)
    sink = pa.BufferOutputStream()
    write_table(pa.table(columns), sink, compression="zstd")
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _plain(runs: Sequence[Run]) -> list[tuple[str, list[str | None]]]:
    read: dict[str, Callable[[Run], str | None]] = {
        "id": lambda run: run.id,
        "name": lambda run: run.name,
        "experiment": lambda run: run.experiment,
        "status": lambda run: str(run.status),
        "author": lambda run: run.author,
        "commit": lambda run: run.code.commit if run.code else None,
    }
    return [(name, [_text(value(run)) for run in runs]) for name, value in read.items()]


def _array(pa: Any, values: Sequence[Scalar]) -> Any:
    known = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in known):
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return pa.array([None if v is None else _float(v) for v in values], pa.float64())
    return pa.array([None if v is None else _text(display.setting(v)) for v in values], pa.string())


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _text(value: str | None) -> str | None:
    return None if value is None else display.visible(value)
