"""A table of runs on a terminal or in a pipe: which columns, how wide, what a cell says."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from gitrack.model.display import cut, day_and_time, lasted, number, safe, seconds_between, width

if TYPE_CHECKING:
    from gitrack.store.index import RunTable

#: Columns that say which run it is; they stay while others are dropped.
_LEADING = ("id", "name", "experiment", "status", "started", "duration")
#: Where these are the same for all runs they are left away like params.
_MAY_VARY = frozenset({"experiment", "status"})
#: A cell is never wider; a whole text is in `gitrack show`.
_WIDEST = 40
_GAP = "  "


class Listing:
    """Some rows of a table of runs, as texts."""

    def __init__(self, table: RunTable, rows: Sequence[int]) -> None:
        self.table = table
        self.rows = rows
        self._names = set(table.names())
        self._cells: dict[str, list[Any]] = {}

    def cells(self, name: str) -> list[Any]:
        """The values of a column for these rows."""
        if name == "duration":
            pairs = zip(self.cells("started"), self.cells("ended"), strict=True)
            return [seconds_between(start, end) for start, end in pairs]
        if name not in self._names:
            return [None] * len(self.rows)
        known = self._cells.get(name)
        if known is None:
            known = self._cells[name] = self.table.cells(name, self.rows)
        return known

    def texts(self, name: str) -> list[str]:
        """A column as people read it."""
        return [_text(name, cell) for cell in self.cells(name)]

    def candidates(self, first: Iterable[str]) -> list[str]:
        """Columns worth showing, the most telling first: those asked about, metrics, params."""
        names = self.table.names()
        ordered = [*_LEADING, *(name for name in first if name in self._names)]
        for section in ("metrics.", "params.", "tags."):
            ordered += [name for name in names if name.startswith(section)]
        return list(dict.fromkeys(ordered))

    def varies(self, name: str) -> bool:
        """Is there more than one value, so that the column tells these runs apart?"""
        if name in _LEADING and name not in _MAY_VARY:
            return True
        cells = self.cells(name)
        return any(cell != cells[0] for cell in cells[1:]) or len(cells) == 1

    def everything(self) -> list[str]:
        """Every column in which one of these runs has a value."""
        hidden = {"path", "blob"}
        names = [name for name in self.table.names() if name not in hidden]
        at = names.index("ended") + 1 if "ended" in names else 0
        names.insert(at, "duration")
        return [name for name in names if any(cell is not None for cell in self.cells(name))]


def choose(
    listing: Listing, first: Sequence[str], columns: int | None
) -> tuple[list[tuple[str, list[str]]], int]:
    """(name, texts) of the columns to show, and how many more did not fit into the width.

    `columns` is the width of the terminal, None for a pipe, where everything that varies goes.
    """
    chosen: list[tuple[str, list[str]]] = []
    left_out = used = 0
    asked = set(first)
    for name in listing.candidates(first):
        if left_out and name not in asked:
            left_out += 1
            continue
        if name not in asked and not listing.varies(name):
            continue
        texts = listing.texts(name)
        if not any(texts):
            continue
        wide = max(map(width, (name, *texts))) + len(_GAP)
        if columns is not None and used + wide > columns and len(chosen) > 1:
            left_out += 1
            continue
        used += wide
        chosen.append((name, texts))
    return chosen, left_out


def terminal_width() -> int | None:
    """The width of the terminal that stdout is, None when it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return max(40, shutil.get_terminal_size().columns)


def draw(columns: Sequence[tuple[str, list[str]]], numbers: frozenset[str]) -> None:
    """Print columns: coloured on a terminal, plainly aligned in a pipe."""
    if sys.stdout.isatty():
        _draw_rich(columns, numbers)
    else:
        click.echo("\n".join(_plain(columns, numbers)))


def _plain(columns: Sequence[tuple[str, list[str]]], numbers: frozenset[str]) -> Iterable[str]:
    padded = []
    for name, texts in columns:
        wide = max(map(width, (name, *texts)))
        pads = [" " * (wide - width(text)) for text in (name, *texts)]
        pairs = zip(pads, (name, *texts), strict=True)
        right = name in numbers
        padded.append([pad + text if right else text + pad for pad, text in pairs])
    return (_GAP.join(line).rstrip() for line in zip(*padded, strict=True))


def _draw_rich(columns: Sequence[tuple[str, list[str]]], numbers: frozenset[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name, _ in columns:
        justify = "right" if name in numbers else "left"
        table.add_column(Text(name), justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]  # the two words are of its literal
    styles = {"failed": "red", "killed": "yellow", "running": "cyan", "finished": "green"}
    for row in zip(*(texts for _, texts in columns), strict=True):
        names = (name for name, _ in columns)
        table.add_row(
            *(
                Text(text, style=styles.get(text, "") if name == "status" else "")
                for name, text in zip(names, row, strict=True)
            )
        )
    Console().print(table)


def _text(name: str, cell: Any) -> str:
    if cell is None:
        return ""
    if name in ("started", "ended"):
        return safe(day_and_time(str(cell)))
    if name == "duration":
        return lasted(cell)
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return number(cell)
    return cut(safe(str(cell)), _WIDEST)
