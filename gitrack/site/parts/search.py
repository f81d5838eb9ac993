"""The page that looks for anything, and the names by which it, and "go to", find things."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from gitrack.model.run import Run
from gitrack.site import finding, links, scripts
from gitrack.site.contents import Contents
from gitrack.site.finding import Entry
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import search
from gitrack.site.parts import Units

#: Runs in a piece: one more run changes the last piece only.
SIZE = 1000


def units(contents: Contents) -> Units:
    """Pieces of the names of runs, the index of these, and the page."""
    pieces: list[tuple[int, str]] = []
    # counted from the oldest on, so that what there is keeps its piece when another run comes
    runs = contents.everything.runs[::-1]
    for number, start in enumerate(range(0, len(runs), SIZE)):
        some = runs[start : start + SIZE]
        inputs = (contents.settings, contents.trees(some))
        made = yield Unit(f"names:{number}", inputs, partial(_piece, number, some))
        pieces.append((len(some), made.note))
    entries = finding.entries(contents)
    yield Unit("index", (pieces, entries), partial(_index, pieces, entries))
    kinds = search.listed(entries)
    yield Unit("search", (contents.settings, kinds), partial(_page, contents, kinds))


def _piece(number: int, runs: Sequence[Run]) -> Made:
    data = scripts.call("names.piece", number, finding.piece(runs))
    version = hashlib.blake2b(data, digest_size=5).hexdigest()
    return Made({links.names_data(number): data}, note=version)


def _index(pieces: Sequence[tuple[int, str]], entries: Sequence[Entry]) -> Made:
    """The version of a piece keeps a browser from joining those of two builds."""
    data = scripts.call("names.index", {"pieces": pieces, "entries": entries})
    return Made({"data/index.js": data})


def _page(contents: Contents, kinds: Sequence[search.Listed]) -> Made:
    page = search.search_page(contents.frame, kinds)
    return Made({"search.html": contents.renderer.page("search.html", page, "search.html")})
