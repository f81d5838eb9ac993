"""The data of a run: what they were, and what is known of their columns."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gitrack.model.profile import ColumnProfile, TableProfile
from gitrack.model.run import Dataset
from gitrack.site import display
from gitrack.site.links import data_set_page
from gitrack.site.pages.frame import Cell

#: Columns of a profile that a page shows; all of them are on the branch.
_MOST_COLUMNS = 60
_LONGEST_VALUE = 40


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a data set."""

    name: str
    type: str | None
    missing: str
    distinct: str
    low: str | None
    high: str | None


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a data set; `more` were left out, `note` says of what part they speak."""

    columns: tuple[ColumnView, ...]
    count: int
    more: int
    note: str | None


class DatasetView(msgspec.Struct, frozen=True, kw_only=True):
    """An input or a result of the run."""

    name: str
    href: str
    role: str | None
    kind: str | None
    changed: bool
    cells: tuple[Cell, ...]
    profile: ProfileView | None


def dataset_view(dataset: Dataset, profiles: Mapping[tuple[str, str], TableProfile]) -> DatasetView:
    """One data set; `profiles` are by name and role."""
    table = None if dataset.table_version is None else str(dataset.table_version)
    profile = profiles.get((dataset.name, dataset.role or ""))
    known = (
        ("version", dataset.version),
        ("table version", table),
        ("committed", display.absolute(dataset.committed)),
        ("revision", dataset.revision),
        ("path", dataset.path),
        ("uri", dataset.uri),
        ("rows", display.grouped(dataset.rows)),
        ("columns", display.grouped(dataset.columns)),
        ("size", display.size(dataset.size)),
        ("hash", dataset.dvc),
    )
    return DatasetView(
        name=dataset.name,
        href=data_set_page(dataset.name),
        role=dataset.role if dataset.role != dataset.name else None,
        kind=dataset.kind,
        changed=bool(dataset.changed),
        cells=tuple(Cell(name, value) for name, value in known if value),
        profile=_profile(profile) if profile and profile.columns else None,
    )


def _profile(profile: TableProfile) -> ProfileView:
    note = None
    if profile.read is not None:
        note = f"of the first {profile.read:,} rows"
    elif profile.sampled is not None:
        note = f"distinct values are of {profile.sampled:,} rows, evenly spread"
    return ProfileView(
        columns=tuple(map(_column, profile.columns[:_MOST_COLUMNS])),
        count=len(profile.columns),
        more=max(0, len(profile.columns) - _MOST_COLUMNS),
        note=note,
    )


def _column(column: ColumnProfile) -> ColumnView:
    return ColumnView(
        name=column.name,
        type=column.type,
        missing=f"{column.missing:,}" if column.missing else "–",
        distinct=display.grouped(column.distinct) or "–",
        low=_value(column.min),
        high=_value(column.max),
    )


def _value(value: object) -> str | None:
    if value is None:
        return None
    shown = display.number(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[: _LONGEST_VALUE - 1]}…"
