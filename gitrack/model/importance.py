"""How much of a result each setting explains by itself, over many runs.

Results are ranked first, so that one run that blew up weighs no more than the others. Runs are then
put together by the setting's value (numbers with many values by equal shares), and the part of all
variance that lies between these groups is what the setting explains; the part that groups of that
size would show by chance is taken off (epsilon squared). Settings that matter only together are not
seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.ranking import number_of
from gitrack.model.run import Scalar

#: With fewer runs chance explains whatever one likes.
FEWEST = 8
_SHARES = 6


class Importance(msgspec.Struct, frozen=True, kw_only=True):
    """What one setting explains, from 0 to 1; `trend` is Spearman's correlation of numbers."""

    name: str
    share: float
    trend: float | None
    runs: int


def importance(
    settings: Mapping[str, Sequence[Scalar]], results: Sequence[float | None]
) -> tuple[Importance, ...]:
    """Settings that varied, the most telling first; each is judged by the runs that have it."""
    found = []
    for name in sorted(settings):
        pairs = [
            (value, float(result))
            for value, result in zip(settings[name], results, strict=True)
            if value is not None and result is not None and math.isfinite(result)
        ]
        one = _judge(name, pairs)
        if one is not None:
            found.append(one)
    return tuple(sorted(found, key=lambda one: (-round(one.share, 9), one.name)))


def _judge(name: str, pairs: Sequence[tuple[Scalar, float]]) -> Importance | None:
    if len(pairs) < FEWEST or len({repr(value) for value, _ in pairs}) < 2:
        return None
    ranks = _ranks([result for _, result in pairs])
    mean = sum(ranks) / len(ranks)
    total = sum((rank - mean) ** 2 for rank in ranks)
    if not total:
        return None
    groups: dict[object, list[float]] = {}
    numbers = [number_of(value) for value, _ in pairs]
    known = [n for n in numbers if n is not None and math.isfinite(n)]
    numeric = len(known) == len(pairs)
    keys = _shares(known) if numeric else [repr(value) for value, _ in pairs]
    for key, rank in zip(keys, ranks, strict=True):
        groups.setdefault(key, []).append(rank)
    trend = _correlation(_ranks([float(n) for n in known]), ranks) if numeric else None
    if len(groups) < 2 or len(groups) > len(pairs) / 2:  # as good as every run for itself
        return Importance(name=name, share=0.0, trend=trend, runs=len(pairs))
    within = sum(sum((rank - sum(g) / len(g)) ** 2 for rank in g) for g in groups.values())
    by_chance = within / (len(pairs) - len(groups)) * (len(groups) - 1)
    share = max(0.0, (total - within - by_chance) / total)
    return Importance(name=name, share=share, trend=trend, runs=len(pairs))


def _shares(values: Sequence[float | int]) -> list[object]:
    """The group of each: equal values together, many different ones in equal shares by size."""
    distinct = sorted(set(values))
    count = min(_SHARES, max(2, len(values) // 4))
    if len(distinct) <= count:
        return list(values)
    ordered = sorted(values)
    edges = [ordered[len(ordered) * part // count] for part in range(1, count)]
    return [sum(value >= edge for edge in edges) for value in values]


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or values[order[end]] != values[order[start]]:
            for place in order[start:end]:
                ranks[place] = (start + 1 + end) / 2
            start = end
    return ranks


def _correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    mean_one, mean_other = sum(one) / len(one), sum(other) / len(other)
    spread_one = sum((a - mean_one) ** 2 for a in one)
    spread_other = sum((b - mean_other) ** 2 for b in other)
    if not spread_one or not spread_other:
        return None
    both = sum((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return both / math.sqrt(spread_one * spread_other)
