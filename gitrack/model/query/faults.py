"""Words for what is wrong with a filter, with a caret below the place."""

from __future__ import annotations

from gitrack.errors import InvalidFilter
from gitrack.model.display import width

#: Characters shown on each side of the place.
_WINDOW = 60


def invalid(source: str, at: int, why: str, hint: str | None = None) -> InvalidFilter:
    """The error for a fault at position `at` of the filter `source`."""
    at = max(0, min(at, len(source)))
    begin, end = max(0, at - _WINDOW), min(len(source), at + _WINDOW)
    before, after = source[begin:at], source[at:end]
    lead = "…" if begin else ""
    line = _one_line(lead + before + after) + ("…" if end < len(source) else "")
    caret = " " * width(_one_line(lead + before)) + "^"
    return InvalidFilter(f"{why}\n  {line}\n  {caret}", hint=hint)


def _one_line(text: str) -> str:
    """Every character that is not shown as one becomes a blank."""
    return "".join(character if character.isprintable() else " " for character in text)
