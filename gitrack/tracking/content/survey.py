"""A table surveyed in bounded memory: every column, all of its rows or some drawn by lot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from gitrack.model.profile import ColumnProfile
from gitrack.tracking.content.columns import gatherer

#: Cells that are kept for what needs all values at once: quantiles, distinct and top values.
MOST_KEPT = 8_000_000
_MOST_KEPT_BYTES = 128 * 1024 * 1024

#: `full`; `numbers` names no values of texts; `off` tells names and types alone.
Detail = Literal["full", "numbers", "off"]


class Survey:
    """Takes tables of one schema, by position, and tells what is in their columns."""

    def __init__(self, types: Sequence[Any], detail: Detail = "full") -> None:
        self._detail = detail
        self._columns = [gatherer(type_) for type_ in types]
        self._most_rows = max(1_000, MOST_KEPT // max(len(types), 1))
        #: numbers of rows, and these rows
        self._kept: list[tuple[Any, Any]] = []
        self._halved = 0
        self.rows = 0

    def add(self, table: Any) -> None:
        """The next rows."""
        if self._detail != "off":
            for gathered, column in zip(self._columns, table.columns, strict=True):
                gathered.add(column)
            self._keep(table)
        self.rows += table.num_rows

    @property
    def sampled(self) -> int | None:
        """How many rows were kept, if that is not all of them."""
        return sum(table.num_rows for _, table in self._kept) if self._halved else None

    def columns(self, names: Sequence[str]) -> list[ColumnProfile]:
        if self._detail == "off" or not self._kept:
            pairs = zip(self._columns, names, strict=True)
            return [ColumnProfile(name=name, type=column.type) for column, name in pairs]
        import pyarrow as pa

        kept = pa.concat_tables([table for _, table in self._kept])
        texts = self._detail == "full"
        return [
            gathered.profile(name, self.rows, column, texts=texts)
            for gathered, name, column in zip(self._columns, names, kept.columns, strict=True)
        ]

    def _keep(self, table: Any) -> None:
        """Rows by lot; where these become too many, every second of them by lot."""
        import numpy as np
        import pyarrow as pa

        nested = [at for at, gathered in enumerate(self._columns) if not gathered.sampled]
        for at in nested:  # nothing is asked of them afterwards, and they are large
            table = table.set_column(at, table.field(at).name, pa.nulls(table.num_rows))
        places = np.arange(self.rows, self.rows + table.num_rows, dtype="uint64")
        self._kept.append((places, table))
        if self._halved:
            self._kept[-1] = _drawn(places, table, self._halved)
        while self._too_many():
            self._halved += 1
            whole = pa.concat_tables([kept for _, kept in self._kept])
            places = np.concatenate([where for where, _ in self._kept])
            self._kept = [_drawn(places, whole, self._halved)]

    def _too_many(self) -> bool:
        rows = sum(table.num_rows for _, table in self._kept)
        size = sum(table.nbytes for _, table in self._kept)
        return bool(rows > self._most_rows or (size > _MOST_KEPT_BYTES and rows > 1_000))


def _drawn(places: Any, table: Any, halved: int) -> tuple[Any, Any]:
    mask = drawn(places, halved)
    return places[mask], table.filter(mask)


def drawn(places: Any, halved: int) -> Any:
    """Which rows to look at so that about one in 2 ** `halved` is left: always the same ones.

    A lot by SplitMix64 of the row's number, since data often repeat a pattern every few rows.
    """
    import numpy as np

    lot = (places.astype("uint64") + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    lot = (lot ^ (lot >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    lot = (lot ^ (lot >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    lot ^= lot >> np.uint64(31)
    return lot < np.uint64(1 << (64 - halved)) if halved else np.ones(len(lot), dtype=bool)
