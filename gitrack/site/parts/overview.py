"""The first page, which also tells what could not be read anywhere, and what this build is of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial

from gitrack.model.run import Fault
from gitrack.site import scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.output import MARKER
from gitrack.site.pages import overview
from gitrack.site.pages.models import OpenPromotion, open_promotions
from gitrack.site.pages.questions import Question, questions
from gitrack.site.parts import Units
from gitrack.site.parts.models import waiting_for


def units(contents: Contents) -> Units:
    """Last of all: every fault is known by now."""
    faults = contents.sorted_faults()
    trees = contents.trees(contents.runs)
    asked = questions(
        contents.groups,
        contents.models,
        {run.id: run for run in contents.runs},
        contents.pages,
        timeline=contents.extras.stages is not None,
        verdicts=contents.verdicts,
    )
    waiting = open_promotions(waiting_for(contents))
    inputs = (
        *(contents.settings, contents.commit, trees, contents.models, faults),
        *(asked, sorted(contents.verdicts.items()), waiting),
    )
    yield Unit("overview", inputs, partial(_page, contents, faults, asked, waiting))
    built = {
        "branch": contents.frame.branch,
        "commit": contents.commit,
        "runs": len(contents.runs),
        "experiments": len(contents.groups),
    }
    yield Unit("built", built, partial(_built, built))


def _page(
    contents: Contents,
    faults: list[Fault],
    asked: Sequence[Question],
    waiting: Sequence[OpenPromotion],
) -> Made:
    page = overview.overview_page(
        contents.frame,
        contents.groups,
        contents.everything,
        faults,
        contents.models,
        asked,
        contents.verdicts,
        waiting,
    )
    return Made({"index.html": contents.renderer.page("overview.html", page, "index.html")})


def _built(built: Mapping[str, object]) -> Made:
    """For the next build, for whoever serves the site, and for every page's last line."""
    marker = {"generator": "gitrack", "format": 1, **built}
    text = json.dumps(marker, indent=1, sort_keys=True) + "\n"
    return Made({"data/build.js": scripts.call("build", built), MARKER: text.encode("utf-8")})
