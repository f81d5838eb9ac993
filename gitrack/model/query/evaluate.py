"""Which rows a filter finds: each test judges a cell yes, no or undecided, column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from gitrack.model.query.compare import Judge, Misuse, judge_of
from gitrack.model.query.faults import invalid
from gitrack.model.query.nodes import And, Node, Not, Test
from gitrack.model.query.table import Table, find_column, kind_of


def rows_where(
    root: Node, table: Table, rows: Sequence[int], *, source: str, now: datetime | None
) -> list[int]:
    """The rows, of those given and in their order, for which the filter says yes."""
    moment = now or datetime.now(UTC)
    return _Rows(table, source, moment.timestamp() * 1000).where(root, rows, True)


def check(root: Node, source: str) -> None:
    """Raise InvalidFilter for a test that makes no sense whatever the table is."""
    if isinstance(root, Not):
        check(root.part, source)
    elif isinstance(root, Test):
        kind = kind_of(root.key)
        if kind is not None:
            _worded(root, source, lambda: judge_of(root, kind, 0.0))
    else:
        for part in root.parts:
            check(part, source)


def _worded(test: Test, source: str, make: Callable[[], Judge]) -> Judge:
    try:
        return make()
    except Misuse as misuse:
        raise invalid(source, misuse.at, misuse.why, misuse.hint) from None


class _Rows:
    """Narrows rows down. Where a test is undecided, neither it nor its opposite holds, so that
    asking for the rows where a node is true and where it is false are two questions."""

    def __init__(self, table: Table, source: str, now: float) -> None:
        self.table = table
        self.source = source
        self.now = now

    def where(self, node: Node, rows: Sequence[int], wanted: bool) -> list[int]:
        if isinstance(node, Not):
            return self.where(node.part, rows, not wanted)
        if isinstance(node, Test):
            return self._tested(node, rows, wanted)
        # all parts are true, and dually all parts are false
        if isinstance(node, And) is wanted:
            left = list(rows)
            for part in node.parts:
                left = self.where(part, left, wanted)
            return left
        found: set[int] = set()
        left = list(rows)
        for part in node.parts:
            found.update(self.where(part, left, wanted))
            left = [row for row in left if row not in found]
        return [row for row in rows if row in found]

    def _tested(self, test: Test, rows: Sequence[int], wanted: bool) -> list[int]:
        cells, kind = find_column(test.key, self.table, self.source)
        judge = _worded(test, self.source, lambda: judge_of(test, kind, self.now))
        if kind == "sets" and test.operator != "null":
            return [row for row in rows if _some(judge, cells[row], test.negated) is wanted]
        if kind == "sets":
            return [row for row in rows if (not cells[row]) is (wanted is not test.negated)]
        if test.negated:
            wanted = not wanted
        return [row for row in rows if judge(cells[row]) is wanted]


def _some(judge: Judge, cell: Sequence[Any], negated: bool) -> bool | None:
    """Does one of the datasets match? A run without any is undecided."""
    return any(judge(value) is not negated for value in cell) if cell else None
