"""A report, and the list of all of them."""

from __future__ import annotations

import msgspec

from gitrack.site.pages.frame import Frame


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report in the list."""

    title: str
    lead: str
    href: str
    file: str


class ReportPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `report.html` may use; `body` is HTML that was made of Markdown."""

    frame: Frame
    title: str
    file: str
    body: str
    headings: tuple[tuple[int, str, str], ...]


class ReportsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `reports.html` may use."""

    frame: Frame
    title: str
    reports: tuple[ReportRow, ...]


class ChartRow(msgspec.Struct, frozen=True):
    """A chart of the project; `data` is the script that a browser draws it from."""

    anchor: str
    file: str
    data: str
    view: object


class ChartsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `charts.html` may use."""

    frame: Frame
    title: str
    charts: tuple[ChartRow, ...]
