"""How far the columns of two tables have drifted apart, from their profiles alone.

The population stability index is the one of Siddiqi (Credit Risk Scorecards, 2006): over bins of
the first table, the sum of (b - a) ln(b / a) for the shares a and b of both; a tenth is small, a
quarter is large. Below what chance alone gives 95 times in 100 (Yurdakul, Statistical properties
of population stability index, 2018: chi-square of bins - 1, times 1/n + 1/m) it counts as none.
Missing values are a bin of their own. `distance` is between the values that are there: the
largest gap between cumulative shares (Kolmogorov and Smirnov), or of categories the distance of
Jensen and Shannon to the base 2; both go from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple

import msgspec

from gitrack.model.profile import LEVELS, ColumnProfile, Histogram, TableProfile, Value

Level = Literal["none", "small", "moderate", "large"]
Change = Literal["same", "added", "removed", "retyped"]

#: From which index on drift is what.
MODERATE, LARGE = 0.1, 0.25
#: A bin counts as this share at least, or its logarithm would be without end.
_EMPTY = 1e-4
#: Standard normal value of 95 in 100.
_SURE = 1.6448536269514722
_OTHER = "(other)"
_TENTH = 0.1
_MOST_COUNTS = 1_000


class ColumnDrift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One column in two tables. `psi` and `distance` are None where profiles cannot tell."""

    name: str
    change: Change = "same"
    before: str | None = None
    after: str | None = None
    level: Level = "none"
    psi: float | None = None
    distance: float | None = None
    measure: str | None = None
    missing_before: float | None = None
    missing_after: float | None = None
    why: list[str] = []

    @property
    def rank(self) -> tuple[bool, float, float, str]:
        """What to look at first."""
        return (self.change == "same", -(self.psi or 0.0), -(self.distance or 0.0), self.name)


class TableDrift(msgspec.Struct, frozen=True, kw_only=True):
    """Two tables. Columns that changed their schema come first, then by how far they drifted."""

    rows_before: int | None
    rows_after: int | None
    columns: list[ColumnDrift]

    @property
    def drifted(self) -> list[ColumnDrift]:
        return [column for column in self.columns if column.level in ("moderate", "large")]

    @property
    def schema_changes(self) -> list[ColumnDrift]:
        return [column for column in self.columns if column.change != "same"]


def drift(before: TableProfile, after: TableProfile) -> TableDrift:
    """How `after` differs from `before`, column by column, as their profiles say.

    Nothing is said of columns where one of them has no profile at all.
    """
    if not before.columns or not after.columns:
        return TableDrift(rows_before=before.rows, rows_after=after.rows, columns=[])
    one, other = dict(_numbered(before)), dict(_numbered(after))
    found = [
        _column(name, one.get(name), other.get(name), before, after)
        for name in dict.fromkeys([*one, *other])
    ]
    return TableDrift(
        rows_before=before.rows,
        rows_after=after.rows,
        columns=sorted(found, key=lambda column: column.rank),
    )


def stability(
    before: Sequence[float],
    after: Sequence[float],
    rows_before: int | None = None,
    rows_after: int | None = None,
) -> float:
    """The population stability index of two lists of shares. An empty bin has half a row."""
    least = [max(_EMPTY, 0.5 / rows) if rows else _EMPTY for rows in (rows_before, rows_after)]
    total = 0.0
    for a, b in zip(before, after, strict=True):
        if a or b:
            a, b = max(a, least[0]), max(b, least[1])
            total += (b - a) * math.log(b / a)
    return total


def by_chance(bins: int, rows_before: int | None, rows_after: int | None) -> float:
    """What the index stays below 95 times in 100 for two samples of one table."""
    if bins < 2 or not rows_before or not rows_after:
        return 0.0
    freedom = bins - 1
    # the chi-square quantile by Wilson and Hilferty (1931)
    ninth = 2 / (9 * freedom)
    quantile = freedom * (1 - ninth + _SURE * math.sqrt(ninth)) ** 3
    return quantile * (1 / rows_before + 1 / rows_after)


def _numbered(table: TableProfile) -> Iterator[tuple[str, ColumnProfile]]:
    """Columns by name; a second one of that name is `name#2`."""
    seen: dict[str, int] = {}
    for column in table.columns:
        seen[column.name] = count = seen.get(column.name, 0) + 1
        yield (column.name if count == 1 else f"{column.name}#{count}"), column


