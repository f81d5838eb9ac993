"""Dates, durations and moments relative to now, as a filter writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_AMOUNT = r"[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d|w)"

DURATION = rf"(?:{_AMOUNT})+"
NOW = rf"now(?:\s*[+-]\s*{_AMOUNT})?"
DATE = (
    r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?)?"
)

_AMOUNTS = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)", re.IGNORECASE)
_DURATION = re.compile(DURATION, re.IGNORECASE)
_NOW = re.compile(NOW, re.IGNORECASE)
_DATE = re.compile(DATE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds(text: str) -> int | float | None:
    """`1h30m` in seconds; None for what is not a duration."""
    if not _DURATION.fullmatch(text):
        return None
    total = sum(float(n) * _UNIT_SECONDS[unit.lower()] for n, unit in _AMOUNTS.findall(text))
    return int(total) if total == int(total) else total


def from_now(text: str) -> int | float | None:
    """`now-7d` as seconds from now (negative: before); None for what is not written so."""
    if not _NOW.fullmatch(text):
        return None
    shift = "".join(text[3:].split())
    if not shift:
        return 0
    amount = seconds(shift[1:]) or 0
    return -amount if shift[0] == "-" else amount


def covered(text: str) -> tuple[int, int] | None:
    """What a date covers, in milliseconds since 1970 UTC, the end not included.

    `2026-01` is a month, `2026-01-05` a day, `2026-01-05 10:30` a minute. Without a zone it is
    UTC. None for what is not a date, or not a real one.
    """
    if not _DATE.fullmatch(text):
        return None
    try:
        if len(text) == 7:
            begin = datetime(int(text[:4]), int(text[5:7]), 1, tzinfo=UTC)
            return _ms(begin), _ms((begin + timedelta(days=31)).replace(day=1))
        begin = datetime.fromisoformat(text)
        begin = begin.replace(tzinfo=UTC) if begin.tzinfo is None else begin
        since = _ms(begin)
    except (ValueError, OverflowError):
        return None
    return since, since + _grain(text)


def moment(text: str) -> int | None:
    """A recorded time in milliseconds since 1970 UTC; None for what is no time."""
    try:
        when = datetime.fromisoformat(text)
        return _ms(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _grain(text: str) -> int:
    """Milliseconds that the last written unit covers."""
    if len(text) == 10:
        return 86_400_000
    clock = text[11:]
    if "." in clock:
        return 1
    return 1000 if clock[5:6] == ":" else 60_000


def _ms(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)
