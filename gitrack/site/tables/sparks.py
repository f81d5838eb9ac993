"""Curves as short texts, to be drawn in the cells of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gitrack.model.history import History
from gitrack.site.display import visible
from gitrack.site.pages.group import is_system

#: 64 levels, each a character that is itself in every script.
LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#: Stretches of a curve, of which the lowest and the highest value are kept.
_STRETCHES = 16
#: Of the curves of one run; the machine's own come last.
_MOST = 12


def sparks(history: History | None) -> list[tuple[str, str]]:
    """The curves of a run by metric."""
    if history is None:
        return []
    names = sorted(history.columns, key=lambda name: (is_system(name), name))
    found = [(visible(name), spark(history.columns[name])) for name in names[:_MOST]]
    return [(name, drawn) for name, drawn in found if drawn]


def spark(values: Sequence[float | int | None]) -> str:
    """Levels between the lowest and the highest, evenly from left to right; "" for no curve."""
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    spread = high - low
    if not math.isfinite(spread):
        return ""
    if not spread:
        return LEVELS[31] * 2
    scale = (len(LEVELS) - 1) / spread
    return "".join(LEVELS[round((value - low) * scale)] for value in _thin(known))


def _thin(values: list[float]) -> list[float]:
    """At most two values a stretch, its lowest and its highest, in their order."""
    if len(values) <= 2 * _STRETCHES:
        return values
    kept: list[float] = []
    for part in range(_STRETCHES):
        begin = part * len(values) // _STRETCHES
        some = values[begin : (part + 1) * len(values) // _STRETCHES]
        low, high = min(some), max(some)
        kept += (low, high) if some.index(low) < some.index(high) else (high, low)
    return kept
