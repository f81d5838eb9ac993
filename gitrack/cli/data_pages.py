"""What `gitrack data` prints: lists of data sets, one of them, and two compared."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from gitrack.cli.data_sides import Side, profile_of
from gitrack.cli.table import Column, draw, terminal_width
from gitrack.model.display import cut, day_and_time, number, safe, size, width
from gitrack.model.profile import LEVELS, ColumnProfile, TableProfile

if TYPE_CHECKING:
    from gitrack.analysis.datasets import Version, Wanted
    from gitrack.analysis.drift import ColumnDrift, TableDrift
    from gitrack.store.runs import RunStore

_Column = TypeVar("_Column")

#: So many runs and columns are named; --json has them all.
_MOST_RUNS = 10
_MOST_COLUMNS = 200
_WIDEST_NAME = 32
_WIDEST_TEXT = 60
_GAP = "  "
#: Columns that a narrow terminal goes without, in this order; --json has them all.
_SPARE = ("first", "columns", "identity", "size", "versions")
_COLUMNS = ("column", "type", "missing", "distinct", "min", "median", "max", "mean", "most often")
_LEVELS = {"none": "", "small": "small", "moderate": "MODERATE", "large": "LARGE"}


def quoted(name: str) -> str:
    return safe(shlex.quote(name))


def listing(found: Sequence[Version]) -> list[dict[str, Any]]:
    """A row for each name and role."""
    groups: dict[tuple[str, str | None], list[Version]] = {}
    for one in found:
        groups.setdefault((one.name, one.role), []).append(one)
    return [_row(name, role, group) for (name, role), group in groups.items()]


def _row(name: str, role: str | None, group: Sequence[Version]) -> dict[str, Any]:
    latest = max(group, key=lambda one: (one.latest.started, one.latest.run))
    data = latest.latest.dataset
    return {
        "name": name,
        "role": role,
        "versions": len(group),
        "version": latest.labels[0] if latest.labels else None,
        "identity": latest.identity,
        "rows": data.rows,
        "columns": data.columns,
        "size": data.size,
        "kind": data.kind,
        "first": min(one.sightings[0].started for one in group),
        "last": latest.latest.started,
        "runs": len({seen.run for one in group for seen in one.sightings}),
    }


def draw_listing(rows: Sequence[dict[str, Any]]) -> None:
    from gitrack.analysis.datasets import shortened

    columns = [
        _texts("name", rows, lambda row: cut(safe(row["name"]), _WIDEST_NAME)),
        _texts("role", rows, lambda row: safe(row["role"] or "")),
        _texts("versions", rows, lambda row: str(row["versions"]), number=True),
        _texts("version", rows, lambda row: safe(row["version"] or "")),
        _texts("identity", rows, lambda row: cut(safe(shortened(row["identity"])), _WIDEST_NAME)),
        _texts("rows", rows, lambda row: _grouped(row["rows"]), number=True),
        _texts("first", rows, lambda row: safe(day_and_time(row["first"]))),
        _texts("last", rows, lambda row: safe(day_and_time(row["last"]))),
        _texts("runs", rows, lambda row: str(row["runs"]), number=True),
    ]
    said = [column for column in columns if any(column.texts)]
    draw(_that_fit(said, lambda column: (column.name, *column.texts), lambda column: column.name))


def _that_fit(
    columns: Sequence[_Column],
    texts: Callable[[_Column], Sequence[str]],
    name: Callable[[_Column], str],
) -> list[_Column]:
    """Without what can be spared where a terminal has no room for all; a pipe has."""
    room = terminal_width()
    wide = [max(map(width, texts(column))) + len(_GAP) for column in columns]
    left = dict(zip(map(name, columns), wide, strict=True))
    for spare in _SPARE:
        if room is None or sum(left.values()) - len(_GAP) <= room:
            break
        left.pop(spare, None)
    return [column for column in columns if name(column) in left]


def _texts(name: str, rows: Sequence[Any], text: Any, *, number: bool = False) -> Column:
    return Column(name, name, [text(row) for row in rows], number)


def _grouped(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


class Shown(NamedTuple):
    """One data set: its versions, and the columns of one of them."""

    versions: list[Version]
    one: Version | None
    profile: TableProfile | None
    next: str | None

    def as_json(self) -> dict[str, Any]:
        columns = None if self.profile is None else msgspec.to_builtins(self.profile)
        chosen = None if self.one is None else _version(self.one)
        versions = [_version(version) for version in self.versions]
        return {"versions": versions, "version": chosen, "profile": columns}

    def lines(self) -> Iterator[str]:
        yield from _versions(self.versions)
        if self.one is not None:
            yield ""
            yield from _described(self.one)
        if self.profile is not None and self.profile.columns:
            yield ""
            yield from _columns(self.profile)


def shown(store: RunStore, found: Sequence[Version], reference: str) -> Shown:
    """What a reference names. With several roles and no choice among them only their versions."""
    from gitrack.analysis.datasets import chosen, wanted
    from gitrack.cli.data_sides import Sides

    want = wanted(reference, {one.name for one in found})
    if want.run is not None:
        side = Sides().side(reference)
        hits = [one for one in found if any(seen.run == side.run for seen in one.sightings)]
        hits = [one for one in hits if side.dataset in [seen.dataset for seen in one.sightings]]
        return Shown(hits, hits[0] if hits else None, side.profile, None)
    same = [one for one in found if one.name == want.name and want.role in (None, one.role)]
    if want.version is None and len({one.role for one in same}) > 1:
        roles = [one.role for one in same if one.role]
        return Shown(same, None, None, f"gitrack data show {quoted(f'{want.name}:{roles[-1]}')}")
    one = chosen(found, want)
    folder = store.table().path(one.latest.row)
    profile = profile_of(store, folder, one.latest.dataset)
    return Shown(same if want.version is None else [one], one, profile, _next(same, one, want))


def _next(same: Sequence[Version], one: Version, want: Wanted) -> str | None:
    others = [other for other in same if other.role == one.role and other is not one]
    if not others or others[-1].short == "" or one.short == "":
        return None
    name = f"{want.name}:{one.role}" if one.role else want.name
    pair = sorted((others[-1], one), key=lambda version: version.sightings[0].started)
    names = [quoted(f"{name}@{version.short}") for version in pair]
    return f"gitrack data diff {' '.join(names)}"


def _version(one: Version) -> dict[str, Any]:
    data = msgspec.to_builtins(one.latest.dataset)
    return {
        **data,
        "identity": one.identity,
        "labels": one.labels,
        "first": one.sightings[0].started,
        "last": one.latest.started,
        "runs": list(dict.fromkeys(seen.run for seen in one.sightings)),
    }


def _versions(found: Sequence[Version]) -> Iterator[str]:
    rows = [("version", "identity", "role", "rows", "columns", "size", "first", "last", "runs")]
    for one in found:
        data = one.latest.dataset
        label = one.labels[0] if one.labels else ""
        if data.changed:
            label += " (changed)"
        rows.append(
            (
                safe(label),
                cut(safe(one.short), _WIDEST_NAME),
                safe(one.role or ""),
                _grouped(data.rows),
                _grouped(data.columns),
                "" if data.size is None else size(data.size),
                safe(day_and_time(one.sightings[0].started)),
                safe(day_and_time(one.latest.started)),
                str(len({seen.run for seen in one.sightings})),
            )
        )
    yield from _table(rows, right={3, 4, 5, 8})


def _described(one: Version) -> Iterator[str]:
    data = one.latest.dataset
    yield safe(f"{data.name}{f':{data.role}' if data.role else ''}")
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if value is not None and name not in ("name", "role"):
            yield f"  {name:<13}  {safe(str(value))}"
    runs = list(dict.fromkeys(seen.run for seen in reversed(one.sightings)))
    more = f" and {len(runs) - _MOST_RUNS} more" if len(runs) > _MOST_RUNS else ""
    yield f"  {'runs':<13}  {safe(', '.join(runs[:_MOST_RUNS]))}{more}"


def _columns(profile: TableProfile) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [_COLUMNS]
    for column in profile.columns[:_MOST_COLUMNS]:
        rows.append(_cells(column, profile))
    yield from _table(rows, right={2, 3, 4, 5, 6, 7})
    if len(profile.columns) > _MOST_COLUMNS:
        yield f"and {len(profile.columns) - _MOST_COLUMNS} more columns; --json has them"


def _cells(column: ColumnProfile, profile: TableProfile) -> tuple[str, ...]:
    quantiles = column.quantiles or []
    middle = quantiles[LEVELS.index(0.5)] if len(quantiles) == len(LEVELS) else None
    often = ", ".join(f"{value} ({count:,})" for value, count in (column.top or [])[:3])
    rows = profile.looked_at
    missing = f"{column.missing / rows:.1%}" if column.missing and rows else ""
    distinct = column.distinct
    about = "at least " if profile.sampled is not None and distinct else ""
    return (
        cut(safe(column.name), _WIDEST_NAME),
        safe(column.type or ""),
        missing,
        "" if distinct is None else f"{about}{distinct:,}",
        *(_value(value) for value in (column.min, middle, column.max, column.mean)),
        cut(safe(often), _WIDEST_TEXT),
    )


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return cut(safe(str(value)), 24)


def compared(
    one: Side, other: Side, found: TableDrift, *, everything: bool = False
) -> Iterator[str]:
    """Two data sets, in words and as a table."""
    yield safe(f"{one.label} → {other.label}")
    same = _same_content(one, other)
    if same:
        yield "  the same bytes"
    yield f"  rows     {_change(found.rows_before, found.rows_after)}"
    yield f"  columns  {_schema(found)}"
    yield f"  drift    {_sentence(found)}"
    rows: list[tuple[str, ...]] = [("column", "", "psi", "distance", "what")]
    quiet = 0
    for column in found.columns:
        if column.level == "none" and column.change == "same" and not everything:
            quiet += 1
        else:
            rows.append(_drifted(column))
    if len(rows) > 1:
        yield ""
        yield from _table(rows, right={2, 3})
    if quiet:
        yield ""
        yield f"{quiet} {'column' if quiet == 1 else 'columns'} without drift; --all shows them"


def _same_content(one: Side, other: Side) -> bool:
    digests = [side.dataset.dvc if side.dataset else None for side in (one, other)]
    return digests[0] is not None and digests[0] == digests[1]


def _change(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return f"{_grouped(before) or '?'} → {_grouped(after) or '?'}"
    if before == after:
        return f"{before:,}, as before"
    share = f" ({(after - before) / before:+.1%})" if before else ""
    return f"{before:,} → {after:,}{share}"


def _schema(found: TableDrift) -> str:
    parts = []
    for change in ("added", "removed", "retyped"):
        names = [column.name for column in found.columns if column.change == change]
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            parts.append(f"{change} {safe(', '.join(names[:5]))}{more}")
    if not found.columns:
        return "not known"
    return "; ".join(parts) or f"{len(found.columns)}, as before"


def _sentence(found: TableDrift) -> str:
    for level in ("large", "moderate"):
        names = [column.name for column in found.columns if column.level == level]
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            are = "column has" if len(names) == 1 else "columns have"
            much = "far" if level == "large" else "somewhat"
            shown = safe(", ".join(names[:5]))
            return f"{len(names)} {are} drifted {much}: {shown}{more}"
    if any(column.psi is not None for column in found.columns):
        return "no column has drifted to speak of"
    return "not known: at least one of them has no profile"


def _drifted(column: ColumnDrift) -> tuple[str, ...]:
    what = list(column.why)
    if column.change == "retyped":
        what.insert(0, f"{column.before} → {column.after}")
    elif column.change != "same":
        what.insert(0, column.after or column.before or "")
    said = [_LEVELS[column.level], column.change if column.change != "same" else ""]
    return (
        cut(safe(column.name), _WIDEST_NAME),
        " ".join(word for word in said if word),
        "" if column.psi is None else f"{column.psi:.3f}",
        "" if column.distance is None else f"{column.distance:.3f}",
        safe("; ".join(what)),
    )


def _table(rows: Sequence[tuple[str, ...]], right: set[int]) -> Iterator[str]:
    """Aligned columns; those that are empty are left out."""
    used = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    used = _that_fit(used, lambda at: [row[at] for row in rows], lambda at: rows[0][at])
    wide = {at: max(width(row[at]) for row in rows) for at in used}
    for row in rows:
        cells = []
        for at in used:
            blank = " " * (wide[at] - width(row[at]))
            cells.append(blank + row[at] if at in right else row[at] + blank)
        yield _GAP.join(cells).rstrip()
