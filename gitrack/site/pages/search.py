"""The page that looks for anything on the site; without JavaScript, a list of what has names."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitrack.site.finding import Entry
from gitrack.site.pages.frame import Frame

_HEADINGS = {
    "page": "Pages",
    "model": "Models",
    "experiment": "Experiments",
    "sweep": "Sweeps",
    "data": "Data",
    "report": "Reports",
    "chart": "Charts",
}
_MOST = 200


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """Things of one kind: `(title, page)` each; `more` there are beyond those listed."""

    heading: str
    entries: tuple[tuple[str, str], ...]
    more: int


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """What its template may use."""

    frame: Frame
    title: str
    kinds: Sequence[Listed]


def listed(entries: Sequence[Entry]) -> list[Listed]:
    """What is few enough to be listed: everything but versions, promotions and runs.

    No counts of runs, so that the page stays when there is one more.
    """
    found = []
    for kind, heading in _HEADINGS.items():
        all_of_it = [(title, page) for one, title, page, _, _ in entries if one == kind]
        if all_of_it:
            shown = tuple(all_of_it[:_MOST])
            found.append(Listed(heading, shown, len(all_of_it) - len(shown)))
    return found


def search_page(frame: Frame, kinds: Sequence[Listed]) -> SearchPage:
    """The page before anybody has looked for anything."""
    return SearchPage(frame=frame, title="Search", kinds=kinds)
