"""The runs that stand out: the best of each experiment, those in the stages of each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.run import Run
from gitrack.site.links import model_page
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import entered_by, promotion_anchor
from gitrack.store.registry.whole import KnownModel


class BestMark(msgspec.Struct, frozen=True, kw_only=True):
    """The best run of an experiment by the metric that ranks it."""

    experiment: str
    metric: str
    goal: str
    run: str
    name: str
    value: float | int


class StageMark(msgspec.Struct, frozen=True, kw_only=True):
    """A version that stands in a stage, and the run that it came from."""

    model: str
    stage: str
    version: int
    run: str
    name: str
    experiment: str
    #: where the site tells why it stands there
    why: str


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; a run counts only where it has a page."""

    best: tuple[BestMark, ...] = ()
    stages: tuple[StageMark, ...] = ()

    def data(self) -> dict[str, object]:
        """As a page's script reads them: in lists, for their names are users'."""
        return {
            "best": [[m.experiment, m.metric, m.goal, m.run, m.name, m.value] for m in self.best],
            "stages": [
                [m.model, m.stage, m.version, m.run, m.name, m.experiment, m.why]
                for m in self.stages
            ],
        }


def marks(groups: Sequence[Group], models: Sequence[KnownModel], runs: Mapping[str, Run]) -> Marks:
    """Experiments and models by name; of a stage the version that came there last is first."""
    return Marks(
        best=tuple(mark for group in groups if (mark := _best(group))),
        stages=tuple(mark for model in models for mark in _stages(model, runs)),
    )


def _best(group: Group) -> BestMark | None:
    best, measure = group.best, group.measure
    if best is None or measure is None:
        return None
    return BestMark(
        experiment=group.name,
        metric=measure.metric,
        goal=measure.goal,
        run=best.id,
        name=best.name or best.id,
        value=best.metrics[measure.metric],
    )


def _stages(model: KnownModel, runs: Mapping[str, Run]) -> list[StageMark]:
    numbered = {version.version: version for version in model.versions}
    found = []
    for stage in sorted(model.stages):
        for number in reversed(model.stages[stage]):
            version = numbered.get(number)
            run = runs.get(version.run) if version else None
            if run is None:
                continue
            id, _ = entered_by(model, number, stage)
            place = promotion_anchor(id) if id else f"v{number}"
            found.append(
                StageMark(
                    model=model.name,
                    stage=stage,
                    version=number,
                    run=run.id,
                    name=run.name or run.id,
                    experiment=run.experiment,
                    why=f"{model_page(model.name)}#{place}",
                )
            )
    return found
