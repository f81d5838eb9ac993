"""What a filter means, as frozen records that JSON can carry."""

from __future__ import annotations

from typing import Literal

import msgspec

#: Where a key is looked up; `any` is a bare key that only the table can place.
Entity = Literal["attribute", "param", "metric", "tag", "dataset", "any"]

Operator = Literal[
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "like",
    "ilike",
    "contains",
    "matches",
    "in",
    "between",
    "null",
    "nan",
]


class Key(msgspec.Struct, frozen=True):
    """`metrics.val_logloss.min`: an entity and a name. `at` is its position in the filter."""

    entity: Entity
    name: str
    at: int = 0


class Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """A literal. `text` is how it was written, without quotes.

    `number` is what a number, truth value (0 or 1), duration (seconds) or relative time (seconds
    from now) says; `since` and `until` are what a date covers, in milliseconds since 1970 UTC,
    `until` not included.
    """

    kind: Literal["text", "number", "truth", "duration", "date", "now"]
    text: str
    number: int | float | None = None
    since: int | None = None
    until: int | None = None
    at: int = 0


class Test(msgspec.Struct, frozen=True, tag="test"):
    """One comparison. `!=` and `not in` are negated: on a list of datasets some one must differ."""

    key: Key
    operator: Operator
    values: tuple[Value, ...] = ()
    negated: bool = False
    at: int = 0


class And(msgspec.Struct, frozen=True, tag="and"):
    """All of them."""

    parts: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True, tag="or"):
    """At least one of them."""

    parts: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """Its opposite; where a missing key decides nothing, so does its opposite."""

    part: Node


Node = Test | And | Or | Not
