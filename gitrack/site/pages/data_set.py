"""The data sets of a project: the list of them, and each with its versions, columns and drift."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.lineage import OUTPUT
from gitrack.site import display, links
from gitrack.site.datasets.columns import Insides, named, short
from gitrack.site.datasets.gather import DataSet, Version
from gitrack.site.pages.frame import Frame, Moment, RunLink, run_link, when
from gitrack.site.pages.registry import Membership

_MOST_VERSIONS = 60
_MOST_RUNS = 12
_MOST_MODELS = 40


class SetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A data set in the list."""

    name: str
    href: str
    roles: tuple[str, ...]
    versions: int
    latest: str
    rows: str | None
    runs: int
    models: tuple[tuple[str, str], ...]
    first: Moment
    last: Moment


class DataPage(msgspec.Struct, frozen=True, kw_only=True):
    """All data sets."""

    frame: Frame
    title: str
    sets: tuple[SetRow, ...]
    lineage: bool


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version: what people call it, what it is, who had it."""

    anchor: str | None
    label: str
    also: tuple[str, ...]
    hash: str | None
    full_hash: str | None
    role: str | None
    kind: str | None
    place: str | None
    rows: str | None
    columns: str | None
    size: str | None
    first: Moment
    last: Moment
    runs: int
    wrote: bool
    models: tuple[Membership, ...]
    more_models: int


class DataSetPage(msgspec.Struct, frozen=True, kw_only=True):
    """One data set."""

    frame: Frame
    title: str
    versions: tuple[VersionRow, ...]
    more_versions: int
    identities: int
    runs: int
    experiments: tuple[tuple[str, str, int], ...]
    more_experiments: int
    first: Moment
    last: Moment
    latest: tuple[RunLink, ...]
    insides: Insides
    lineage: str | None
    command: str


def data_page(
    frame: Frame,
    sets: Sequence[DataSet],
    became: Mapping[str, Sequence[Membership]],
    *,
    lineage: bool,
) -> DataPage:
    """The list, the last used first."""
    rows = [_set_row(one, became) for one in sets]
    rows.sort(key=lambda row: (row.last.iso or "", row.name), reverse=True)
    return DataPage(frame=frame, title="Data", sets=tuple(rows), lineage=lineage)


def _set_row(found: DataSet, became: Mapping[str, Sequence[Membership]]) -> SetRow:
    latest = found.versions[0]
    models = {
        one.model: one.href.partition("#")[0]
        for version in found.versions
        for one in led_to(version, became)
    }
    return SetRow(
        name=found.name,
        href=links.data_set_page(found.name),
        roles=tuple(sorted({v.role for v in found.versions if v.role and v.role != found.name})),
        versions=len({version.identity for version in found.versions}),
        latest=named(latest),
        rows=display.grouped(latest.latest.rows),
        runs=len(_run_ids(found)),
        models=tuple(sorted(models.items())),
        first=when(min(version.first for version in found.versions)),
        last=when(latest.last),
    )


def led_to(version: Version, became: Mapping[str, Sequence[Membership]]) -> list[Membership]:
    """The versions of models that runs with this data became, newest of each model first."""
    if version.role == OUTPUT:
        return []
    found = {
        (one.model, one.version): one
        for entry in version.runs
        for one in became.get(entry.run.id, ())
    }
    return [found[key] for key in sorted(found, key=lambda key: (key[0], -key[1]))]


def _run_ids(found: DataSet) -> set[str]:
    return {entry.run.id for version in found.versions for entry in version.runs}


def data_set_page(
    frame: Frame,
    found: DataSet,
    insides: Insides,
    became: Mapping[str, Sequence[Membership]],
    *,
    lineage: bool,
) -> DataSetPage:
    """A data set with all that is known of it."""
    entries = {entry.run.id: entry.run for v in found.versions for entry in v.runs}
    newest = sorted(entries.values(), key=lambda run: (run.started, run.id), reverse=True)
    experiments: dict[str, int] = {}
    for run in newest:
        experiments[run.experiment] = experiments.get(run.experiment, 0) + 1
    listed = [(name, links.experiment_page(name), experiments[name]) for name in experiments]
    seen: set[str] = set()
    rows = []
    for version in found.versions[:_MOST_VERSIONS]:
        rows.append(_version_row(version, became, fresh=version.identity not in seen))
        seen.add(version.identity)
    return DataSetPage(
        frame=frame,
        title=found.name,
        versions=tuple(rows),
        more_versions=max(0, len(found.versions) - _MOST_VERSIONS),
        identities=len({version.identity for version in found.versions}),
        runs=len(entries),
        experiments=tuple(listed[:_MOST_RUNS]),
        more_experiments=max(0, len(listed) - _MOST_RUNS),
        first=when(newest[-1].started),
        last=when(newest[0].started),
        latest=tuple(run_link(run) for run in newest[:_MOST_RUNS]),
        insides=insides,
        lineage=links.lineage_of("data", found.name) if lineage else None,
        command=f"gitrack data show {shlex.quote(found.name)}",
    )


def _version_row(
    version: Version, became: Mapping[str, Sequence[Membership]], *, fresh: bool
) -> VersionRow:
    """`fresh` unless another role of the same bytes has the anchor already."""
    data = version.latest
    models = led_to(version, became)
    return VersionRow(
        anchor=links.data_anchor(version.identity) if fresh else None,
        label=named(version),
        also=tuple(version.labels[1:5]),
        hash=short(version.identity) if data.dvc and version.labels else None,
        full_hash=data.dvc,
        role=version.role,
        kind=data.kind,
        place=data.path or data.uri,
        rows=display.grouped(data.rows),
        columns=display.grouped(data.columns),
        size=display.size(data.size),
        first=when(version.first),
        last=when(version.last),
        runs=len({entry.run.id for entry in version.runs}),
        wrote=version.role == OUTPUT,
        models=tuple(models[:_MOST_MODELS]),
        more_models=max(0, len(models) - _MOST_MODELS),
    )
