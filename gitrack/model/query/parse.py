"""Text to query: reads a filter with lark and says precisely where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec

from gitrack.errors import InvalidFilter
from gitrack.model.query.evaluate import check, rows_where
from gitrack.model.query.faults import invalid
from gitrack.model.query.nodes import Key, Node, Not, Test
from gitrack.model.query.table import Table, missing_columns

if TYPE_CHECKING:
    from lark import Lark

MAX_LENGTH = 20_000
MAX_DEPTH = 60


class Query(msgspec.Struct, frozen=True):
    """A filter that was understood. Without a filter, `root` is None and every run is found."""

    source: str
    root: Node | None

    def select(self, table: Table, *, now: datetime | None = None) -> list[int]:
        """The rows that the filter finds, in the table's order.

        `now` is what relative times count from. Raises InvalidFilter for a bare key that the
        table cannot place.
        """
        everything = range(table.rows)
        if self.root is None:
            return list(everything)
        return rows_where(self.root, table, everything, source=self.source, now=now)

    def keys(self) -> list[Key]:
        """The keys that the filter asks about, in its order, each once."""
        return list(dict.fromkeys(_keys(self.root)))

    def missing(self, table: Table) -> list[str]:
        """What no run of the table has, in words, with near names: `metrics.acuracy, …`."""
        return missing_columns(self.keys(), table)

    def as_json(self) -> Any:
        """The filter's meaning as plain dictionaries and lists."""
        return msgspec.to_builtins(self.root)


def parse(text: str | None) -> Query:
    """Read a filter; raises InvalidFilter."""
    source = text or ""
    if not isinstance(source, str):
        raise InvalidFilter(f"a filter is text, not {type(source).__name__}")
    if not source.strip():
        return Query(source, None)
    if len(source) > MAX_LENGTH:
        raise InvalidFilter(f"a filter of {len(source):,} characters is too long")
    import lark

    try:
        root = cast("Node", _parser().parse(source))
    except lark.exceptions.UnexpectedCharacters as error:
        raise _unexpected(source, error.pos_in_stream or 0) from None
    except lark.exceptions.UnexpectedToken as error:
        at = len(source) if error.token.type == "$END" else error.token.start_pos or 0
        raise _unexpected(source, at) from None
    if _deeper(root, MAX_DEPTH):
        raise InvalidFilter(f"a filter with more than {MAX_DEPTH} levels of brackets is too deep")
    check(root, source)
    return Query(source, root)


@cache
def _parser() -> Lark:
    from lark import Lark

    from gitrack.model.query.grammar import RULES
    from gitrack.model.query.meanings import Meanings

    return Lark(RULES, parser="lalr", transformer=Meanings(), maybe_placeholders=False)


def _expected(before: str) -> set[str]:
    """What may follow a text that is understood; what lark's errors say may follow elsewhere."""
    parsing = _parser().parse_interactive(before)
    parsing.exhaust_lexer()
    return set(parsing.accepts())  # type: ignore[no-untyped-call]  # lark says no type


def _unexpected(source: str, at: int) -> InvalidFilter:
    from gitrack.model.query.grammar import WORDS

    if source[at : at + 1] in ("'", '"', "`"):
        return invalid(source, at, "this quote is not closed", f"close it with {source[at]}")
    expected = _expected(source[:at])
    words = [word for name, word in WORDS.items() if name in expected]
    found = source[at:].split(maxsplit=1)
    why = "the filter ends too early" if not found else "the filter cannot be understood here"
    return invalid(source, at, why, f"expected {', '.join(words)}" if words else None)


def _deeper(node: Node, levels: int) -> bool:
    """Is the filter nested more than so deep? Asked without recursion."""
    todo: list[tuple[Node, int]] = [(node, 0)]
    while todo:
        one, depth = todo.pop()
        if depth > levels:
            return True
        if isinstance(one, Not):
            todo.append((one.part, depth + 1))
        elif not isinstance(one, Test):
            todo += [(part, depth + 1) for part in one.parts]
    return False


def _keys(node: Node | None) -> Sequence[Key]:
    if node is None:
        return ()
    if isinstance(node, Test):
        return (node.key,)
    if isinstance(node, Not):
        return _keys(node.part)
    return [key for part in node.parts for key in _keys(part)]
