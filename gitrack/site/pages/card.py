"""A model card: what is known of the version that serves, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.model.lineage import identity
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Artifact, Dataset, Run
from gitrack.site import display
from gitrack.site.goals import Goals
from gitrack.site.links import data_anchor, data_set_page
from gitrack.site.pages.frame import Cell, Moment, RunLink, run_link, when
from gitrack.site.pages.group import is_system, ranked_metrics
from gitrack.site.pages.registry import PRODUCTION, in_order, measure_of
from gitrack.store.registry.whole import KnownModel

_METRICS = 24
_PARAMS = 40


class CardMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A result of the run that the version was made of."""

    name: str
    goal: str | None
    value: str
    exact: str


class CardData(msgspec.Struct, frozen=True, kw_only=True):
    """Data that it was trained or tested on."""

    name: str
    href: str
    role: str | None
    version: str | None
    rows: str | None
    digest: str | None


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The version that stands in `stage` (None: in no stage), and the run that it was made of."""

    version: int
    stage: str | None
    description: str | None
    tags: tuple[Cell, ...]
    run: RunLink | None
    run_id: str
    trained: Moment | None
    took: str | None
    by: str | None
    hypothesis: str | None
    metrics: tuple[CardMetric, ...]
    more_metrics: int
    data: tuple[CardData, ...]
    code: tuple[Cell, ...]
    params: tuple[Cell, ...]
    more_params: int
    model: tuple[Cell, ...]
    proved: tuple[tuple[str, bool], ...]


def card(model: KnownModel, runs: Mapping[str, Run], goals: Goals) -> Card | None:
    """The card of who is in production, else in the next best stage, else of the newest."""
    number, stage = _subject(model)
    version = next((one for one in model.versions if one.version == number), None)
    if version is None:
        return None
    run = runs.get(version.run)
    metrics = _metrics(model, run, runs, goals) if run else []
    params = _cells(run.params) if run else ()
    latest = {proof.kind: proof.passed for proof in model.proofs.get(version.version, {}).values()}
    return Card(
        version=version.version,
        stage=stage,
        description=version.description,
        tags=_cells(version.tags),
        run=run_link(run) if run else None,
        run_id=version.run,
        trained=when(run.started) if run else None,
        took=display.duration(run.started, run.ended) if run else None,
        by=(display.person(run.author) or None) if run else None,
        hypothesis=_hypothesis(run),
        metrics=tuple(metrics[:_METRICS]),
        more_metrics=max(0, len(metrics) - _METRICS),
        data=tuple(_data(one) for one in run.data) if run else (),
        code=_code(run) if run else (),
        params=params[:_PARAMS],
        more_params=max(0, len(params) - _PARAMS),
        model=_artifact(version, run),
        proved=tuple(sorted(latest.items())),
    )


def _subject(model: KnownModel) -> tuple[int | None, str | None]:
    for stage in in_order({PRODUCTION, *model.stages}):
        if stage != ARCHIVE and model.stages.get(stage):
            return model.stages[stage][-1], stage
    return (model.versions[-1].version if model.versions else None), None


def _metrics(
    model: KnownModel, run: Run, runs: Mapping[str, Run], goals: Goals
) -> list[CardMetric]:
    names = ranked_metrics([run], measure_of(model, runs, goals))
    return [
        CardMetric(
            name=name,
            goal=goals.goal(name),
            value=display.number(run.metrics[name]),
            exact=repr(run.metrics[name]),
        )
        for name in names
        if name in run.metrics and not is_system(name)
    ]


def _data(one: Dataset) -> CardData:
    return CardData(
        name=one.name,
        href=f"{data_set_page(one.name)}#{data_anchor(identity(one))}",
        role=one.role,
        version=one.version,
        rows=display.grouped(one.rows),
        digest=one.dvc.removeprefix("md5:")[:12] if one.dvc else None,
    )


def _code(run: Run) -> tuple[Cell, ...]:
    code, environment = run.code, run.environment
    state = None
    if code is not None and code.dirty:
        state = "with uncommitted changes" + (", kept as a patch" if code.patch else "")
    seeds = ", ".join(f"{name} {value}" for name, value in sorted(run.seeds.items()))
    told = [
        ("commit", code.commit[:12] if code and code.commit else None),
        ("state", state),
        ("branch", code.branch if code else None),
        ("command", run.command),
        ("python", environment.python if environment else None),
        ("image", environment.image if environment else None),
        ("seeds", seeds or None),
    ]
    return tuple(Cell(name, value) for name, value in told if value)


def _artifact(version: ModelVersion, run: Run | None) -> tuple[Cell, ...]:
    found: Sequence[Artifact] = (
        [a for a in run.artifacts if a.path == version.artifact] if run else ()
    )
    told = [("artifact", version.artifact)]
    for one in found[:1]:
        told += [
            ("flavor", one.flavor or ""),
            ("size", display.size(one.size) or ""),
            ("md5", (one.md5 or "")[:12]),
            ("takes", one.inputs or ""),
            ("gives", one.outputs or ""),
        ]
    return tuple(Cell(name, value) for name, value in told if value)


def _hypothesis(run: Run | None) -> str | None:
    said = run.tags.get("hypothesis") if run else None
    return str(said) if said is not None and str(said).strip() else None


def _cells(values: Mapping[str, object]) -> tuple[Cell, ...]:
    return tuple(Cell(name, display.setting(values[name])) for name in sorted(values))
