"""Orders of runs: `metrics.auc desc, started`; missing and NaN always last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gitrack.model.query.compare import number_of
from gitrack.model.query.faults import invalid
from gitrack.model.query.keys import KEY, read_key
from gitrack.model.query.nodes import Key
from gitrack.model.query.table import Table, find_column, missing_columns

_CLAUSE = re.compile(rf"\s*({KEY})(?:\s+(asc|desc)(?:ending)?)?\s*(,|\Z)", re.IGNORECASE)


class _Clause(msgspec.Struct, frozen=True):
    """One key to order by."""

    key: Key
    descending: bool
    source: str


class Order(msgspec.Struct, frozen=True):
    """Keys to order by, the first first. Ties go to the newest run, then by id, as in MLflow."""

    clauses: tuple[_Clause, ...] = ()

    def sort(self, table: Table, rows: Sequence[int]) -> list[int]:
        """The rows in this order."""
        ordered = _newest_first(table, rows)
        for clause in reversed(self.clauses):
            cells = find_column(clause.key, table, clause.source).cells
            ordered = _sorted(ordered, cells, descending=clause.descending)
        return ordered

    def keys(self) -> list[Key]:
        """What is ordered by."""
        return [clause.key for clause in self.clauses]

    def missing(self, table: Table) -> list[str]:
        """Keys that no run has, in words, with near names."""
        return missing_columns(self.keys(), table)


def parse_order(order: str | Iterable[str] | None) -> Order:
    """Read `metrics.auc desc, started`, or a list of such. Raises InvalidFilter."""
    texts = [order] if isinstance(order, str) else list(order or ())
    return Order(tuple(clause for text in texts for clause in _clauses(text)))


def _clauses(text: str) -> Iterable[_Clause]:
    at = 0
    while at < len(text) and text[at:].strip():
        match = _CLAUSE.match(text, at)
        if match is None:
            hint = "write a key, then asc or desc: 'metrics.auc desc, started'"
            raise invalid(text, at, "this order cannot be understood here", hint)
        descending = (match[2] or "").lower() == "desc"
        yield _Clause(read_key(match[1], match.start(1)), descending, text)
        at = match.end()


def _newest_first(table: Table, rows: Sequence[int]) -> list[int]:
    ids = table.column("id") if table.rows else []
    by_id = sorted(rows, key=ids.__getitem__)
    return _sorted(by_id, table.column("started") if table.rows else [], descending=True)


def _sorted(rows: Sequence[int], cells: Sequence[Any], *, descending: bool) -> list[int]:
    """Present values in order, then NaN, then missing; equal ones stay as they were."""
    present = [row for row in rows if (cell := cells[row]) is not None and cell == cell]
    nan = [row for row in rows if (cell := cells[row]) is not None and cell != cell]
    missing = [row for row in rows if cells[row] is None]
    kinds = {type(cells[row]) for row in present}
    if kinds <= {int, float}:
        present.sort(key=cells.__getitem__, reverse=descending)
    else:
        present.sort(key=lambda row: _rank(cells[row]), reverse=descending)
    return present + nan + missing


def _rank(cell: object) -> tuple[int, float | int, str]:
    """Numbers, and texts written like one, before other texts."""
    if isinstance(cell, list):  # the datasets of a run
        return 1, 0, "\n".join(map(str, cell))
    number = int(cell) if isinstance(cell, bool) else number_of(cell)
    return (1, 0, str(cell)) if number is None else (0, number, "")
