"""The list of data sets, and a page of each."""

from __future__ import annotations

from functools import partial

import msgspec

from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.datasets.columns import Insides, asked, insides, looked_into
from gitrack.site.datasets.gather import DataSet, Version
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import data_set
from gitrack.site.pages.data_set import DataPage, DataSetPage
from gitrack.site.parts import Units
from gitrack.site.render import Renderer


def units(contents: Contents) -> Units:
    """Data sets by name: what is in their columns, kept as a note, then their pages; the list."""
    sets = contents.data_sets.sets
    if not sets:
        return
    lineage = contents.extras.lineage is not None
    for found in sets:
        inputs = (
            contents.settings,
            contents.extras.drift is not None,
            [[_followed(version) for version in role] for role in looked_into(found)],
        )
        made = yield Unit(f"data-columns:{found.name}", inputs, partial(_insides, contents, found))
        inside = msgspec.convert(made.note, Insides)
        page = data_set.data_set_page(
            contents.frame, found, inside, contents.became, lineage=lineage
        )
        # a page is small and says all that is shown: it is its own input
        yield Unit(f"data-set:{found.name}", page, partial(_page, contents.renderer, page))
    listed = data_set.data_page(contents.frame, sets, contents.became, lineage=lineage)
    yield Unit("data", listed, partial(_list, contents.renderer, listed))


def _followed(version: Version) -> object:
    """What a profile and its names follow from."""
    trees = [entry.tree for entry in asked(version)]
    return version.role, version.identity, version.labels[:1], version.latest.rows, trees


def _insides(contents: Contents, found: DataSet) -> Made:
    return Made({}, note=msgspec.to_builtins(insides(contents, found)))


def _page(renderer: Renderer, page: DataSetPage) -> Made:
    path = links.data_set_page(page.title)
    return Made({path: renderer.page("dataset.html", page, path)})


def _list(renderer: Renderer, page: DataPage) -> Made:
    return Made({"data.html": renderer.page("data.html", page, "data.html")})
