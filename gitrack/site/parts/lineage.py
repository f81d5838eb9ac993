"""The page of lineage. What is drawn is gathered again only when what it follows from changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from gitrack.model.run import Fault
from gitrack.site import links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.lineage import gather
from gitrack.site.lineage.ancestry import Ancestry
from gitrack.site.lineage.drawn import drawing
from gitrack.site.lineage.graph import Drawing
from gitrack.site.pages.lineage import lineage_page
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """What leads where, kept as a note; then the page; then the counts, which every run changes."""
    if contents.extras.lineage is None or not contents.known:
        return
    ancestry = contents.extras.lineage()
    ends = gather.ends(contents)
    piped = gather.piped(contents, ancestry)
    trees = [contents.by_id[id].tree for id in piped]
    made = yield Unit("lineage:stages", trees, lambda: Made({}, note=sorted(ancestry.staged())))
    followed = gather.follows_from(contents, ends.ids, piped, made.note)
    inputs = (contents.hide.public, ends, followed)
    made = yield Unit("lineage:links", inputs, partial(_gathered, ancestry, ends))
    found = msgspec.convert(made.note, gather.Found)
    drawn, counts = drawing(contents, contents.data_sets, found)
    experiments = {
        item.family: links.experiment_page(item.family)
        for item in drawn.items
        if item.family in contents.group and item.group.startswith("experiment/")
    }
    inputs_of_page = (contents.settings, drawn, sorted(experiments))
    yield Unit("lineage", inputs_of_page, partial(_page, contents, drawn, experiments))
    listed = [[key, counts[key]] for key in sorted(counts)]
    yield Unit("lineage:counts", listed, partial(_counts, listed))


def _gathered(ancestry: Ancestry, ends: gather.Ends) -> Made:
    found = gather.gather(ancestry, ends)
    faults: Sequence[Fault] = ancestry.faults
    return Made({}, faults, note=msgspec.to_builtins(found))


def _page(contents: Contents, drawn: Drawing, experiments: Mapping[str, str]) -> Made:
    page, data = lineage_page(contents.frame, drawn, experiments)
    html = contents.renderer.page("lineage.html", page, "lineage.html")
    return Made({"lineage.html": html, "data/lineage.js": scripts.call("lineage", data)})


def _counts(listed: Sequence[object]) -> Made:
    return Made({"data/lineage-counts.js": scripts.call("folded", listed)})
