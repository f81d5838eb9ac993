"""Every registered model's page, and that of all models."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gitrack.model.audit import AuditedPromotion
from gitrack.model.run import Run
from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.extras import Waiting
from gitrack.site.hiding.audit import shown_audit
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages import model, models
from gitrack.site.parts import Units
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange


def units(contents: Contents) -> Units:
    """Models by name, then all of them."""
    audit = shown_audit(contents)
    audited: dict[str, list[AuditedPromotion]] = {}
    for one in audit.promotions if audit else ():
        audited.setdefault(one.model, []).append(one)
    for known in contents.models:
        runs = _runs(contents, known)
        changes = changes_of(contents, known)
        of_it = audited.get(known.name, [])
        inputs = (contents.settings, known, contents.trees(runs), changes, of_it)
        make = partial(_model, contents, known, runs, changes, of_it)
        yield Unit(f"model:{known.name}", inputs, make)
    served = {run.id: run for known in contents.models for run in _runs(contents, known)}
    waiting = waiting_for(contents)
    every = (contents.settings, contents.models, contents.trees(served.values()), waiting)
    yield Unit("models", every, partial(_models, contents, served, waiting))


def changes_of(contents: Contents, known: KnownModel) -> Sequence[StageChange]:
    """What became of a model's stages, the oldest first."""
    stages = contents.extras.stages
    return stages(known.name) if stages is not None else ()


def waiting_for(contents: Contents) -> list[Waiting]:
    """The promotions that are not merged yet, as the site may show them."""
    ask = contents.extras.waiting
    found: list[Waiting] = []
    for one in ask() if ask is not None else ():
        name = one.promotion.model
        shown = contents.hide.model(KnownModel(name=name, promotions={one.id: one.promotion}))
        found.append(Waiting(branch=one.branch, id=one.id, promotion=shown.promotions[one.id]))
    return found


def _runs(contents: Contents, known: KnownModel) -> list[Run]:
    return [contents.by_id[v.run].run for v in known.versions if v.run in contents.by_id]


def _model(
    contents: Contents,
    known: KnownModel,
    runs: Sequence[Run],
    changes: Sequence[StageChange],
    audited: Sequence[AuditedPromotion],
) -> Made:
    path = links.model_page(known.name)
    page = model.model_page(
        contents.frame,
        known,
        {run.id: run for run in runs},
        contents.goals,
        changes=changes,
        audited={one.id: one for one in audited},
    )
    return Made({path: contents.renderer.page("model.html", page, path)})


def _models(contents: Contents, runs: dict[str, Run], waiting: Sequence[Waiting]) -> Made:
    page = models.models_page(contents.frame, contents.models, runs, contents.goals, waiting)
    return Made({"models.html": contents.renderer.page("models.html", page, "models.html")})