def _column(
    name: str,
    one: ColumnProfile | None,
    other: ColumnProfile | None,
    before: TableProfile,
    after: TableProfile,
) -> ColumnDrift:
    if one is None:
        return ColumnDrift(name=name, change="added", after=other.type if other else None)
    if other is None:
        return ColumnDrift(name=name, change="removed", before=one.type)
    rows = before.looked_at, after.looked_at
    missing = _share(one.missing, rows[0]), _share(other.missing, rows[1])
    bins = _bins(one, other, before, after)
    psi, level = _judged(bins, missing, rows)
    alike = one.type is None or other.type is None or one.type == other.type
    return ColumnDrift(
        name=name,
        change="same" if alike else "retyped",
        before=one.type,
        after=other.type,
        level=level,
        psi=_rounded(psi),
        distance=_rounded(bins.distance if bins else None),
        measure=bins.measure if bins else None,
        missing_before=_rounded(missing[0]),
        missing_after=_rounded(missing[1]),
        why=list(_why(one, other, missing, bins)),
    )


class _Bins(NamedTuple):
    """Shares of the values that are there, in bins that both tables have."""

    before: list[float]
    after: list[float]
    measure: str
    distance: float
    names: list[str]


def _judged(
    bins: _Bins | None,
    missing: tuple[float | None, float | None],
    rows: tuple[int | None, int | None],
) -> tuple[float | None, Level]:
    lost = missing[0] or 0.0, missing[1] or 0.0
    if bins is None and lost[0] == lost[1]:
        return None, "none"
    shares = (bins.before, bins.after) if bins is not None else ([1.0], [1.0])
    before = [*(share * (1 - lost[0]) for share in shares[0]), lost[0]]
    after = [*(share * (1 - lost[1]) for share in shares[1]), lost[1]]
    psi = stability(before, after, *rows)
    used = sum(1 for a, b in zip(before, after, strict=True) if a or b)
    if psi <= by_chance(used, *rows):
        return psi, "none"
    return psi, "large" if psi >= LARGE else "moderate" if psi >= MODERATE else "small"


def _bins(
    one: ColumnProfile, other: ColumnProfile, before: TableProfile, after: TableProfile
) -> _Bins | None:
    """By category where both name them, else by histogram; None where there is neither."""
    named = _categories(one, before), _categories(other, after)
    if named[0] is not None and named[1] is not None:
        return _by_category(named[0], named[1])
    a, b = one.histogram, other.histogram
    if a is None or b is None or not (_sound(a) and _sound(b)):
        return None
    if isinstance(one.min, str) != isinstance(other.min, str):
        return None  # moments are no numbers
    wide, narrow = max(a.width, b.width), min(len(a.counts) * a.width, len(b.counts) * b.width)
    apart = max(abs(a.start), abs(b.start)) / wide
    if apart > 2**52 or narrow / wide > _MOST_COUNTS:
        return None
    return _by_histogram(a, b)


class _Categories(NamedTuple):
    shares: dict[str, float]
    #: whether every value of the table is among them
    complete: bool


def _categories(column: ColumnProfile, table: TableProfile) -> _Categories | None:
    rows = table.looked_at
    if column.true is not None:
        if rows is None or rows <= column.missing:
            return None
        share = min(1.0, column.true / (rows - column.missing))
        return _Categories({"true": share, "false": 1 - share}, True)
    if not column.top:
        return None
    counts = {_shown(value): count for value, count in column.top}
    named = sum(counts.values())
    complete = column.distinct is not None and len(counts) >= column.distinct
    there = named
    if not complete and rows:
        seen = table.sampled or rows
        there = max(named, round(seen * (1 - column.missing / rows)))
    if not there:
        return None
    return _Categories({name: count / there for name, count in counts.items()}, complete)


def _by_category(one: _Categories, other: _Categories) -> _Bins:
    """A value that only one side names is a bin of its own where the other names all it has."""
    names = [
        name
        for name in dict.fromkeys([*one.shares, *other.shares])
        if (name in one.shares or one.complete) and (name in other.shares or other.complete)
    ]
    before = [one.shares.get(name, 0.0) for name in names]
    after = [other.shares.get(name, 0.0) for name in names]
    before.append(max(0.0, 1 - sum(before)))
    after.append(max(0.0, 1 - sum(after)))
    distance = _jensen_shannon(before, after)
    return _Bins(before, after, "Jensen-Shannon", distance, [*names, _OTHER])


