"""Pages of a terminal: titled sections of named values, aligned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gitrack.model.display import safe, width

Lines = Iterable[tuple[str, str]]

#: A longer name does not push all values to the right.
_WIDEST = 40


def section(title: str, rows: Lines) -> Iterator[str]:
    """A title and its rows; nothing where there are none."""
    lines = list(aligned(rows, indent="  "))
    if lines:
        yield safe(title)
        yield from lines


def aligned(rows: Lines, *, indent: str) -> Iterator[str]:
    """Names and values below each other."""
    cells = [(safe(name), safe(text)) for name, text in rows]
    widest = min(max((width(name) for name, _ in cells), default=0), _WIDEST)
    for name, text in cells:
        yield f"{indent}{name}{' ' * (widest - width(name))}  {text}".rstrip()


def fields(record: Any, *, leave: tuple[str, ...]) -> Lines:
    """The fields of a record that say anything, but for some."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if name not in leave and value is not None:
            yield name, shown(value)


def shown(value: Any) -> str:
    """A value as YAML has it, without quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
