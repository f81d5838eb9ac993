"""Saved views as the page's table takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitrack.config.views import NamedView, View
from gitrack.errors import ConfigError, InvalidFilter
from gitrack.model.query import parse, parse_order
from gitrack.model.query.nodes import Key
from gitrack.site import links
from gitrack.site.hiding.rules import Hide

_SECTIONS = {"metric": "metrics", "param": "params", "tag": "tags", "dataset": "datasets"}


#: What tells the language of filters from plain words, as the page tells them.
_LANGUAGE = re.compile(
    r"[<>=~!()]|\b(?:like|ilike|rlike|contains|matches|in|between|is)\b", re.IGNORECASE | re.ASCII
)


def views_data(views: Sequence[NamedView], hide: Hide) -> list[dict[str, object]]:
    """For `gitrack.views.all(…)`. Raises ConfigError for a filter or order that means nothing.

    A view that asks about what the site hides would give it away, and is left out; of columns
    only those that may be seen are named.
    """
    found: list[dict[str, object]] = []
    for named in views:
        view = named.view
        try:
            asked = [*_asked(view.filter or ""), *parse_order(view.order).keys()]
        except InvalidFilter as fault:
            sentence, *place = fault.message.split("\n")
            where = "\n".join((f"{named.path}: {sentence}", *place))
            raise ConfigError(where, hint=fault.hint) from fault
        if any(hide.hides(column_of(key)) for key in asked) or hide.hides(view.group or ""):
            continue
        found.append(
            {
                "name": named.name,
                "title": view.title or named.name,
                "description": view.description,
                "table": links.experiment_table(view.experiment) if view.experiment else None,
                "state": _state(view, hide),
            }
        )
    return found


def _asked(text: str) -> Sequence[Key]:
    """Plain words ask about nothing in particular."""
    return parse(text).keys() if _LANGUAGE.search(text) else ()


def _state(view: View, hide: Hide) -> dict[str, object]:
    """Only what the view says: the rest is as at first."""
    state: dict[str, object] = {}
    if view.filter:
        state["filter"] = view.filter.strip()
    if view.order:
        clauses = parse_order(view.order).clauses
        ways = ["desc" if clause.descending else "asc" for clause in clauses]
        state["order"] = [[column_of(c.key), way] for c, way in zip(clauses, ways, strict=True)]
    for name in ("columns", "pinned"):
        columns = [column for column in getattr(view, name) if not hide.hides(column)]
        if columns:
            state[name] = columns
    if view.group:
        state["group"] = view.group
    if view.scales:
        state["scales"] = True
    return state


def column_of(key: Key) -> str:
    """The column that a key names, as tables call it."""
    section = _SECTIONS.get(key.entity)
    return f"{section}.{key.name}" if section else key.name
