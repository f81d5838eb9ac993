"""What each block of a report becomes: records for the template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from gitrack.site.pages.frame import Cell, RunLink
from gitrack.site.pages.registry import ModelRow, PromotionRow
from gitrack.site.reports.drawing import Drawing

View: TypeAlias = "TableView | ChartView | CompareView | ModelView | LineageView"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that bytes came from or went into."""

    kind: str
    label: str
    href: str | None


#: A name of a run, a version or data, and a direction: what comes before and after, in lines.
Traced = Callable[[str, str], Sequence[tuple[str, Sequence[Step]]]]


class Answer(NamedTuple):
    """A block's part of the template, what it follows from, and what the part may use.

    What takes long, the drawing above all, is left to `view`.
    """

    part: str
    inputs: object
    view: Callable[[], View]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a column."""

    name: str
    title: str
    number: bool
    goal: str | None = None


class TableView(msgspec.Struct, frozen=True, kw_only=True):
    """Runs in rows; `more` were found beyond those shown."""

    caption: str | None
    columns: tuple[Column, ...]
    rows: tuple[tuple[RunLink, tuple[Cell, ...]], ...]
    more: int


class ChartView(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in two themes, and where its runs are; `left_out` runs are not in it."""

    title: str | None
    drawing: Drawing | None
    thinned: bool
    left_out: int
    runs: tuple[RunLink, ...]


class CompareView(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of values, each with one a run; `same` lines are left out."""

    runs: tuple[RunLink, ...]
    groups: tuple[tuple[str, tuple[tuple[str, tuple[Cell, ...]], ...]], ...]
    same: int
    href: str


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A model as on the overview, and its newest promotions."""

    rows: tuple[ModelRow, ...]
    promotions: tuple[PromotionRow, ...]


class LineageView(msgspec.Struct, frozen=True, kw_only=True):
    """Headings, each with lines of what there is."""

    of: str
    parts: tuple[tuple[str, tuple[Step, ...]], ...]
