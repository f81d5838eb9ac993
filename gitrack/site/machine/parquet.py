"""All runs as one Parquet file: a row a run, columns by the names of the filter language."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
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
        columns[name] = _texts(pa, values)
    for name in _TIMES:
        columns[name] = _times(pa, [getattr(run, name) for run in runs])
    for group in ("params", "metrics", "tags"):
        found = _columns([getattr(run, group) for run in runs])
        for name in sorted(found):
            columns[f"{group}.{display.visible(name)}"] = _array(pa, found[name])
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    sink = pa.BufferOutputStream()
    write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _columns(maps: Sequence[Mapping[str, Scalar]]) -> dict[str, list[Scalar]]:
    """The values of each name, None where a row has none."""
    found: dict[str, list[Scalar]] = {}
    for row, one in enumerate(maps):
        for name, value in one.items():
            if name not in found:
                found[name] = [None] * len(maps)
            found[name][row] = value
    return found


def _plain(runs: Sequence[Run]) -> list[tuple[str, list[str | None]]]:
    read: dict[str, Callable[[Run], str | None]] = {
        "id": lambda run: run.id,
        "name": lambda run: run.name,
        "experiment": lambda run: run.experiment,
        "status": lambda run: str(run.status),
        "author": lambda run: display.person(run.author),
        "commit": lambda run: run.code.commit if run.code else None,
    }
    return [(name, _visible([value(run) for run in runs])) for name, value in read.items()]


def _array(pa: Any, values: Sequence[Scalar]) -> Any:
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {bool}:
        return _from_buffers(pa, pa.bool_(), values, _bits(map(bool, values)))
    if kinds <= {int, float}:
        return _from_buffers(pa, pa.float64(), values, _floats(values))
    return _texts(pa, _visible([_text(value) for value in values]))


def _text(value: Scalar) -> str | None:
    return value if value is None or isinstance(value, str) else display.setting(value)


def _times(pa: Any, values: Sequence[str | None]) -> Any:
    moments = [display.moment(value) for value in values]
    stamps = (0 if when is None else round(when.timestamp() * 1000) for when in moments)
    return _from_buffers(pa, pa.timestamp("ms", "UTC"), moments, array("q", stamps))


def _texts(pa: Any, values: Sequence[str | None]) -> Any:
    encoded = [b"" if value is None else value.encode("utf-8") for value in values]
    ends = array("i", accumulate(map(len, encoded), initial=0))
    return _from_buffers(pa, pa.string(), values, ends, b"".join(encoded))


def _from_buffers(pa: Any, kind: Any, values: Sequence[object], *buffers: Any) -> Any:
    """A column from memory as Arrow lays it out.

    `pyarrow.array` would do the same, but it loads pandas first, which takes longer than the rest.
    """
    known = _bits([value is not None for value in values]) if None in values else None
    held = [None if buffer is None else pa.py_buffer(buffer) for buffer in (known, *buffers)]
    return pa.Array.from_buffers(kind, len(values), held)


def _bits(flags: Iterable[bool]) -> bytes:
    """Eight flags a byte, the first one lowest."""
    digits = "".join(["1" if flag else "0" for flag in flags])
    return int(digits[::-1] or "0", 2).to_bytes((len(digits) + 7) // 8, "little")


def _floats(values: Sequence[Any]) -> array[float]:
    there = [0.0 if value is None else value for value in values]
    try:
        return array("d", there)
    except OverflowError:
        return array("d", map(_float, there))


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _visible(values: Sequence[str | None]) -> list[str | None]:
    shown = {value: display.visible(value) for value in set(values) if value is not None}
    return [None if value is None else shown[value] for value in values]
