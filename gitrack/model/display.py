"""Text that strangers wrote, as a terminal may show it: nothing that moves, hides or colours."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

#: Invisible, but part of how some scripts and emoji are written.
_JOINERS = "\u200c\u200d"


def safe(text: str, *, lines: bool = False) -> str:
    """The text with every control, escape and direction character spelled out (`\\x1b`).

    With `lines`, newlines and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in _JOINERS or (lines and character in "\n\t")
        else _spelled(character)
        for character in text
    )


def width(text: str) -> int:
    """How many columns of a terminal the text fills."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(character) or character in _JOINERS
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )


def cut(text: str, columns: int) -> str:
    """The text, or its beginning and `…` where it is wider than so many columns."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"


def number(value: float, digits: int = 6) -> str:
    """A number for people: so many digits that matter; whole ones whole."""
    if isinstance(value, int):
        return str(value)
    if 10**digits <= abs(value) < 1e15:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def plain(value: object) -> str:
    """A value in a table: nothing, yes or no, a number for people, else its text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def day_and_time(when: str) -> str:
    """`2024-10-22 14:30`, of a time as records keep it; the text itself if it is none."""
    return f"{when[:10]} {when[11:16]}" if len(when) >= 17 and when[10] == "T" else when


def lasted(seconds: float) -> str:
    """`3m 50s`, `2h 05m`, `0.4s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if not seconds < 1e15:  # more than the world has; or no number at all
        return "∞" if seconds > 0 else "?"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole // 60 % 60:02}m"
    return f"{whole // 86_400}d {whole // 3600 % 24:02}h"


def seconds_between(start: object, end: object) -> float | None:
    """The time between two times of a record, or None if one of them is missing or none."""
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    try:
        begin, finish = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        return None
    return (_utc(finish) - _utc(begin)).total_seconds()


def _utc(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def size(count: int) -> str:
    """`483.9 kB`."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < (1000 if unit == "B" else 999.95):  # what would round up to 1000.0
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"


def _spelled(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode()
