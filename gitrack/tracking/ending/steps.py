"""The whole history of a run that is too long for the branch, as one compact file for DVC."""

from __future__ import annotations

import gzip
import importlib.util
import io
import math
from array import array
from collections.abc import Sequence

from gitrack.model.history import History, Value

#: The kind of artifact.
WHOLE = "history"
_LARGEST_FLOAT32 = 3.0e38
_SMALLEST_FLOAT32 = 1.2e-38


def whole_history(history: History, taken: set[str]) -> tuple[str, bytes]:
    """(name, bytes): Parquet, or where pyarrow is missing compressed text of 7 digits.

    A run that is resumed again and again adds one file each time; `taken` are the names so far.
    """
    parquet = importlib.util.find_spec("pyarrow") is not None
    suffix = ".parquet" if parquet else ".tsv.gz"
    name, number = f"history{suffix}", 1
    while name in taken:
        number += 1
        name = f"history-{number}{suffix}"
    if parquet:
        return name, _parquet(history)
    return name, gzip.compress(history.to_tsv().encode(), mtime=0)


def _parquet(history: History) -> bytes:
    import pyarrow
    from pyarrow import parquet

    columns = {
        "step": pyarrow.array(history.steps, pyarrow.int64()),
        "time": pyarrow.array(history.times, pyarrow.float64()),
    }
    for name, column in history.columns.items():
        kind = pyarrow.float32() if _fits_float32(column) else pyarrow.float64()
        floats = _floats(column)
        columns[name] = pyarrow.array(floats, kind, from_pandas=False)
    out = io.BytesIO()
    table = pyarrow.Table.from_arrays(list(columns.values()), names=list(columns))
    parquet.write_table(
        table,
        out,
        compression="zstd",
        use_dictionary=False,
        use_byte_stream_split=[name for name in columns if name != "step"],
        write_statistics=False,
    )
    return out.getvalue()


def _floats(column: Sequence[Value]) -> Sequence[float | None]:
    if isinstance(column, array) and column.typecode == "d":
        return column
    return [None if value is None else float(value) for value in column]


def _fits_float32(column: Sequence[Value]) -> bool:
    """True if no value loses one of the 7 digits that are shown anywhere."""
    sizes = [abs(value) for value in column if value and math.isfinite(value)]
    if not sizes:
        return True
    # counters past 2**24 would be rounded to their neighbours
    largest_whole = max((size for size in sizes if isinstance(size, int)), default=0)
    return (
        min(sizes) > _SMALLEST_FLOAT32 and max(sizes) < _LARGEST_FLOAT32 and largest_whole <= 2**24
    )
