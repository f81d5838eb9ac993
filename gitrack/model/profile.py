"""What is known of the columns of a table: its profile, as `data/<name>.json` keeps it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec

from gitrack.errors import UnreadableFile

#: Which shares of the values lie at or below each of the `quantiles`.
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)

#: How many of something.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]

#: A value as a profile keeps it: a moment is ISO 8601 text, in UTC where it has a zone.
Value = str | int | float | bool

_MOST_BYTES = 64 * 1024 * 1024


class Histogram(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many values lie from `start` on in each of the bins; fewer or more are counted apart.

    `width` is a power of two and `start` a multiple of it (of moments: seconds since 1970). So
    the edges of any two histograms are the same, but for the finer one having some in between.
    """

    start: float | int
    width: float | int
    counts: list[Count]
    below: Count = 0
    above: Count = 0


class ColumnProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column. What does not apply to its type, or is not known, is left out.

    NaN counts as missing; `min` to `histogram` are of finite values. `top` are values and how
    often each was seen, of columns with few of them; what is rare or long is not named.
    """

    name: str
    type: str | None = None
    missing: Count = 0
    infinite: Count = 0
    distinct: Count | None = None
    true: Count | None = None
    min: Value | None = None
    max: Value | None = None
    mean: float | int | None = None
    std: float | int | None = None
    quantiles: list[Value] | None = None
    histogram: Histogram | None = None
    top: list[tuple[Value, Count]] | None = None


class TableProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A table: its rows and its columns.

    `read` says that only so many rows were looked at; `sampled` that `distinct`, `quantiles` and
    `top` are of so many of them, evenly spread; `skipped` how many rows were not well formed.
    """

    rows: Count | None = None
    read: Count | None = None
    sampled: Count | None = None
    skipped: Count | None = None
    columns: list[ColumnProfile] = []

    @property
    def looked_at(self) -> int | None:
        """The rows that `missing`, `mean` and their like are about."""
        return self.rows if self.read is None else self.read


def dump_profile(profile: TableProfile) -> bytes:
    """The file: a line a column, so that two of them can be compared by diff."""
    head: dict[str, Any] = msgspec.to_builtins(profile)
    columns = head.pop("columns", [])
    lines = ",\n".join(_line(column) for column in columns)
    start = "".join(f'"{name}": {value}, ' for name, value in head.items())
    return f'{{{start}"columns": [\n{lines}\n]}}\n'.encode("utf-8", "backslashreplace")


def load_profile(path: str, data: bytes) -> TableProfile:
    """A profile from the branch, where anybody may have put it. Raises UnreadableFile."""
    if len(data) > _MOST_BYTES:
        raise UnreadableFile(path, f"{len(data):,} bytes are too many for a profile of columns")
    try:
        return msgspec.json.decode(data, type=TableProfile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableFile(path, f"not a profile of columns: {error}") from error


def _line(column: dict[str, Any]) -> str:
    return json.dumps(column, ensure_ascii=False, allow_nan=False)
