"""Tables as files: pandas and polars frames, dicts of columns and lists of rows."""

from __future__ import annotations

import io
from typing import Any

from gitrack.errors import MissingExtra, UsageError
from gitrack.tracking.content.kinds import described, library_of, suffix_of

_FORMATS = (".csv", ".tsv", ".parquet", ".json", ".jsonl", ".html", ".md")


def frame_bytes(frame: object, name: str) -> tuple[str, bytes]:
    """The file's name, `.csv` added if it has no suffix, and its bytes in the suffix's format."""
    suffix = suffix_of(name)
    if not suffix:
        name, suffix = f"{name}.csv", ".csv"
    if suffix not in _FORMATS[:5]:
        raise UsageError(
            f"a table cannot be saved as {name!r}",
            hint=f"end the name in one of {', '.join(_FORMATS[:5])}",
        )
    table = as_pandas(frame)
    # a plain count of rows says nothing; any other index does
    index = not _counts(table.index)
    if suffix == ".parquet":
        return name, _parquet(table, index=index)
    if suffix in (".csv", ".tsv"):
        separator = "\t" if suffix == ".tsv" else ","
        text: str = table.to_csv(None, sep=separator, index=index, lineterminator="\n")
        return name, text.encode("utf-8", "backslashreplace")
    rows = table.reset_index() if index else table
    text = rows.to_json(None, orient="records", date_format="iso", lines=suffix == ".jsonl")
    return name, (text.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def as_pandas(frame: object) -> Any:
    """A pandas DataFrame of what people call a table."""
    if "pandas" in library_of(frame) and hasattr(frame, "columns"):
        return frame
    if "pandas" in library_of(frame) and hasattr(frame, "to_frame"):
        return frame.to_frame()
    for method in ("to_pandas", "__dataframe__"):  # polars, pyarrow, and who keeps the protocol
        if hasattr(frame, method) and not isinstance(frame, type):
            return _converted(frame, method)
    if not isinstance(frame, (dict, list)) and not (
        "numpy" in library_of(frame) and hasattr(frame, "ndim")
    ):
        raise UsageError(
            f"a {described(frame)} is not a table",
            hint="give a DataFrame, a dict of columns or a list of rows",
        )
    pandas = _pandas()
    try:
        return pandas.DataFrame(frame)
    except (ValueError, TypeError) as error:
        raise UsageError(f"this {described(frame)} is not a table: {error}") from error


def _converted(frame: Any, method: str) -> Any:
    pandas = _pandas()
    if method == "__dataframe__":
        return pandas.api.interchange.from_dataframe(frame)
    if hasattr(frame, "to_frame"):  # a column of polars
        frame = frame.to_frame()
    table = _arrow(frame)
    if table is None:
        converted = frame.to_pandas()
        return converted if hasattr(converted, "columns") else converted.to_frame()
    return _of_arrow(table)


def _arrow(frame: Any) -> Any:
    """The Arrow table that `frame` is or can become; None where there is no such thing."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    table = frame.to_arrow() if hasattr(frame, "to_arrow") else frame
    return table if isinstance(table, pa.Table) else None


def _of_arrow(table: Any) -> Any:
    """With whole numbers as they are: a missing one would make floats of the others."""
    import pandas
    import pyarrow as pa

    kinds = {
        getattr(pa, name.lower())(): getattr(pandas, f"{name}Dtype")()
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    }
    frame = table.to_pandas()
    for at, column in enumerate(table.columns):
        if column.null_count and column.type in kinds:
            name = table.column_names[at]
            if name in frame.columns:  # what pandas has made its index of is none any more
                exact = column.to_pandas(types_mapper=kinds.get)
                frame[name] = exact.set_axis(frame.index)
    return frame


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise MissingExtra("a table", "pandas", "data") from error
    return pandas


def _parquet(table: Any, *, index: bool) -> bytes:
    out = io.BytesIO()
    named = (
        table.rename(columns=str) if not all(isinstance(c, str) for c in table.columns) else table
    )
    try:
        named.to_parquet(out, index=index, compression="zstd")
    except ImportError as error:
        raise MissingExtra("a table as Parquet", "pyarrow", "data") from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"this table cannot be saved as Parquet: {error}") from error
    return out.getvalue()


def _counts(index: Any) -> bool:
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
