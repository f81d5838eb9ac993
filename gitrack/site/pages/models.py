"""All registered models: who serves, what was promoted, and what waits for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.promotion import Outcome
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.extras import Waiting
from gitrack.site.goals import Goals
from gitrack.site.pages.frame import Frame, Moment, when
from gitrack.site.pages.registry import (
    ModelRow,
    PromotionRow,
    Tally,
    latest_promotions,
    model_rows,
    tally,
    version_href,
)
from gitrack.store.registry.whole import KnownModel

_PROMOTIONS = 60
_OPEN = 50


class OpenGate(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that a waiting promotion has not passed, and what it says."""

    gate: str
    outcome: str
    says: str


class OpenPromotion(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that nobody has merged yet, with the gates that are open."""

    model: str
    version: int
    href: str
    kind: str
    to: str
    draft: bool
    at: Moment
    by: str | None
    why: str
    tally: Tally
    gates: tuple[OpenGate, ...]
    branch: str


class ModelsPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `models.html` may use."""

    frame: Frame
    title: str
    models: tuple[ModelRow, ...]
    waiting: tuple[OpenPromotion, ...]
    promotions: tuple[PromotionRow, ...]


def models_page(
    frame: Frame,
    models: Sequence[KnownModel],
    runs: Mapping[str, Run],
    goals: Goals,
    waiting: Sequence[Waiting],
) -> ModelsPage:
    """Every model, those that serve somebody first."""
    return ModelsPage(
        frame=frame,
        title="Models",
        models=model_rows(models, runs, goals),
        waiting=open_promotions(waiting),
        promotions=latest_promotions(models, most=_PROMOTIONS),
    )


def open_promotions(waiting: Sequence[Waiting]) -> tuple[OpenPromotion, ...]:
    """What waits for review, the newest first; the first page shows it, too."""
    newest = sorted(waiting, key=lambda one: (one.promotion.at, one.id, one.branch), reverse=True)
    return tuple(map(_open, newest[:_OPEN]))


def _open(one: Waiting) -> OpenPromotion:
    promotion = one.promotion
    return OpenPromotion(
        model=promotion.model,
        version=promotion.version,
        href=version_href(promotion.model, promotion.version),
        kind=promotion.kind,
        to=promotion.to,
        draft=promotion.draft,
        at=when(promotion.at),
        by=display.person(promotion.by) or None,
        why=promotion.why,
        tally=tally(promotion),
        gates=tuple(
            OpenGate(
                gate=verdict.gate,
                outcome=str(verdict.outcome),
                says=display.unaddressed(verdict.says),
            )
            for verdict in promotion.verdicts
            if verdict.outcome is not Outcome.PASSED
        ),
        branch=one.branch,
    )
