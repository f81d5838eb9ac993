"""What an experiment is held against: what its runs name, a baseline by name, or production."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from gitrack.model.measure import Measure
from gitrack.model.replicates import replicate_key, settled
from gitrack.model.run import Run, Status
from gitrack.site.pages.group import Group
from gitrack.store.registry.whole import KnownModel

#: By this tag the runs of an experiment say what to hold it against.
TAG = "baseline"
_PRODUCTION = "production"
_WORDS = re.compile(r"[-_./\s]+")

How = Literal["tag", "flag", "name", "production"]


class Sides(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides with their replicates, the best run first; how the baseline was found.

    `named` is what stands in the tag, the other experiment's name, or the model in production.
    `tried` says of how many runs the first one is the best.
    """

    how: How
    named: str
    new: tuple[Run, ...]
    old: tuple[Run, ...]
    tried: int


class NoSides(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing can be said: `missing` is what a tag names and nobody has."""

    missing: str | None = None
    is_baseline: bool = False


class Project(NamedTuple):
    """What baselines are looked for in; `began` has experiments by their first run."""

    groups: Mapping[str, Group]
    began: Sequence[tuple[str, str]]
    by_id: Mapping[str, Run]
    models: Sequence[KnownModel]

    def before(self, group: Group) -> list[str]:
        """Experiments that began earlier, the newest last."""
        return [name for _, name in self.began[: bisect_left(self.began, (_began(group), ""))]]


def project(
    groups: Iterable[Group], by_id: Mapping[str, Run], models: Sequence[KnownModel]
) -> Project:
    """Put together once for all experiments."""
    known = list(groups)
    began = sorted((_began(group), group.name) for group in known)
    return Project({group.name: group for group in known}, began, by_id, models)


def _began(group: Group) -> str:
    return group.runs[-1].started


def sides(group: Group, project: Project) -> Sides | NoSides:
    """The best of an experiment with its replicates, and the baseline with its own."""
    measure = group.measure
    if measure is None or group.best is None:
        return NoSides()
    said = next((run.tags[TAG] for run in group.runs if _says(run)), None)
    if isinstance(said, str) and said.strip().lower() not in ("true", "yes", "1"):
        return _named(group, measure, said.strip(), project.groups, project.by_id)
    if said is not None:
        return _flagged(group, measure)
    if _is_baseline(group.name):
        return NoSides(is_baseline=True)
    other = _by_name(group, measure, project)
    if other is not None:
        return _against(group, measure, other.runs, "name", other.name)
    return _in_production(group, measure, project.by_id, project.models) or NoSides()


def _says(run: Run) -> bool:
    value = run.tags.get(TAG)
    return value not in (None, False) and str(value).strip().lower() not in ("", "false", "no", "0")


def _named(
    group: Group,
    measure: Measure,
    said: str,
    groups: Mapping[str, Group],
    by_id: Mapping[str, Run],
) -> Sides | NoSides:
    if said in by_id and measure.metric in by_id[said].metrics:
        run = by_id[said]
        own = groups[run.experiment].runs if run.experiment in groups else [run]
        rest = [one for one in group.runs if one.id != said]
        old = replicates(run, own, measure)
        return _against(group, measure, old, "tag", said, new=rest, beaten=run)
    if said in groups and said != group.name and _best(groups[said].runs, measure):
        return _against(group, measure, groups[said].runs, "tag", said)
    return NoSides(missing=said)


def _flagged(group: Group, measure: Measure) -> Sides | NoSides:
    """Runs that say they are the baseline, against the best of the others."""
    old = [run for run in group.runs if _says(run)]
    new = [run for run in group.runs if not _says(run)]
    return _against(group, measure, old, "flag", group.name, new=new)


def _against(
    group: Group,
    measure: Measure,
    old: Sequence[Run],
    how: How,
    named: str,
    *,
    new: Sequence[Run] | None = None,
    beaten: Run | None = None,
) -> Sides | NoSides:
    """The best of both, unless the run to be beaten is given."""
    own = group.runs if new is None else new
    best, beaten = _best(own, measure), beaten or _best(old, measure)
    if best is None or beaten is None:
        return NoSides()
    return Sides(
        how=how,
        named=named,
        new=replicates(best, own, measure),
        old=replicates(beaten, old, measure),
        tried=sum(measure.metric in run.metrics for run in own),
    )


def _best(runs: Sequence[Run], measure: Measure) -> Run | None:
    place = measure.best(run.metrics for run in runs)
    return None if place is None else runs[place]


def replicates(run: Run, among: Sequence[Run], measure: Measure) -> tuple[Run, ...]:
    """The run itself, then those that differ from it by chance alone, one for each seed."""
    wanted = settled(run.params)
    key = replicate_key(run)
    found = [run]
    seen = {_seeds(run)}
    for other in among:
        if other.id == run.id or other.status != Status.FINISHED:
            continue
        value = other.metrics.get(measure.metric)
        if value is None or value != value:
            continue
        # most runs differ in some setting: that is seen without asking for all that the key holds
        params = other.params
        if any(name not in params or params[name] != wanted[name] for name in wanted):
            continue
        if replicate_key(other) != key:
            continue
        seeds = _seeds(other)
        if seeds and seeds in seen:  # the same chance again is no other chance
            continue
        seen.add(seeds)
        found.append(other)
    return tuple(found)


def _seeds(run: Run) -> tuple[tuple[str, str], ...]:
    """What chose the chance; nothing where nobody knows."""
    plain = settled(run.params)
    params = [(f"params.{n}", repr(v)) for n, v in run.params.items() if n not in plain]
    return tuple(sorted([*params, *((name, repr(seed)) for name, seed in run.seeds.items())]))


def _is_baseline(name: str) -> bool:
    return "baseline" in name.lower() and "baseline" in _WORDS.split(name.lower())


def _by_name(group: Group, measure: Measure, project: Project) -> Group | None:
    """The newest baseline by its name that began before this one; one of the same kind first."""
    kind = _kind(group.name)
    before = [name for name in reversed(project.before(group)) if _is_baseline(name)]
    before.sort(key=lambda name: _kind(name) != kind)  # the newest first among each
    found = (project.groups[name] for name in before)
    return next((other for other in found if _best(other.runs, measure)), None)


def _kind(name: str) -> str:
    """The word that experiments of one kind of model begin with."""
    return _WORDS.split(name.lower())[0]


def _in_production(
    group: Group, measure: Measure, by_id: Mapping[str, Run], models: Iterable[KnownModel]
) -> Sides | NoSides | None:
    """What served people when the first run started: of the model that these runs became."""
    known = list(models)
    own = {run.id for run in group.runs}
    related = [m for m in known if any(v.run in own for v in m.versions)]
    if not related and len(known) == 1:
        related = known
    began = group.runs[-1].started
    for model in related:
        served: int | None = None
        for promotion in sorted(model.promotions.values(), key=lambda one: one.at):
            if promotion.to == _PRODUCTION and promotion.at <= began and not promotion.draft:
                served = promotion.version
        run = next((by_id.get(v.run) for v in model.versions if v.version == served), None)
        if run is None or run.id in own or measure.metric not in run.metrics:
            continue
        return _against(group, measure, [run], "production", f"{model.name} v{served}")
    return None