def _jensen_shannon(before: Sequence[float], after: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(before, after, strict=True):
        middle = (a + b) / 2
        for share in (a, b):
            if share > 0:
                total += share * math.log2(share / middle) / 2
    return math.sqrt(min(max(total, 0.0), 1.0))


def _by_histogram(one: Histogram, other: Histogram) -> _Bins:
    """Tenths of the first, at edges that both have; exact, since neither is guessed in between."""
    curves = _Curve(one), _Curve(other)
    width = max(one.width, other.width)
    edges = sorted({edge for curve in curves for edge in curve.edges(width)})
    steps = [(0.0, 0.0), *(_both(*curves, edge) for edge in edges), (1.0, 1.0)]
    gap = max(abs(a - b) for a, b in steps)
    cuts = [steps[0]]
    for step in steps[1:-1]:
        # every tenth of the first, and wherever the second has gone on without it
        if step[0] - cuts[-1][0] >= _TENTH or step[1] - cuts[-1][1] >= 2 * _TENTH:
            cuts.append(step)
    cuts.append(steps[-1])
    shares = [(max(0.0, b[0] - a[0]), max(0.0, b[1] - a[1])) for a, b in pairwise(cuts)]
    return _Bins([a for a, _ in shares], [b for _, b in shares], "Kolmogorov-Smirnov", gap, [])


class _Curve:
    """Which share of the values is less than an edge of the histogram."""

    def __init__(self, histogram: Histogram) -> None:
        total = histogram.below + sum(histogram.counts) + histogram.above
        sums = accumulate(histogram.counts, initial=histogram.below)
        self._shares = [count / total for count in sums]
        self._start, self._width = histogram.start, histogram.width
        self._end = histogram.start + histogram.width * len(histogram.counts)

    def edges(self, width: float) -> list[float]:
        first, last = math.ceil(self._start / width), math.floor(self._end / width)
        return [place * width for place in range(first, last + 1)]

    def bounds(self, edge: float) -> tuple[float, float]:
        """The least and the most that may be less than `edge`: the same inside."""
        if edge < self._start:
            return 0.0, self._shares[0]
        if edge > self._end:
            return self._shares[-1], 1.0
        share = self._shares[round((edge - self._start) / self._width)]
        return share, share


def _both(one: _Curve, other: _Curve, edge: float) -> tuple[float, float]:
    """The shares below an edge; where one is known roughly, as near to the other as may be."""
    (low, high), (least, most) = one.bounds(edge), other.bounds(edge)
    if low == high:
        return low, min(max(low, least), most)
    return min(max(least, low), high), least


def _sound(histogram: Histogram | None) -> bool:
    """Is it one that gitrack may have written? Anybody can put another on the branch."""
    if histogram is None or not 0 < len(histogram.counts) <= _MOST_COUNTS:
        return False
    numbers = (histogram.start, histogram.width)
    if not all(math.isfinite(number) for number in numbers) or histogram.width <= 0:
        return False
    counts = [histogram.below, *histogram.counts, histogram.above]
    return min(counts) >= 0 and sum(counts) > 0 and math.frexp(histogram.width)[0] == 0.5


def _share(count: int, rows: int | None) -> float | None:
    return min(1.0, count / rows) if rows else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _shown(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _why(
    one: ColumnProfile,
    other: ColumnProfile,
    missing: tuple[float | None, float | None],
    bins: _Bins | None,
) -> Iterator[str]:
    """What has changed, in words, the most telling first."""
    if None not in missing and round(missing[0] or 0, 3) != round(missing[1] or 0, 3):
        yield f"missing {_percent(missing[0])} → {_percent(missing[1])}"
    if bins is not None and bins.names:
        changes = zip(bins.names, bins.before, bins.after, strict=True)
        ordered = sorted(changes, key=lambda change: -abs(change[2] - change[1]))
        for name, a, b in ordered[:2]:
            if abs(b - a) >= 0.005:
                yield f"{name} {_percent(a)} → {_percent(b)}"
    elif one.quantiles and other.quantiles and len(one.quantiles) == len(other.quantiles):
        middle = LEVELS.index(0.5)
        if middle < len(one.quantiles) and one.quantiles[middle] != other.quantiles[middle]:
            yield f"median {_brief(one.quantiles[middle])} → {_brief(other.quantiles[middle])}"
        if (one.min, one.max) != (other.min, other.max):
            ends = [_brief(end) for end in (one.min, one.max, other.min, other.max)]
            yield f"range {ends[0]}…{ends[1]} → {ends[2]}…{ends[3]}"
    elif one.distinct != other.distinct and None not in (one.distinct, other.distinct):
        yield f"{one.distinct:,} → {other.distinct:,} different values"
    if one.infinite != other.infinite:
        yield f"{one.infinite:,} → {other.infinite:,} infinite"


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{share:.1%}"


def _brief(value: Value | None) -> str:
    if isinstance(value, str):
        return value.removesuffix("T00:00:00Z").removesuffix("T00:00:00")
    return "?" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
