"""The audit: it is made again when it finds something else, not when another run has come."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gitrack.model.audit import Audit
from gitrack.model.run import Run
from gitrack.site.contents import Contents
from gitrack.site.hiding.audit import shown_audit
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages.audit import audit_page
from gitrack.site.parts import Units

PAGE = "audit.html"


def units(contents: Contents) -> Units:
    """One page, where an audit was made."""
    audit = shown_audit(contents)
    if audit is None:
        return
    named = {one.run or "" for one in audit.findings}
    runs = {id: contents.by_id[id].run for id in sorted(named) if id in contents.by_id}
    # how many commits and runs it looked at changes with every run, and is not on the page
    found = (audit.promotions, audit.findings)
    inputs = (contents.settings, found, contents.trees(runs.values()))
    yield Unit("audit", inputs, partial(_make, contents, audit, runs))


def _make(contents: Contents, audit: Audit, runs: Mapping[str, Run]) -> Made:
    page = audit_page(contents.frame, audit, runs)
    return Made({PAGE: contents.renderer.page("audit.html", page, PAGE)})
