"""What is in the columns of data, and how far they drifted: read once for each pair of versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from gitrack.errors import GitrackError
from gitrack.model.profile import LEVELS, ColumnProfile, Histogram, TableProfile, load_profile
from gitrack.model.run import Dataset
from gitrack.site import display, links
from gitrack.site.contents import Contents, KnownRun
from gitrack.site.datasets.drifted import Drifted
from gitrack.site.datasets.gather import DataSet, Version
from gitrack.tracking.content.datasets import profile_path

#: So many versions in each role have their columns compared, the last used first.
MOST_COMPARED = 6
#: Runs that are asked for a profile of one version: all of them had the same bytes.
_ASKED = 3
_TESTED = ("validation", "test")
_MOST_COLUMNS = 120
_LONGEST = 40
_COMMON = 3
_BINS = 28
_BAR_WIDE, _BAR_HIGH = 84, 18
_TENTH = 0.001


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column; `bars` is an SVG path of how its values are spread, `common` are words instead."""

    name: str
    type: str | None
    missing: str
    distinct: str
    low: str | None
    high: str | None
    middle: str | None
    bars: str | None
    common: tuple[tuple[str, str], ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of one version; `more` are left out, `note` says of what part they speak."""

    anchor: str
    label: str
    role: str | None
    columns: list[Column]
    count: int
    more: int
    note: str | None


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions compared, or what was learnt from and what was tested on (`between`).

    `quiet` columns did not drift and are not listed.
    """

    before: str
    after: str
    between: bool
    role: str | None
    rows: str | None
    drifted: list[Drifted]
    quiet: int
    large: int
    moderate: int
    schema: int


class Insides(msgspec.Struct, frozen=True, kw_only=True):
    """Of a data set: the columns of its latest versions, and pairs, the latest first."""

    profiles: list[Profile] = []
    pairs: list[Pair] = []


def looked_into(found: DataSet) -> list[list[Version]]:
    """By role: the versions whose columns are looked at, the last used first."""
    roles: dict[str | None, list[Version]] = {}
    for version in found.versions:
        roles.setdefault(version.role, []).append(version)
    return [roles[role][:MOST_COMPARED] for role in sorted(roles, key=lambda role: role or "")]


def asked(version: Version) -> list[KnownRun]:
    """The runs that may have kept a profile. The first ones: they stay so."""
    return version.runs[:_ASKED]


def insides(contents: Contents, found: DataSet) -> Insides:
    """Read the profiles and compare them."""
    roles = looked_into(found)
    profiles = {id(v): _profile(contents, v) for versions in roles for v in versions}
    pairs = [(old, new) for versions in roles for new, old in pairwise(versions)]
    compared = []
    for old, new in pairs:
        before, after = profiles[id(old)], profiles[id(new)]
        if before is not None and after is not None and contents.extras.drift is not None:
            names = named(old), named(new)
            rows = before.rows or old.latest.rows, after.rows or new.latest.rows
            columns = _drift(contents, before, after)
            compared.append(_pair(names, new.role, rows, columns))
    for versions in roles:
        compared += _against_train(contents, versions[0], profiles[id(versions[0])])
    shown = [(versions[0], profiles[id(versions[0])]) for versions in roles]
    return Insides(
        profiles=[_shown(v, p, contents.hide.public) for v, p in shown if p is not None],
        pairs=compared,
    )


def named(version: Version) -> str:
    """What people call a version: their label, else the first digits of its hash."""
    return version.labels[0] if version.labels else short(version.identity)


def short(identity: str) -> str:
    """`a4f8b2c1d4` of `md5:a4f8b2…`; of what no digest is known the place."""
    kind, _, rest = identity.partition(":")
    if kind in ("path", "uri", "name"):
        return rest if len(rest) <= _LONGEST else f"…{rest[1 - _LONGEST :]}"
    return identity.rpartition(":")[2][:10]


def _profile(contents: Contents, version: Version) -> TableProfile | None:
    """What the first of the runs that kept one says; what is broken is told with that run."""
    found = (_profile_of(contents, entry, _dataset(entry, version)) for entry in asked(version))
    return next((profile for profile in found if profile is not None), None)


def _profile_of(contents: Contents, entry: KnownRun, data: Dataset) -> TableProfile | None:
    path = f"{entry.folder}/{profile_path(data)}"
    try:
        if all(file.path != path for file in contents.source.files(entry.folder)):
            return None
        found = load_profile(path, contents.source.read(path))
    except GitrackError:
        return None
    return contents.hide.profile(found) if found.columns else None


def _dataset(entry: KnownRun, version: Version) -> Dataset:
    ours = (d for d in entry.run.data if d.name == version.name and d.role == version.role)
    return next(ours, version.latest)


def _against_train(
    contents: Contents, version: Version, profile: TableProfile | None
) -> Iterator[Pair]:
    """What a run was tested on beside what it learnt from: they should be alike."""
    if version.role not in _TESTED or profile is None or contents.extras.drift is None:
        return
    for entry in asked(version):
        for data in entry.run.data:
            if data.role != "train" or (data.name, data.role) == (version.name, version.role):
                continue
            learnt = _profile_of(contents, entry, data)
            if learnt is not None:
                rows = learnt.rows or data.rows, profile.rows or version.latest.rows
                names = data.version or data.name, named(version)
                columns = _drift(contents, learnt, profile)
                yield _pair(names, None, rows, columns, roles=("train", version.role or ""))
                return


def _drift(contents: Contents, before: TableProfile, after: TableProfile) -> list[Drifted]:
    assert contents.extras.drift is not None
    columns = list(contents.extras.drift(before, after))
    if contents.hide.public:  # reasons name values of the data
        columns = [msgspec.structs.replace(column, why=[]) for column in columns]
    return columns


def _pair(
    names: tuple[str, str],
    role: str | None,
    rows: tuple[int | None, int | None],
    columns: Sequence[Drifted],
    roles: tuple[str, str] | None = None,
) -> Pair:
    told = [c for c in columns if c.change != "same" or c.level != "none"]
    before, after = roles or names
    return Pair(
        before=before,
        after=after,
        between=roles is not None,
        role=role,
        rows=_rows(*rows, change=roles is None),
        drifted=told[:_MOST_COLUMNS],
        quiet=len(columns) - len(told),
        large=sum(column.level == "large" for column in columns),
        moderate=sum(column.level == "moderate" for column in columns),
        schema=sum(column.change != "same" for column in columns),
    )


def _rows(before: int | None, after: int | None, *, change: bool) -> str | None:
    if before is None or after is None:
        return None
    if before == after:
        return f"{after:,} rows in both"
    if not change:
        return f"{before:,} and {after:,} rows"
    return f"{before:,} → {after:,} rows" + (
        f" ({(after - before) / before:+.1%})" if before else ""
    )


def _shown(version: Version, profile: TableProfile, public: bool) -> Profile:
    note = None
    if profile.read is not None:
        note = f"of the first {profile.read:,} rows"
    elif profile.sampled is not None:
        note = f"distinct values are of {profile.sampled:,} rows, evenly spread"
    return Profile(
        anchor=links.data_anchor(version.identity),
        label=named(version),
        role=version.role,
        columns=[_column(column, profile, public) for column in profile.columns[:_MOST_COLUMNS]],
        count=len(profile.columns),
        more=max(0, len(profile.columns) - _MOST_COLUMNS),
        note=note,
    )


def _column(column: ColumnProfile, profile: TableProfile, public: bool) -> Column:
    quantiles = column.quantiles or []
    middle = LEVELS.index(0.5)
    return Column(
        name=column.name,
        type=column.type,
        missing=_share(column.missing, profile.looked_at),
        distinct=display.grouped(column.distinct) or "–",
        low=_value(column.min),
        high=_value(column.max),
        middle=_value(quantiles[middle]) if len(quantiles) == len(LEVELS) else None,
        bars=bars(column.histogram) if column.histogram else None,
        common=() if column.histogram else tuple(_common(column, profile, public)),
    )


def _common(
    column: ColumnProfile, profile: TableProfile, public: bool
) -> Iterator[tuple[str, str]]:
    """What stands most often in a column that has no scale, and in what share of the rows.

    A public site names no texts of the data.
    """
    if column.true is not None and profile.looked_at:
        yield "true", _share(column.true, profile.looked_at)
    rows = profile.sampled or profile.looked_at
    for value, count in (column.top or ())[:_COMMON]:
        if not (public and isinstance(value, str)):
            yield _value(value) or "", _share(count, rows)


def _share(missing: int, rows: int | None) -> str:
    if not missing:
        return "–"
    if not rows:
        return f"{missing:,}"
    share = missing / rows
    return "< 0.1 %" if share < _TENTH else f"{share:.1%}".replace("%", " %")


def _value(value: object) -> str | None:
    if value is None:
        return None
    shown = display.number(value)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def bars(histogram: Histogram) -> str | None:
    """A path of bars from the bottom up, neighbours joined until they fit."""
    counts = list(histogram.counts)
    while len(counts) > _BINS:
        counts = [sum(counts[at : at + 2]) for at in range(0, len(counts), 2)]
    most = max(counts, default=0)
    if not most:
        return None
    return "".join(_bars(counts, most))


def _bars(counts: Sequence[int], most: int) -> Iterator[str]:
    wide = _BAR_WIDE / len(counts)
    for place, count in enumerate(counts):
        if count:
            high = max(1.0, _BAR_HIGH * count / most)
            x, y = round(place * wide, 1), round(_BAR_HIGH - high, 1)
            yield f"M{x:g} {_BAR_HIGH}V{y:g}h{round(wide - 0.6, 1):g}V{_BAR_HIGH}z"
