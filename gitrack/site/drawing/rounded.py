"""Axes that are drawn at build: round numbers and round dates, and where they stand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

_MOST = 7
_MINUTES = (1, 2, 5, 10, 20)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 600, 1200)


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis: its place in percent, and what stands there."""

    place: str
    text: str


def ticks(first: datetime, last: datetime) -> tuple[Tick, ...]:
    """Round dates between two moments, few enough to be read."""
    whole = (last - first).total_seconds()
    if whole <= 0:
        return ()
    moments, pattern = _dates(first, last)
    return tuple(
        Tick(f"{(moment - first).total_seconds() / whole * 100:.3f}", f"{moment:{pattern}}")
        for moment in moments
    )


def _dates(first: datetime, last: datetime) -> tuple[list[datetime], str]:
    span = last - first
    minutes = next((m for m in _MINUTES if span <= timedelta(minutes=m * _MOST)), None)
    if minutes is not None:
        begin = first.replace(second=0, microsecond=0)
        begin = begin.replace(minute=begin.minute // minutes * minutes)
        return _steps(begin, timedelta(minutes=minutes), first, last), "%H:%M"
    hours = next((h for h in (1, 3, 6, 12) if span <= timedelta(hours=h * _MOST)), None)
    if hours is not None:
        begin = first.replace(minute=0, second=0, microsecond=0)
        begin = begin.replace(hour=begin.hour // hours * hours)
        return _steps(begin, timedelta(hours=hours), first, last), "%b %d, %H:%M"
    days = next((d for d in _DAYS if span <= timedelta(days=d * _MOST)), None)
    if days is not None:
        begin = first.replace(hour=0, minute=0, second=0, microsecond=0)
        return _steps(begin, timedelta(days=days), first, last), "%b %d"
    months = next((m for m in _MONTHS if span.days <= m * 30.5 * _MOST), _MONTHS[-1])
    return list(_months(first, last, months)), "%Y" if months % 12 == 0 else "%b %Y"


def _steps(begin: datetime, by: timedelta, first: datetime, last: datetime) -> list[datetime]:
    found = []
    moment = begin
    while moment <= last:
        if moment >= first:
            found.append(moment)
        try:
            moment += by
        except OverflowError:
            break
    return found


def _months(first: datetime, last: datetime, by: int) -> Iterator[datetime]:
    count = (first.year * 12 + first.month - 1) // by * by
    while count // 12 <= 9999:
        if count >= 12:
            moment = datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)
            if moment > last:
                return
            if moment >= first:
                yield moment
        count += by


def round_numbers(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers within two others; equal ones give themselves."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    rough = (high - low) / most
    if not math.isfinite(rough) or rough <= 0:
        return [low, high]
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * one for one in (1, 2, 5, 10) if size * one >= rough)
    if step <= 0 or not math.isfinite(high / step):
        return [low, high]
    begin = math.ceil(low / step - 1e-9)
    end = math.floor(high / step + 1e-9)
    return [0.0 if place == 0 else place * step for place in range(begin, min(end, begin + 20) + 1)]
