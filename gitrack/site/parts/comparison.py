"""The page that compares any runs, and the index by which people find them."""

from __future__ import annotations

from functools import partial

from gitrack.site import links, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import compare
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """The page, then the index."""
    yield Unit("compare", contents.settings, partial(_page, contents))
    models = [(known.name, len(known.versions)) for known in contents.models]
    inputs = (contents.settings, contents.trees(contents.runs), models)
    yield Unit("index", inputs, partial(_index, contents))


def _page(contents: Contents) -> Made:
    page = compare.compare_page(contents.frame)
    return Made({"compare.html": contents.renderer.page("compare.html", page, "compare.html")})


def _index(contents: Contents) -> Made:
    index = {
        "runs": [
            [run.id, run.name or run.id, run.experiment, str(run.status), links.run_page(run.id)]
            for run in contents.everything.runs
        ],
        "experiments": [
            [group.name, links.experiment_page(group.name), len(group.runs)]
            for group in contents.groups
        ],
        "models": [
            [known.name, links.model_page(known.name), len(known.versions)]
            for known in contents.models
        ],
    }
    return Made({"data/index.js": scripts.call("index", index)})
