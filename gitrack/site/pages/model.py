"""A registered model's page: who stands where, every version, what was proved and promoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.audit import AuditedPromotion
from gitrack.model.measure import Measure
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.exhibits import shell
from gitrack.site.goals import Goals
from gitrack.site.pages.card import Card, card
from gitrack.site.pages.frame import Cell, Frame, Moment, RunLink, cells, run_link, when
from gitrack.site.pages.group import is_system, ranked_metrics
from gitrack.site.pages.promotion import PromotionView, promotion_view
from gitrack.site.pages.proof import ProofView, proof_view
from gitrack.site.pages.registry import (
    PRODUCTION,
    Occupant,
    Result,
    entered_by,
    in_order,
    measure_of,
    occupants,
    promotion_anchor,
    result_of,
    stood_before,
    tally,
)
from gitrack.site.pages.timeline import TimelineView, timeline_view
from gitrack.store.registry.whole import KnownModel
from gitrack.store.timeline import StageChange

_METRICS = 3
_PROMOTIONS = 200
_JUDGED = 40
_VERSIONS = 500
_PROOFS = 200


class Back(msgspec.Struct, frozen=True, kw_only=True):
    """The version that stood in a stage before, and the command that brings it back."""

    version: int
    run: RunLink | None
    run_id: str
    result: Result | None
    command: str


class StageCard(msgspec.Struct, frozen=True, kw_only=True):
    """A stage with who stands there, and why; `record` is where the page tells of the gates."""

    name: str
    occupants: tuple[Occupant, ...]
    why: str | None
    by: str | None
    record: str | None
    gates: str | None
    back: Back | None


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version in the list; `metrics` are in the order of the page's columns."""

    version: int
    run: RunLink | None
    run_id: str
    artifact: str
    description: str | None
    created: Moment
    by: str | None
    stages: tuple[str, ...]
    aliases: tuple[str, ...]
    tags: tuple[Cell, ...]
    metrics: tuple[Cell, ...]


class Column(msgspec.Struct, frozen=True):
    """A metric of the versions."""

    name: str
    goal: str | None


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `model.html` may use."""

    frame: Frame
    title: str
    description: str | None
    owners: tuple[str, ...]
    created: Moment | None
    tags: tuple[Cell, ...]
    aliases: tuple[tuple[str, int], ...]
    stages: tuple[StageCard, ...]
    begin: str | None
    timeline: TimelineView | None
    card: Card | None
    archived: tuple[int, ...]
    metrics: tuple[Column, ...]
    versions: tuple[VersionRow, ...]
    more_versions: int
    promotions: tuple[PromotionView, ...]
    more_promotions: int
    proofs: tuple[ProofView, ...]
    more_proofs: int
    load: str
    history: str


def model_page(
    frame: Frame,
    model: KnownModel,
    runs: Mapping[str, Run],
    goals: Goals,
    *,
    changes: Sequence[StageChange] = (),
    audited: Mapping[str, AuditedPromotion] | None = None,
) -> ModelPage:
    """One model; `runs` are those that have a page, by id.

    `changes` are those of its stages, the oldest first; `audited` what an audit knows of its
    promotions, by their ids.
    """
    about = model.about
    known = [runs[version.run] for version in model.versions if version.run in runs]
    measure = measure_of(model, runs, goals)
    names = [name for name in ranked_metrics(known, measure) if not is_system(name)][:_METRICS]
    promotions = list(model.promotions.items())[::-1]
    proofs = [
        proof for number in sorted(model.proofs, reverse=True)
        for proof in model.proofs[number].values()
    ]  # fmt: skip
    versions = model.versions[::-1]
    told = next((id for id, promotion in promotions if promotion.verdicts), None)
    place = PRODUCTION if model.stages.get(PRODUCTION) else "latest"
    return ModelPage(
        frame=frame,
        title=model.name,
        description=about.description if about else None,
        owners=tuple(display.person(owner) or owner for owner in about.owners) if about else (),
        created=when(about.created) if about and about.created else None,
        tags=cells(about.tags) if about else (),
        aliases=tuple((alias, model.pointers[alias].version) for alias in sorted(model.pointers)),
        stages=tuple(
            _card(model, stage, runs, measure, {id for id, _ in promotions[:_PROMOTIONS]})
            for stage in in_order({PRODUCTION, *model.stages})
            if stage != ARCHIVE
        ),
        begin=_begin(model),
        timeline=timeline_view(model, changes, runs),
        card=card(model, runs, goals),
        archived=tuple(model.stages.get(ARCHIVE, ()))[::-1],
        metrics=tuple(Column(name, goals.goal(name)) for name in names),
        versions=tuple(_version(model, v, runs.get(v.run), names) for v in versions[:_VERSIONS]),
        more_versions=max(0, len(versions) - _VERSIONS),
        promotions=tuple(
            promotion_view(
                id,
                promotion,
                judged=place < _JUDGED,
                open=id == told,
                audited=audited.get(id) if audited else None,
            )
            for place, (id, promotion) in enumerate(promotions[:_PROMOTIONS])
        ),
        more_promotions=max(0, len(promotions) - _PROMOTIONS),
        proofs=tuple(proof_view(proof) for proof in proofs[:_PROOFS]),
        more_proofs=max(0, len(proofs) - _PROOFS),
        load=f'gitrack.load_model("models:/{model.name}/{place}")',
        history=shell("gitrack", "model", "history", model.name),
    )


def _begin(model: KnownModel) -> str | None:
    """What to type while no version ever stood anywhere: it tells the gates and writes nothing."""
    if not model.versions or model.stages or model.promotions:
        return None
    number = str(model.versions[-1].version)
    return shell("gitrack", "promote", model.name, number, "--to", "staging", "--dry-run")


def _card(
    model: KnownModel,
    stage: str,
    runs: Mapping[str, Run],
    measure: Measure | None,
    listed: Set[str],
) -> StageCard:
    """`listed` are the promotions of which the page tells more."""
    standing = occupants(model, stage, runs, measure)
    id, entered = entered_by(model, standing[0].version, stage) if standing else (None, None)
    return StageCard(
        name=stage,
        occupants=standing,
        why=entered.why if entered else None,
        by=(display.person(entered.by) or None) if entered else None,
        record=promotion_anchor(id) if id in listed and id else None,
        gates=tally(entered).words if entered else None,
        back=_back(model, stage, runs, measure),
    )


def _back(
    model: KnownModel, stage: str, runs: Mapping[str, Run], measure: Measure | None
) -> Back | None:
    number = stood_before(model, stage)
    if number is None:
        return None
    run_id = next((v.run for v in model.versions if v.version == number), "–")
    run = runs.get(run_id)
    words = ["gitrack", "rollback", model.name, "--to-version", str(number)]
    where = [] if stage == PRODUCTION else ["--stage", stage]
    return Back(
        version=number,
        run=run_link(run) if run else None,
        run_id=run_id,
        result=result_of(run, measure),
        command=shell(*words, *where, "--why", "…"),
    )


def _version(
    model: KnownModel, version: ModelVersion, run: Run | None, names: Sequence[str]
) -> VersionRow:
    values = run.metrics if run else {}
    return VersionRow(
        version=version.version,
        run=run_link(run) if run else None,
        run_id=version.run,
        artifact=version.artifact,
        description=version.description,
        created=when(version.created),
        by=display.person(version.by) or None,
        stages=tuple(in_order(model.standing(version.version))),
        aliases=tuple(model.pointed(version.version)),
        tags=cells(version.tags),
        metrics=tuple(
            Cell(name, display.number(values.get(name)), repr(values.get(name, "not logged")))
            for name in names
        ),
    )
