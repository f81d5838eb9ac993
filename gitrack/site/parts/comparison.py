"""The page that compares any runs, and the marks it knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gitrack.site import links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import compare
from gitrack.site.pages.marks import Marks, marks
from gitrack.site.pages.questions import Asked, asked_pairs
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """The page, then the marks."""
    runs = {entry.run.id: entry.run for entry in contents.known}
    found = marks(contents.groups, contents.models, runs)
    # the page shows these runs and no others: one more run seldom is among them
    ids = [*(mark.run for mark in found.best), *(mark.run for mark in found.stages)]
    asked = asked_pairs(contents.groups, contents.models, runs)
    ids += [one.id for pair in asked for one in (pair.one, pair.other)]
    told = [(pair.one_is, pair.other_is) for pair in asked]
    follows = (contents.settings, found, ids, told, contents.trees(runs[id] for id in ids))
    yield Unit("compare", follows, partial(_page, contents, found, asked))
    yield Unit("marks", found, partial(_marks, found))


def _page(contents: Contents, found: Marks, asked: Sequence[Asked]) -> Made:
    runs = {entry.run.id: entry.run for entry in contents.known}
    page = compare.compare_page(contents.frame, found, runs, contents.goals, asked)
    return Made({"compare.html": contents.renderer.page("compare.html", page, "compare.html")})


def _marks(found: Marks) -> Made:
    return Made({links.MARKS: scripts.call("marks", found.data())})
