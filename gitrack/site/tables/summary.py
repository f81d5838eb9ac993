"""What is said of a column without all of its values; summaries of pieces add up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.site.tables.columns import CURVE

#: A column with more values than these is not offered for grouping.
_MOST_VALUES = 60
_DIGITS = 6


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """A column's values in short.

    `count` are those that are there, `number` says that all of them are; `low`, `high` and
    `least` (the smallest that is not 0, without its sign) are of the finite ones, `digits` the
    decimals they need. `only` is the value, written out, of a column in which every run has the
    same. `longest` is the length of the longest text, `values` the number of different ones.
    """

    count: int
    number: bool
    low: float | None = None
    high: float | None = None
    least: float | None = None
    digits: int = 0
    only: str | None = None
    longest: int = 0
    values: tuple[str, ...] | None = ()


def summary(name: str, known: Sequence[Any], rows: int) -> Summary:
    """Of one column of one piece of so many rows: of the values that are there."""
    if name.startswith(CURVE):
        return Summary(len(known), False, values=None)
    number = all(type(value) is float or type(value) is int for value in known)
    written = _distinct(known)
    only = None
    if written is not None and len(written) == 1 and len(known) == rows:
        only = written[0]
    if not number:
        longest = max(len(str(value)) for value in known)
        return Summary(len(known), False, only=only, longest=longest, values=written)
    finite = [value for value in known if math.isfinite(value)]
    if not finite:
        return Summary(len(known), True, only=only, values=written)
    return Summary(
        len(known),
        True,
        float(min(finite)),
        float(max(finite)),
        min((abs(float(value)) for value in finite if value), default=None),
        _digits(finite),
        only,
        0,
        written,
    )


def merged(one: Summary, other: Summary) -> Summary:
    """Of two pieces together. What is missing in a piece is told by `count` alone."""
    if not one.count or not other.count:
        return one if one.count else other
    number = one.number and other.number
    values = None
    if one.values is not None and other.values is not None:
        both = tuple(dict.fromkeys((*one.values, *other.values)))
        values = both if len(both) <= _MOST_VALUES else None
    return Summary(
        one.count + other.count,
        number,
        _of(min, one.low, other.low) if number else None,
        _of(max, one.high, other.high) if number else None,
        _of(min, one.least, other.least) if number else None,
        max(one.digits, other.digits) if number else 0,
        one.only if one.only == other.only else None,
        max(one.longest, other.longest),
        values,
    )


def decimals(column: Summary) -> int | None:
    """How many let the numbers line up; None when one count does not suit all."""
    if not column.digits or column.least is None:
        return 0
    most = max(abs(column.low or 0.0), abs(column.high or 0.0))
    if most >= 1e9 or most < 1e-4 or column.least * 1e4 < most:
        return None
    kept = max(0, min(_DIGITS, 3 - math.floor(math.log10(most))))
    return min(column.digits, kept)


def _of(choose: Any, one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    chosen: float = choose(one, other)
    return chosen


def _distinct(known: Sequence[Any]) -> tuple[str, ...] | None:
    """Different values as they are written; None for more than are worth counting."""
    found: dict[str, None] = {}
    for value in known:
        found[repr(value)] = None
        if len(found) > _MOST_VALUES:
            return None
    return tuple(found)


def _digits(finite: Sequence[float | int]) -> int:
    """The decimals that the most telling value needs, at most six."""
    most = 0
    for value in finite:
        if type(value) is float and not value.is_integer():
            written = f"{value:.{_DIGITS}f}".rstrip("0")
            most = max(most, len(written) - written.index(".") - 1, 1)
            if most == _DIGITS:
                break
    return most
