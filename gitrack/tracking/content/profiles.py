"""Rows, columns and a profile of data, as far as they can be had without a long wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from gitrack.model.profile import TableProfile
from gitrack.tracking.content import tables, texts
from gitrack.tracking.content.survey import Detail

_TEXT = (".csv", ".tsv", ".tab", ".txt")
_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
_PACKED = (".gz", ".gzip")


class Profile(NamedTuple):
    """What is known of data. `kind` is how they are kept; `trouble` why nothing more is known."""

    rows: int | None = None
    columns: int | None = None
    kind: str | None = None
    table: TableProfile | None = None
    trouble: str | None = None


def profile_of_path(path: Path, detail: Detail = "full") -> Profile:
    """Of CSV, TSV, JSON lines and Parquet files, and folders of Parquet files.

    Raises OSError where the file cannot be read at all.
    """
    parts: list[Path] = []
    if path.is_dir():
        parts = sorted(found for found in path.rglob("*") if found.suffix.lower() in _PARQUET)
        kind = "parquet" if parts else "folder"
    else:
        path.stat()
        kind, parts = kind_of(path), [path]
    try:
        return _profile(path, kind, parts, detail)
    except tables.Unreadable as error:
        return Profile(rows=error.rows, kind=kind, trouble=str(error))
    except ImportError:
        return Profile(kind=kind)  # the hash identifies it all the same


def kind_of(path: Path) -> str:
    """`csv`, `jsonl`, `parquet` or `file`, by its name."""
    suffix = _suffixes(path)[0]
    if suffix in _TEXT[:3]:
        return "csv"
    return "jsonl" if suffix in _LINES else "parquet" if suffix in _PARQUET else "file"


def plain_name(path: Path) -> str:
    """`flights` of `flights.csv.gz`."""
    name = path.name
    if path.suffix.lower() in _PACKED:
        name = name[: -len(path.suffix)]
    return Path(name).stem


def _suffixes(path: Path) -> tuple[str, bool]:
    """What it is, and whether it is packed."""
    suffix = path.suffix.lower()
    if suffix not in _PACKED:
        return suffix, False
    return Path(path.stem).suffix.lower(), True


def _profile(path: Path, kind: str, parts: list[Path], detail: Detail) -> Profile:
    packed = not path.is_dir() and _suffixes(path)[1]
    if kind == "parquet" and not packed:
        import pyarrow.parquet as pq

        table = tables.parquet_profile(parts, detail)
        width = len(pq.read_schema(parts[0]))
    elif kind == "csv":
        table, width = texts.csv_profile(path, detail, packed=packed)
    elif kind == "jsonl":
        table, width = texts.json_lines_profile(path, detail, packed=packed)
    else:
        return Profile(kind=kind)
    return Profile(rows=table.rows, columns=width, kind=kind, table=table)


def profile_of_frame(frame: Any, detail: Detail = "full") -> Profile:
    """Of a pandas DataFrame."""
    table = tables.frame_profile(frame, detail)
    return Profile(rows=len(frame), columns=len(frame.columns), kind="frame", table=table)
