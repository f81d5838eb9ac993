"""The blocks of reports: what may be written in each, read strictly."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from gitrack.config.shape import Fault, Parsed, parse, shown
from gitrack.errors import ConfigError


def _texts(value: object) -> tuple[str, ...]:
    """One text, or a list of them."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        raise ValueError(f"is {shown(value)}")
    return tuple(found)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise ValueError(f"is {shown(value)}")
    return value


def _none_or_more(value: object) -> int:
    return 0 if value == 0 and not isinstance(value, bool) else _count(value)


NoneOrMore = Annotated[int, Parsed(_none_or_more, "a whole number from 0 to 1000")]
Texts = Annotated[tuple[str, ...], Parsed(_texts, "a text, or a list of texts")]
Count = Annotated[int, Parsed(_count, "a whole number from 1 to 1000")]


class TableBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in a table: which, in which order, with which columns of the filter language."""

    filter: str | None = None
    order: Texts = ()
    columns: Texts = ()
    limit: Count = 20
    caption: str | None = None


class ChartBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Curves of a metric, one number over another, or a chart of `.tracking/charts/`."""

    curve: str | None = None
    x: str | None = None
    y: str | None = None
    color: str | None = None
    spec: str | None = None
    filter: str | None = None
    limit: Count = 200
    log: Literal["x", "y", "both"] | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        asked = [name for name in ("curve", "y", "spec") if getattr(self, name) is not None]
        if len(asked) != 1:
            raise Fault(
                (),
                "asks for " + (" and ".join(asked) or "no chart"),
                "write one of curve: METRIC, or x: and y: with two columns, or spec: NAME",
            )
        if self.y is not None and self.x is None:
            raise Fault(("y",), "has no x beside it", "write x: with a column, such as started")


class CompareBlock(msgspec.Struct, frozen=True, kw_only=True):
    """Runs side by side; only what differs unless `all`."""

    runs: Texts
    all: bool = False

    def __post_init__(self) -> None:
        if len(self.runs) < 2:
            raise Fault(("runs",), "names one run", "name two or more")


class ModelBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model: who stands where, and its newest promotions."""

    name: str
    promotions: NoneOrMore = 3


class LineageBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What a run or a version of a model comes from, and what became of it."""

    of: str
    direction: Literal["up", "down", "both"] = "both"


Block = TableBlock | ChartBlock | CompareBlock | ModelBlock | LineageBlock

KINDS: dict[str, type[Block]] = {
    "table": TableBlock,
    "chart": ChartBlock,
    "compare": CompareBlock,
    "model": ModelBlock,
    "lineage": LineageBlock,
}

_INFO = re.compile(r"gitrack(?:\s+(\S+))?\s*\Z")


def is_block(info: str) -> bool:
    """True for the first line of a fenced block that is ours."""
    return info.split(maxsplit=1)[:1] == ["gitrack"]


def read_block(info: str, text: str, *, name: str, line: int) -> Block:
    """A fenced block of the file `name`, whose text begins after `line`.

    Raises ConfigError with file and line.
    """
    found = _INFO.match(info.strip())
    kind = KINDS.get(found[1] or "") if found else None
    if kind is None:
        listed = ", ".join(KINDS)
        what = info.strip() if found and found[1] else "gitrack"
        raise ConfigError(
            f"{name}:{line}: a block is called {what!r}", hint=f"write gitrack and one of: {listed}"
        )
    if not text.strip():
        raise ConfigError(
            f"{name}:{line}: the block is empty", hint=f"write its keys: {', '.join(_keys(kind))}"
        )
    # blank lines before it: what is wrong is then told with its line in the file
    return parse(("\n" * line + text).encode("utf-8"), name, kind)


def _keys(kind: type[Block]) -> list[str]:
    return [field.name for field in msgspec.structs.fields(kind)]
