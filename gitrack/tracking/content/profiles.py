"""Rows, columns and a profile of data, as far as they can be had cheaply."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

_CHUNK = 4 * 1024 * 1024
#: Counting the lines of larger files would take longer than a run should wait.
_MOST_COUNTED = 2_000_000_000
_TEXT = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_MOST_COLUMNS = 2_000


class Profile(NamedTuple):
    """What is known of a table. `schema` is the content of its profile file, if any."""

    rows: int | None = None
    columns: int | None = None
    schema: list[dict[str, Any]] | None = None


def profile_of_path(path: Path) -> Profile:
    """Of CSV, TSV, JSON lines and Parquet files, and folders of Parquet files."""
    if path.is_dir():
        parts = sorted(path.rglob("*.parquet"))
        return _of_parquet(parts) if parts else Profile()
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return _of_parquet([path])
    if suffix in _TEXT:
        return _of_text(path, _TEXT[suffix])
    if suffix in (".jsonl", ".ndjson"):
        return Profile(rows=_lines(path))
    return Profile()


def profile_of_frame(frame: Any) -> Profile:
    """Of a pandas DataFrame."""
    schema = [
        _column(str(name), frame.iloc[:, position])
        for position, name in enumerate(frame.columns[:_MOST_COLUMNS])
    ]
    return Profile(rows=len(frame), columns=len(frame.columns), schema=schema)


def profile_json(schema: list[dict[str, Any]]) -> bytes:
    """The profile file: a line a column, so that two of them can be compared by diff."""
    lines = ",\n".join(json.dumps(column, ensure_ascii=False, allow_nan=False) for column in schema)
    return f'{{"columns": [\n{lines}\n]}}\n'.encode("utf-8", "backslashreplace")


def _of_parquet(paths: list[Path]) -> Profile:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        return Profile()  # the hash identifies it all the same
    try:
        metas = [parquet.read_metadata(path) for path in paths]
    except (arrow.ArrowInvalid, OSError):
        return Profile()  # named like Parquet, but something else
    schema = metas[0].schema.to_arrow_schema()
    columns = [{"name": field.name, "type": str(field.type)} for field in schema]
    return Profile(rows=sum(meta.num_rows for meta in metas), columns=len(columns), schema=columns)


def _of_text(path: Path, separator: str) -> Profile:
    with path.open("rb") as file:
        head = file.read(1_000_000)
    if not head.strip():
        return Profile(rows=0, columns=0)
    first = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    line = first.partition("\n")[0]
    if separator == "," and line.count(";") > line.count(","):
        separator = ";"
    try:
        names = next(csv.reader(io.StringIO(first, newline=""), delimiter=separator))
    except (csv.Error, StopIteration):
        return Profile()
    lines = _lines(path)
    return Profile(
        rows=None if lines is None else max(lines - 1, 0),
        columns=len(names),
        schema=[{"name": name} for name in names[:_MOST_COLUMNS]],
    )


def _lines(path: Path) -> int | None:
    """Lines, where a line break inside quotes is none; blank lines at the end do not count."""
    if path.stat().st_size > _MOST_COUNTED:
        return None
    count = 0
    quoted = False
    blank = True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if quoted or b'"' in chunk:
                for number, piece in enumerate(chunk.split(b'"')):
                    if number:
                        quoted = not quoted
                    if not quoted:
                        count += piece.count(b"\n")
            else:
                count += chunk.count(b"\n")
            blank = chunk.endswith(b"\n")
            last = chunk
    if count and blank:
        end = last[-4096:].replace(b"\r", b"")
        count -= len(end) - len(end.rstrip(b"\n")) - 1
    return count if blank else count + 1


def _column(name: str, values: Any) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "type": str(values.dtype)}
    missing = int(values.isna().sum())
    if missing:
        described["missing"] = missing
    kind = getattr(values.dtype, "kind", "O")
    if kind in "iuf" and len(values) > missing:
        described |= {
            what: _number(getattr(values, what)()) for what in ("min", "max", "mean", "std")
        }
    elif kind == "M" and len(values) > missing:
        described |= {"min": values.min().isoformat(), "max": values.max().isoformat()}
    elif kind == "b":
        described["true"] = int(values.sum())
    elif kind == "O" or str(values.dtype) in ("category", "str", "string"):
        described["distinct"] = _distinct(values)
    return {key: value for key, value in described.items() if value is not None}


def _number(value: Any) -> float | int | None:
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int):
        return plain
    return float(f"{plain:.7g}") if isinstance(plain, float) and math.isfinite(plain) else None


def _distinct(values: Any) -> int | None:
    try:
        return int(values.nunique())
    except TypeError:
        return None  # lists and dicts cannot be compared
