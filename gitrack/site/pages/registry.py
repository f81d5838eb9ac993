"""What several pages say of registered models: who stands where since when, what was promoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.measure import Measure
from gitrack.model.promotion import Outcome, Promotion
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.links import model_page
from gitrack.site.pages.frame import Moment, RunLink, run_link, when
from gitrack.store.registry.whole import KnownModel

#: The stage that the first page asks for.
PRODUCTION = "production"
_FIRST = {PRODUCTION: 0, "staging": 1, ARCHIVE: 3}
_LATEST = 6


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A version that a run became, as the run's page says it."""

    model: str
    version: int
    href: str
    stages: tuple[str, ...]
    aliases: tuple[str, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The metric by which a model's versions are ranked."""

    metric: str
    goal: str
    value: str
    exact: str


class Occupant(msgspec.Struct, frozen=True, kw_only=True):
    """A version that stands in a stage; `since` is told by its newest promotion there."""

    version: int
    href: str
    run: RunLink | None
    run_id: str
    since: Moment | None
    result: Result | None


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the first page's list."""

    name: str
    href: str
    about: str | None
    versions: int
    production: tuple[Occupant, ...]
    others: tuple[tuple[str, tuple[int, ...]], ...]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How the gates of a promotion ended."""

    passed: int
    failed: int
    waiting: int

    @property
    def words(self) -> str:
        """`7 gates passed`, `6 of 7 gates passed, 1 waiting`."""
        gates = self.passed + self.failed + self.waiting
        if not gates:
            return "no gates"
        noun = "gate" if gates == 1 else "gates"
        if self.passed == gates:
            return f"{gates} {noun} passed"
        rest = [(self.failed, "failed"), (self.waiting, "waiting")]
        told = ", ".join(f"{count} {word}" for count, word in rest if count)
        return f"{self.passed} of {gates} {noun} passed, {told}"

    @property
    def word(self) -> str:
        """The one that matters most."""
        if self.failed:
            return "failed"
        return "warn" if self.waiting else "finished" if self.passed else ""


class Promoted(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a promotion wherever it is told of."""

    version: int
    kind: str
    source: str | None
    to: str
    at: Moment
    by: str | None
    why: str
    tally: Tally
    draft: bool


class PromotionRow(Promoted, frozen=True, kw_only=True):
    """A promotion in a line."""

    model: str
    href: str


def in_order(stages: Iterable[str]) -> list[str]:
    """Stages as people ask for them: production, staging, others, the archive."""
    return sorted(stages, key=lambda stage: (_FIRST.get(stage, 2), stage))


def measure_of(model: KnownModel, runs: Mapping[str, Run], goals: Goals) -> Measure | None:
    """The metric that ranks a model's versions: its own primary one, else the likeliest."""
    known = [runs[version.run] for version in model.versions if version.run in runs]
    name = model.about.primary_metric if model.about else None
    goal = goals.goal(name) if name else None
    if name and goal and any(name in run.metrics for run in known):
        return Measure(name, goal)
    return goals.measure(known)


def result_of(run: Run | None, measure: Measure | None) -> Result | None:
    """What a run reached by that metric."""
    value = run.metrics.get(measure.metric) if run and measure else None
    if measure is None or value is None:
        return None
    return Result(
        metric=measure.metric, goal=measure.goal, value=display.number(value), exact=repr(value)
    )


def occupants(
    model: KnownModel, stage: str, runs: Mapping[str, Run], measure: Measure | None
) -> tuple[Occupant, ...]:
    """Who stands in a stage, the newest first."""
    numbered = {version.version: version for version in model.versions}
    found = []
    for number in reversed(model.stages.get(stage, ())):
        version = numbered.get(number)
        run = runs.get(version.run) if version else None
        entered = entry_of(model, number, stage)
        found.append(
            Occupant(
                version=number,
                href=version_href(model.name, number),
                run=run_link(run) if run else None,
                run_id=version.run if version else "–",
                since=when(entered.at) if entered else None,
                result=result_of(run, measure),
            )
        )
    return tuple(found)


def entry_of(model: KnownModel, number: int, stage: str) -> Promotion | None:
    """The newest promotion that brought a version into a stage."""
    return entered_by(model, number, stage)[1]


def entered_by(
    model: KnownModel, number: int, stage: str
) -> tuple[str, Promotion] | tuple[None, None]:
    """That promotion with its id."""
    for id, promotion in reversed(model.promotions.items()):
        if promotion.version == number and promotion.to == stage:
            return id, promotion
    return None, None


def stood_before(model: KnownModel, stage: str) -> int | None:
    """The version to go back to: that which gave way to the one that stands in a stage."""
    standing = model.stages.get(stage)
    entered = entry_of(model, standing[-1], stage) if standing else None
    before = [n for n in entered.expected if n != entered.version] if entered else []
    return before[-1] if before else None


def version_href(model: str, number: int) -> str:
    """Where a version stands on its model's page."""
    return f"{model_page(model)}#v{number}"


def registered_as(models: Sequence[KnownModel]) -> dict[str, tuple[Membership, ...]]:
    """Which versions each run became, by the run's id."""
    found: dict[str, list[Membership]] = {}
    for model in models:
        for version in model.versions:
            number = version.version
            found.setdefault(version.run, []).append(
                Membership(
                    model=model.name,
                    version=number,
                    href=version_href(model.name, number),
                    stages=tuple(in_order(model.standing(number))),
                    aliases=tuple(model.pointed(number)),
                )
            )
    return {run: tuple(versions) for run, versions in found.items()}


def model_rows(
    models: Sequence[KnownModel], runs: Mapping[str, Run], goals: Goals
) -> tuple[ModelRow, ...]:
    """Models with who is in production; in the order of names, those that serve somebody first."""
    rows = [_model_row(model, runs, goals) for model in models]
    return tuple(sorted(rows, key=lambda row: (not row.production, row.name)))


def foremost_rows(
    models: Sequence[KnownModel], runs: Mapping[str, Run], goals: Goals, most: int
) -> tuple[ModelRow, ...]:
    """All of them as in `model_rows` where they are few, else the foremost, in that order."""
    if len(models) <= most:
        return model_rows(models, runs, goals)
    return tuple(_model_row(model, runs, goals) for model in foremost(models, most))


def _model_row(model: KnownModel, runs: Mapping[str, Run], goals: Goals) -> ModelRow:
    rest = [stage for stage in in_order(model.stages) if stage not in (PRODUCTION, ARCHIVE)]
    return ModelRow(
        name=model.name,
        href=model_page(model.name),
        about=model.about.description if model.about else None,
        versions=len(model.versions),
        production=occupants(model, PRODUCTION, runs, measure_of(model, runs, goals)),
        others=tuple((stage, tuple(model.stages[stage])) for stage in rest if model.stages[stage]),
    )


def changed(model: KnownModel) -> str:
    """When anything of a model was recorded last: ISO 8601, empty where nothing says when."""
    told = [
        *(promotion.at for promotion in model.promotions.values()),
        *(version.created for version in model.versions),
        *(pointer.set for pointer in model.pointers.values()),
        *(proof.recorded for proofs in model.proofs.values() for proof in proofs.values()),
        model.about.created if model.about else None,
    ]
    return max(filter(None, told), default="")


def foremost(models: Sequence[KnownModel], most: int) -> list[KnownModel]:
    """So many models: those that serve somebody first, then those that changed last."""
    by_name = sorted(models, key=lambda model: model.name)
    newest_first = sorted(by_name, key=changed, reverse=True)
    return sorted(newest_first, key=lambda model: not model.stages.get(PRODUCTION))[:most]


def latest_promotions(
    models: Sequence[KnownModel], *, most: int = _LATEST
) -> tuple[PromotionRow, ...]:
    """The newest promotions of all models."""
    every = [
        (promotion.at, model.name, id, promotion)
        for model in models
        for id, promotion in list(model.promotions.items())[-most:]
    ]
    every.sort(key=lambda item: item[:3], reverse=True)
    return tuple(promotion_row(id, promotion) for _, _, id, promotion in every[:most])


def promotion_row(id: str, promotion: Promotion) -> PromotionRow:
    """One promotion in a line."""
    return PromotionRow(
        model=promotion.model,
        version=promotion.version,
        href=f"{model_page(promotion.model)}#{promotion_anchor(id)}",
        kind=promotion.kind,
        source=promotion.source,
        to=promotion.to,
        at=when(promotion.at),
        by=display.person(promotion.by) or None,
        why=promotion.why,
        tally=tally(promotion),
        draft=promotion.draft,
    )


def promotion_anchor(id: str) -> str:
    """An id of ours for the place on the page; ids of promotions are plain words."""
    return f"p-{id}"


def tally(promotion: Promotion) -> Tally:
    """How its gates ended."""
    outcomes = [verdict.outcome for verdict in promotion.verdicts]
    return Tally(
        passed=outcomes.count(Outcome.PASSED),
        failed=outcomes.count(Outcome.FAILED),
        waiting=outcomes.count(Outcome.WAITING),
    )
