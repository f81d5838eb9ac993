"""Tables batch by batch, whole or in part: Parquet, frames, and whatever gives record batches."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gitrack.model.profile import ColumnProfile, TableProfile
from gitrack.tracking.content.survey import Detail, Survey, drawn

#: No more columns are told about.
MOST_COLUMNS = 2_000
#: A larger table is read in part.
MOST_CELLS = 50_000_000
#: Rows and bytes that are gathered before they are looked at.
_GATHERED_ROWS = 65_536
_GATHERED_BYTES = 16 * 1024 * 1024


class Unreadable(Exception):
    """The content is not what the name of the file says; the hash identifies it all the same."""

    def __init__(self, why: str, *, rows: int | None = None) -> None:
        super().__init__(why)
        self.rows = rows


def parquet_profile(paths: Sequence[Path], detail: Detail) -> TableProfile:
    """One Parquet file, or the files of one table. Raises Unreadable, and ImportError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        files = [pq.ParquetFile(path) for path in paths]
        schema = files[0].schema_arrow
        rows = sum(file.metadata.num_rows for file in files)
        share = min(1.0, MOST_CELLS / max(rows * len(schema), 1))
        survey = Survey(list(schema.types[:MOST_COLUMNS]), detail)
        if detail != "off":
            for table in gathered(_parquet_batches(files, schema, share)):
                survey.add(table)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise Unreadable(worded(error)) from error
    names = [column_name(name) for name in schema.names[:MOST_COLUMNS]]
    return TableProfile(
        rows=rows,
        read=survey.rows if detail != "off" and survey.rows < rows else None,
        sampled=survey.sampled,
        columns=survey.columns(names),
    )


def _parquet_batches(files: Sequence[Any], schema: Any, share: float) -> Iterator[Any]:
    """Groups of rows by lot; columns by name where a file has them in another order."""
    import pyarrow as pa

    wanted = schema.names[:MOST_COLUMNS]
    every = [(at, group) for at, file in enumerate(files) for group in range(file.num_row_groups)]
    chosen = random.Random(0).sample(every, max(1, round(len(every) * share))) if every else []
    groups_of: dict[int, list[int]] = {}
    for at, group in sorted(chosen):
        groups_of.setdefault(at, []).append(group)
    for at, groups in groups_of.items():
        file = files[at]
        alike = file.schema_arrow.names[:MOST_COLUMNS] == wanted
        for batch in file.iter_batches(_GATHERED_ROWS, row_groups=groups):
            columns = batch.columns[: len(wanted)] if alike else None
            if columns is None:
                here = batch.schema.names
                columns = [
                    batch.column(here.index(name)) if name in here else pa.nulls(batch.num_rows)
                    for name in wanted
                ]
            pairs = zip(columns, schema.types, strict=False)
            yield positional([_as(column, type_) for column, type_ in pairs], batch.num_rows)


def _as(column: Any, type_: Any) -> Any:
    return column if column.type == type_ else column.cast(type_)


def arrow_profile(
    batches: Iterator[Any], schema: Any, rows: int | None, detail: Detail
) -> TableProfile:
    """Record batches of one schema, so many as are not too many, all in all of `rows` rows."""
    survey = Survey(list(schema.types[:MOST_COLUMNS]), detail)
    most = max(1, MOST_CELLS // max(len(schema), 1))
    if detail != "off":
        plain = (positional(batch.columns[:MOST_COLUMNS], batch.num_rows) for batch in batches)
        for table in gathered(plain):
            survey.add(table)
            if survey.rows >= most:
                break
    names = [column_name(name) for name in schema.names[:MOST_COLUMNS]]
    rows = survey.rows if rows is None and detail != "off" else rows
    part = rows is not None and detail != "off" and survey.rows < rows
    return TableProfile(
        rows=rows,
        read=survey.rows if part else None,
        sampled=survey.sampled,
        columns=survey.columns(names),
    )


def frame_profile(frame: Any, detail: Detail) -> TableProfile:
    """A pandas DataFrame. Without pyarrow only the names and types of its columns are told."""
    shown = min(len(frame.columns), MOST_COLUMNS)
    names = [column_name(str(name)) for name in frame.columns[:shown]]
    halved = max(0, math.ceil(math.log2(max(len(frame) * shown, 1) / MOST_CELLS)))
    part = frame.iloc[:, :shown]
    if halved:
        import numpy as np

        part = part[drawn(np.arange(len(frame)), halved)]
    try:
        columns = [_arrow_column(part.iloc[:, at]) for at in range(shown)]
    except ImportError:
        types = [str(dtype) for dtype in frame.dtypes[:shown]]
        plain = [ColumnProfile(name=n, type=t) for n, t in zip(names, types, strict=True)]
        return TableProfile(rows=len(frame), columns=plain)
    survey = Survey([column.type for column in columns], detail)
    if shown and len(part):
        survey.add(positional(columns, len(part)))
    return TableProfile(
        rows=len(frame),
        read=len(part) if halved and detail != "off" else None,
        sampled=survey.sampled,
        columns=survey.columns(names),
    )


def _arrow_column(series: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # of several kinds, or one that Arrow does not know: by their texts
        missing = series.isna()
        return pa.array([None if gone else str(value) for value, gone in zip(series, missing)])  # noqa: B905


def gathered(batches: Iterator[Any]) -> Iterator[Any]:
    """Many small batches as fewer larger ones: each costs some time per column."""
    import pyarrow as pa

    waiting: list[Any] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GATHERED_ROWS or size >= _GATHERED_BYTES:
            yield pa.concat_tables(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.concat_tables(waiting)


def positional(columns: Sequence[Any], rows: int) -> Any:
    """A table whose columns are called by their number: names may be there twice."""
    import pyarrow as pa

    names = [str(at) for at in range(len(columns))]
    return pa.table(list(columns), names=names)


def column_name(name: str) -> str:
    """A name that JSON can hold."""
    return name.encode("utf-8", "backslashreplace").decode()


def worded(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__
