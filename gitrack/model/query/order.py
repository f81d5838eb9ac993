"""Orders of runs: `metrics.auc desc, started`; missing and NaN always last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from gitrack.model.query.faults import invalid
from gitrack.model.query.keys import KEY, read_key
from gitrack.model.query.nodes import Key
from gitrack.model.query.table import Table, find_column, missing_columns
from gitrack.model.ranking import newest_first, sorted_by

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
        if not table.rows:
            return []
        ordered = newest_first(rows, table.column("id"), table.column("started"))
        for clause in reversed(self.clauses):
            cells = find_column(clause.key, table, clause.source).cells
            ordered = sorted_by(ordered, cells, descending=clause.descending)
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
