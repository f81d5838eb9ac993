"""What every page has around it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.links import run_page


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The site that a page belongs to: no word of its commit, or every commit would change it."""

    title: str
    branch: str
    hidden: str | None = None
    nav: tuple[tuple[str, str], ...] = ()
    index: bool = False


class Moment(msgspec.Struct, frozen=True):
    """A time: for machines, and for people who see no JavaScript."""

    iso: str | None
    text: str


class RunLink(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a line: its name, its state, where its page is."""

    id: str
    name: str
    href: str
    status: str
    started: Moment


class Cell(msgspec.Struct, frozen=True):
    """A named value."""

    name: str
    value: str
    exact: str | None = None


def cells(values: Mapping[str, object]) -> tuple[Cell, ...]:
    """Settings by name."""
    return tuple(Cell(name, display.setting(values[name])) for name in sorted(values))


def when(text: str | None) -> Moment:
    """A recorded time."""
    moment = display.moment(text)
    return Moment(text if moment else None, display.absolute(text) or "–")


def run_link(run: Run) -> RunLink:
    """The way to a run's page, from the top of the site."""
    return RunLink(
        id=run.id,
        name=run.name or run.id,
        href=run_page(run.id),
        status=str(run.status),
        started=when(run.started),
    )
