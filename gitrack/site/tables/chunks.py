"""Pieces of a table: so many runs each, their columns in blocks that are loaded when shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.model.ranking import telling
from gitrack.model.run import Run
from gitrack.site.tables.columns import BASE, CURVE, Column, Sparks, columns
from gitrack.site.tables.summary import Summary, summary

#: Runs in a piece: it is made again with each run that comes to it.
SIZE = 500
#: Cells in a block of columns: small tables are one block, large ones load what they show.
_CELLS = 12_000
#: Texts that are this often the same are written once.
_REPEATED = 2
#: Columns that not one run in so many has are written as these rows alone.
_RARE = 4

_SECTIONS = ("metrics.", "params.", "tags.", CURVE)


class ChunkNote(msgspec.Struct, frozen=True, array_like=True):
    """What a table's header needs of a piece: its blocks, by the places of their columns."""

    rows: int
    version: str
    names: tuple[str, ...]
    blocks: tuple[int, ...]
    summaries: tuple[Summary, ...]


def chunk(
    place: str, number: int, runs: Sequence[Run], sparks: Sparks
) -> tuple[dict[str, bytes], ChunkNote]:
    """The files of one piece of the table at `place`, and what to remember of it."""
    found = columns(runs, sparks)
    blocks = [list(BASE), *_blocks([name for name in found if name not in BASE], len(runs))]
    files: dict[str, bytes] = {}
    digest = hashlib.blake2b(digest_size=5)
    for block, names in enumerate(blocks):
        packed = ",".join(_column(name, found[name], len(runs)) for name in names)
        data = _script(place, number, block, packed)
        files[f"{place}/{number}-{block}.js"] = data
        digest.update(data)
    names = [name for block in blocks for name in block]
    note = ChunkNote(
        len(runs),
        digest.hexdigest(),
        tuple(names),
        tuple(len(block) for block in blocks),
        tuple(_summary(name, found[name], len(runs)) for name in names),
    )
    return files, note


def _summary(name: str, column: Column, rows: int) -> Summary:
    return summary(name, column.values, rows) if column.values else Summary(0, False)


def _blocks(names: Sequence[str], rows: int) -> list[list[str]]:
    """Columns that are likely to be shown together, in blocks of so many cells."""
    width = max(4, _CELLS // max(rows, 1))
    sections: dict[str, list[str]] = {}
    for name in sorted(names, key=_order):
        section = next((one for one in _SECTIONS if name.startswith(one)), "")
        sections.setdefault(section, []).append(name)
    if len(names) <= width:  # all of a small table is one block
        return [[name for names in sections.values() for name in names]] if names else []
    return [
        names[start : start + width]
        for names in sections.values()
        for start in range(0, len(names), width)
    ]


def _order(name: str) -> tuple[int, bool, int, str]:
    """Metrics by what they tell, the machine's own last; what only filters ask for at the end."""
    section = next((n for n, one in enumerate(_SECTIONS) if name.startswith(one)), 9)
    own = name.partition(".")[2]
    return (
        section,
        own.startswith(("system.", "system/")),
        *(telling(own) if section == 0 else (0, name)),
    )


def _script(place: str, number: int, block: int, packed: str) -> bytes:
    """`gitrack.tables.block("data/tables/all", 3, 0, […]);`, plain ASCII.

    NaN and infinities are words of JavaScript as they are of Python's JSON. Only texts can hold
    what could end a script or an entity.
    """
    text = f'gitrack.tables.block("{place}",{number},{block},[{packed}]);\n'
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.encode("ascii")


def _column(name: str, column: Column, rows: int) -> str:
    """A column: all its cells, or where few runs have one, which (`r`) and theirs (`p`)."""
    if not column.values or len(column.rows) * _RARE > rows:
        return _packed(name, column.dense(rows))
    return f'{{"r":{_json(column.rows)},"p":{_packed(name, column.values)}}}'


def _packed(name: str, values: Sequence[Any]) -> str:
    """A column: its values; where texts repeat, the texts and which of them each row has; where
    filters would take floats for whole numbers, also which rows hold floats (1: all)."""
    if all(type(value) is str or value is None for value in values):
        texts = {value: at for at, value in enumerate(dict.fromkeys(values)) if value is not None}
        if not texts:
            return "null"
        if len(texts) * _REPEATED <= len(values):
            places = {text: at for at, text in enumerate(texts)}
            codes = [-1 if value is None else places[value] for value in values]
            if len(texts) == 1 and codes.count(0) == len(codes):
                return f'{{"t":{_json(list(texts))}}}'
            return f'{{"t":{_json(list(texts))},"c":{_json(codes)}}}'
    floats = [row for row, value in enumerate(values) if type(value) is float and _told(value)]
    if not floats or name.startswith(("metrics.", "curves.")):
        return _json(values)
    every = all(type(value) is float for value in values if value is not None)
    return f'{{"v":{_json(values)},"f":{1 if every else _json(floats)}}}'


def _told(value: float) -> bool:
    """True for floats that JavaScript does not write as Python does: 6.0, 1e-05."""
    return value.is_integer() or not 1e-4 <= abs(value) < 1e16


def _json(values: Sequence[Any]) -> str:
    return json.dumps(values, ensure_ascii=True, separators=(",", ":"))
