"""The page that compares any runs, and the marks it knows."""

from __future__ import annotations

from functools import partial

from gitrack.site import links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import compare
from gitrack.site.pages.marks import Marks, marks
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """The page, then the marks."""
    runs = {entry.run.id: entry.run for entry in contents.known}
    found = marks(contents.groups, contents.models, runs)
    # the page shows these runs and no others: one more run seldom is among them
    ids = [*(mark.run for mark in found.best), *(mark.run for mark in found.stages)]
    follows = (contents.settings, found, contents.trees(runs[id] for id in ids))
    yield Unit("compare", follows, partial(_page, contents, found))
    yield Unit("marks", found, partial(_marks, found))


def _page(contents: Contents, found: Marks) -> Made:
    runs = {entry.run.id: entry.run for entry in contents.known}
    page = compare.compare_page(contents.frame, found, runs)
    return Made({"compare.html": contents.renderer.page("compare.html", page, "compare.html")})


def _marks(found: Marks) -> Made:
    return Made({links.MARKS: scripts.call("marks", found.data())})
