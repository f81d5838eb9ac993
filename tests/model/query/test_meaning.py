"""The columns' evaluator against one that looks at a row at a time, and the laws of logic."""

from __future__ import annotations

import fnmatch
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitrack.model.query import parse
from tests.model.query.tables import Columns

cells = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.5, float("nan"), float("inf")]),
    st.booleans(),
    st.sampled_from(["", "a", "ab", "1", "0.5", "-1.5", "True", "true", "x y", "nan"]),
)
numbers = st.one_of(st.none(), st.sampled_from([-1.5, 0, 1, 0.5, 2, float("nan"), float("inf")]))


@st.composite
def tables(draw: Any) -> Columns:
    rows = draw(st.integers(1, 6))

    def column(kind: Any) -> Any:
        return draw(st.lists(kind, min_size=rows, max_size=rows))

    return Columns(
        {
            "id": [f"r{row}" for row in range(rows)],
            "started": ["2026-01-01T00:00:00.000Z"] * rows,
            "params.p": column(cells),
            "params.q": column(cells),
            "metrics.m": column(numbers),
        }
    )


#: (text, what a row at a time says of the cell: True, False or None)
TESTS: list[tuple[str, str, Any]] = []


def add(text: str, column: str, judge: Any) -> None:
    TESTS.append((text, column, lambda cell: None if cell is None else judge(cell)))


def number(cell: Any) -> float | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return cell
    try:
        return float(cell) if cell[:1] in "+-.0123456789" and cell else None
    except ValueError:
        return None


for limit in (-1.5, 0, 0.5, 1):
    add(f"metrics.m > {limit}", "metrics.m", lambda c, n=limit: c > n)
    add(f"metrics.m != {limit}", "metrics.m", lambda c, n=limit: c != n)
    add(f"metrics.m <= {limit}", "metrics.m", lambda c, n=limit: c <= n)
    for name in ("p", "q"):
        add(
            f"params.{name} < {limit}",
            f"params.{name}",
            lambda c, n=limit: None if number(c) is None else number(c) < n,
        )
        add(
            f"params.{name} = {limit}",
            f"params.{name}",
            lambda c, n=limit: c == str(n) if number(c) is None else number(c) == n,
        )
for text in ("a", "1", "0.5"):
    add(f"params.p = '{text}'", "params.p", lambda c, t=text: str(c) == t)
    add(f"params.q != '{text}'", "params.q", lambda c, t=text: str(c) != t)
    add(f"params.q in ('{text}', 'x y')", "params.q", lambda c, t=text: str(c) in (t, "x y"))
    add(f"params.p contains '{text}'", "params.p", lambda c, t=text: t in str(c).lower())
    add(
        f"params.p like '{text}%'",
        "params.p",
        lambda c, t=text: fnmatch.fnmatchcase(str(c), f"{t}*"),
    )
TESTS.append(("params.p is null", "params.p", lambda cell: cell is None))
TESTS.append(("metrics.m is not null", "metrics.m", lambda cell: cell is not None))

Tree = Any
trees = st.recursive(
    st.sampled_from(TESTS).map(lambda test: ("test", test)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


def written(tree: Tree) -> str:
    word, rest = tree
    if word == "test":
        return str(rest[0])
    if word == "not":
        return f"not ({written(rest)})"
    return "(" + f" {word} ".join(map(written, rest)) + ")"


def said(tree: Tree, table: Columns, row: int) -> bool | None:
    """SQL's logic of yes, no and unknown, for one row."""
    word, rest = tree
    if word == "test":
        _, column, judge = rest
        verdict: bool | None = judge(table.column(column)[row])
        return verdict
    if word == "not":
        inner = said(rest, table, row)
        return None if inner is None else not inner
    verdicts = [said(part, table, row) for part in rest]
    decisive = word == "or"
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


@given(tables(), trees)
def test_columns_say_what_rows_say(table, tree):
    expected = [row for row in range(table.rows) if said(tree, table, row) is True]

    assert parse(written(tree)).select(table) == expected


@given(tables(), trees, trees)
def test_de_morgan(table, one, two):
    a, b = written(one), written(two)

    def rows(text: str) -> list[int]:
        return parse(text).select(table)

    assert rows(f"not ({a} and {b})") == rows(f"not {a} or not {b}")
    assert rows(f"not ({a} or {b})") == rows(f"not {a} and not {b}")
    assert rows(f"not not {a}") == rows(a)
    assert not set(rows(a)) & set(rows(f"not {a}"))
