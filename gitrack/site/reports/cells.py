"""Values of runs as a report writes them."""

from __future__ import annotations

import math
from typing import Any

from gitrack.model.run import Run
from gitrack.site import display


def value_of(run: Run, name: str) -> Any:
    """A cell by the name of its column, as the filter language calls it."""
    section, dot, key = name.partition(".")
    if dot:
        return getattr(run, section).get(key)
    if name == "duration":
        return display.duration(run.started, run.ended)
    if name == "commit":
        return run.code.commit[:10] if run.code and run.code.commit else None
    if name == "author":
        return display.person(run.author)
    if name in ("started", "ended"):
        return display.absolute(getattr(run, name))
    value = getattr(run, name)
    return None if value is None else str(value)


def said(value: Any, places: int | None, *, metric: bool) -> str:
    if isinstance(value, float) and places is not None and math.isfinite(value):
        return f"{value:.{places}f}"
    return display.number(value) if metric else display.setting(value)
