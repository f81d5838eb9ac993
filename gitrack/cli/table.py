"""A table of runs on a terminal or in a pipe: which columns, how wide, what a cell says."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from gitrack.model.display import cut, day_and_time, lasted, number, safe, seconds_between, width
from gitrack.model.ranking import telling

if TYPE_CHECKING:
    from gitrack.store.index import RunTable

#: Columns that say which run it is; they stay while others are dropped.
_LEADING = ("id", "name", "experiment", "status", "started", "duration")
#: Sections whose columns are shown by their own names where these are clear.
_SHORTENED = ("metrics", "params", "tags")
#: Where these are the same for all runs they are left away like params.
_MAY_VARY = frozenset({"experiment", "status"})
#: Where room is scarce, these metrics come before the rest of what says which run it is.
_FOREMOST = 3
#: A cell is never wider; a whole text is in `gitrack show`.
_WIDEST = 40
#: No column is cut to less than this.
_LEAST = 10
_WIDEST_IN_LITTLE_ROOM = 32
_LITTLE_ROOM = 120
#: Nothing is shown in less; what else does not fit is only counted.
_NARROWEST = 6
_DIGITS = 4
_GAP = "  "


class Column(NamedTuple):
    """A column to show. `name` is the table's, `header` what people need of it."""

    name: str
    header: str
    texts: list[str]
    is_number: bool


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
        metrics = [name.partition(".")[2] for name in names if name.startswith("metrics.")]
        ordered += [f"metrics.{name}" for name in sorted(metrics, key=telling)]
        for section in ("params.", "tags."):
            ordered += [name for name in names if name.startswith(section)]
        return list(dict.fromkeys(ordered))

    def column(self, name: str) -> Column:
        """A column as it is shown."""
        is_number = name == "duration" or self.table.kind(name) == "number"
        return Column(name, self.header(name), self.texts(name), is_number)

    def header(self, name: str) -> str:
        """`test_auc` for `metrics.test_auc`, where no other column could be meant."""
        section, _, short = name.partition(".")
        others = [f"{other}.{short}" for other in _SHORTENED if other != section]
        if (
            section not in _SHORTENED
            or short in self._names
            or short in _LEADING
            or self._names.intersection(others)
        ):
            return safe(name)
        return safe(short)

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


def choose(listing: Listing, first: Sequence[str], columns: int | None) -> tuple[list[Column], int]:
    """The columns to show, and how many more did not fit into the width.

    `columns` is the width of the terminal, None for a pipe, where everything that varies goes.
    """
    chosen: dict[str, Column] = {}
    left_out = used = 0
    asked = set(first)
    candidates = listing.candidates(first)
    for name in candidates if columns is None else _by_need(candidates, asked):
        if columns is not None and columns - used < _NARROWEST and name not in asked:
            left_out += 1
            continue
        if name not in asked and not listing.varies(name):
            continue
        column = listing.column(name)
        if not any(column.texts):
            continue
        if columns is not None:
            column = _squeezed(column, columns)
        wide = max(map(width, (column.header, *column.texts)))
        if columns is not None and used + wide > columns and len(chosen) > 1:
            left_out += 1
            continue
        used += wide + len(_GAP)
        chosen[name] = column
    return [chosen[name] for name in candidates if name in chosen], left_out


def _by_need(candidates: Sequence[str], asked: Set[str]) -> list[str]:
    """What a terminal is to show first: which run it is, what was asked about, how good it is."""
    metrics = [name for name in candidates if name.startswith("metrics.")][:_FOREMOST]
    sought = [name for name in candidates if name in asked]
    return list(dict.fromkeys(["id", "name", "status", *sought, *metrics, *candidates]))


def _squeezed(column: Column, columns: int) -> Column:
    """On a terminal an id is shown by its random part, which is enough to name the run."""
    if column.name == "id":
        tails = [text.rpartition("-")[2] for text in column.texts]
        return column._replace(texts=tails) if len(set(tails)) == len(tails) else column
    if columns >= _LITTLE_ROOM:
        return column
    return column._replace(
        texts=[_cut(column.name, text, _WIDEST_IN_LITTLE_ROOM) for text in column.texts]
    )


def terminal_width() -> int | None:
    """The width of the terminal that stdout is, None when it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return max(40, shutil.get_terminal_size().columns)


def give_way(widths: Sequence[int], room: int, *, rigid: Set[int] = frozenset()) -> list[int]:
    """Widths of columns at which all fit into the room: the widest one gives way, again and again.

    `rigid` columns stay as they are, and none becomes narrower than a few letters.
    """
    fitting = list(widths)
    soft = [place for place in range(len(fitting)) if place not in rigid]
    while soft and sum(fitting) + len(_GAP) * (len(fitting) - 1) > room:
        widest = max(soft, key=fitting.__getitem__)
        if fitting[widest] <= _LEAST:
            break
        fitting[widest] -= 1
    return fitting


def both_ends(text: str, columns: int) -> str:
    """A text that is cut in its middle, if it is cut at all."""
    return _cut("name", text, columns)


def _cut(name: str, text: str, columns: int) -> str:
    """A text's beginning; of names also the end, in which they often differ."""
    if name not in ("name", "experiment") or not columns < width(text) == len(text):
        return cut(text, columns)
    half = columns // 2
    return f"{text[: half - 1]}…{text[-half:]}"


def draw(columns: Sequence[Column]) -> None:
    """Print columns: coloured on a terminal, plainly aligned in a pipe."""
    if sys.stdout.isatty():
        _draw_rich(columns)
    else:
        click.echo("\n".join(_plain(columns)))


def _plain(columns: Sequence[Column]) -> Iterable[str]:
    padded = []
    for column in columns:
        texts = (column.header, *column.texts)
        wide = max(map(width, texts))
        pads = [" " * (wide - width(text)) for text in texts]
        pairs = zip(pads, texts, strict=True)
        padded.append([pad + text if column.is_number else text + pad for pad, text in pairs])
    return (_GAP.join(line).rstrip() for line in zip(*padded, strict=True))


def _draw_rich(columns: Sequence[Column]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # the box puts a blank between columns, the padding another: together _GAP
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        table.add_column(Text(column.header), justify=justify, no_wrap=True, overflow="ellipsis")
    styles = {"failed": "red", "killed": "yellow", "running": "cyan", "finished": "green"}
    for row in zip(*(column.texts for column in columns), strict=True):
        table.add_row(
            *(
                Text(text, style=styles.get(text, "") if column.name == "status" else "")
                for column, text in zip(columns, row, strict=True)
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
        return number(cell, _DIGITS)
    return _cut(name, safe(str(cell)), _WIDEST)
