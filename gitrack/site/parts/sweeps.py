"""Every sweep's page, and the list of them."""

from __future__ import annotations

from functools import partial

import msgspec

from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import sweep
from gitrack.site.pages.sweep import SweepRow, Trials
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """Sweeps by id; the list is made of what they say of themselves."""
    if not contents.sweeps:
        return
    rows = []
    for trials in contents.trials.values():
        inputs = (contents.settings, trials.sweep, contents.trees(trials.runs))
        name = f"sweep:{trials.sweep.id}"
        made = yield Unit(name, inputs, partial(_make, contents, trials))
        rows.append(made.note)
    yield Unit("sweeps", (contents.settings, rows), partial(_list, contents, rows))


def _make(contents: Contents, trials: Trials) -> Made:
    path = links.sweep_page(trials.sweep.id)
    page = sweep.sweep_page_of(contents.frame, trials)
    row = msgspec.to_builtins(sweep.sweep_row(trials))
    return Made({path: contents.renderer.page("sweep.html", page, path)}, note=row)


def _list(contents: Contents, rows: list[object]) -> Made:
    page = sweep.sweeps_page(contents.frame, [msgspec.convert(row, SweepRow) for row in rows])
    return Made({"sweeps.html": contents.renderer.page("sweeps.html", page, "sweeps.html")})
