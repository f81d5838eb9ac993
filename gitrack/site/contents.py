"""All that a site is made of, as every part of it may use it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property

import msgspec

from gitrack.model.run import Fault, Run
from gitrack.model.sweep import Sweep
from gitrack.site.datasets.gather import DataSets
from gitrack.site.extras import Extras
from gitrack.site.goals import Goals
from gitrack.site.hiding.models import people
from gitrack.site.hiding.rules import Hide
from gitrack.site.hiding.sweeps import shown_sweep
from gitrack.site.incremental import key_of
from gitrack.site.links import sweep_page
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import Membership, registered_as
from gitrack.site.pages.sweep import Trials, trials_of
from gitrack.site.pages.verdict import Standing
from gitrack.site.render import Renderer
from gitrack.site.source import Source
from gitrack.store.made import AllVersions
from gitrack.store.registry.whole import KnownModel

_MOST_WHOLE = 10**300


class KnownRun(msgspec.Struct, frozen=True):
    """A run that has a page, its folder on the branch, and the values of its hidden params.

    `tree` is the id of all that lies in the folder: what is read of it follows from this id.
    """

    folder: str
    tree: str
    run: Run
    hidden: tuple[object, ...] = ()


class Contents:
    """One commit of the branch, read once.

    `faults`, `pages` and `verdicts` (by experiment) grow while parts are made.
    """

    def __init__(
        self,
        source: Source,
        renderer: Renderer,
        *,
        title: str,
        branch: str,
        hide: Hide,
        goals: Goals,
        commit: str | None,
        extras: Extras,
    ) -> None:
        self.source = source
        self.renderer = renderer
        self.hide = hide
        self.goals = goals
        self.commit = commit
        self.extras = extras
        self.faults: list[Fault] = []
        #: by run: its curves as short texts, which pages of runs leave for tables
        self.sparks: dict[str, list[tuple[str, str]]] = {}
        self.pages: set[str] = set()
        self.verdicts: dict[str, Standing] = {}
        #: whom records name, where a public site names nobody: texts about them are not to, either
        self.people: set[str] = set()
        self.known = self._gather()
        self.runs = [entry.run for entry in self.known]
        self.groups = _groups(self.runs, goals)
        self.group = {group.name: group for group in self.groups}
        self.everything = Group("", self.runs, goals)
        registered = source.models()
        self.versions: AllVersions = source.versions()
        self.models: list[KnownModel] = [hide.model(model) for model in registered.models]
        self.faults.extend((*self.versions.faults, *registered.faults))
        planned = source.sweeps()
        if hide.public:
            for model in registered.models:
                self.people.update(name for name in people(model) if name)
            self.people.update(one.by for one in planned.sweeps if one.by)
        self.sweeps: list[Sweep] = [shown_sweep(one, hide) for one in planned.sweeps]
        self.faults.extend(planned.faults)
        self.frame = Frame(
            title=title,
            branch=branch,
            hidden=hide.notice(),
            nav=tuple(self._navigation()),
            index=extras.index,
        )

    @cached_property
    def by_id(self) -> Mapping[str, KnownRun]:
        """Runs by their ids."""
        return {entry.run.id: entry for entry in self.known}

    @cached_property
    def wholes(self) -> Set[str]:
        """The ids of runs within which there are others."""
        return {run.parent for run in self.runs if run.parent}

    @cached_property
    def trials(self) -> Mapping[str, Trials]:
        """The runs of each sweep, by its id."""
        return trials_of(self.sweeps, self.runs)

    @cached_property
    def tried_for(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The sweeps of which runs are trials, as (title, page), by the run's id."""
        found: dict[str, list[tuple[str, str]]] = {}
        for id, trials in self.trials.items():
            for run in trials.runs:
                found.setdefault(run.id, []).append((trials.sweep.title, sweep_page(id)))
        return {run: tuple(sorted(sweeps)) for run, sweeps in found.items()}

    @cached_property
    def became(self) -> Mapping[str, tuple[Membership, ...]]:
        """The versions of registered models that runs became, by the run's id."""
        return registered_as(self.models)

    @cached_property
    def data_sets(self) -> DataSets:
        """The data of all runs, in all their versions."""
        return DataSets(self.known)

    @cached_property
    def settings(self) -> bytes:
        """A digest of what every page follows from beside the branch: title, goals, what is hid."""
        return key_of((self.frame, self.hide, self.goals))

    def trees(self, runs: Iterable[Run]) -> list[str]:
        """The ids of all that lies in these runs' folders: an input for units that show them."""
        return [self.by_id[run.id].tree for run in runs]

    def sorted_faults(self) -> list[Fault]:
        """What could not be read so far."""
        return sorted(self.faults, key=lambda fault: (fault.path, fault.why))

    def _navigation(self) -> Iterator[tuple[str, str]]:
        """The pages that every page leads to: those that have something to show, or to teach."""
        yield "Runs", "runs.html"
        if self.sweeps:
            yield "Sweeps", "sweeps.html"
        if self.known or self.models:  # before the first is registered it says how to do that
            yield "Models", "models.html"
        yield "Compare", "compare.html"
        if self.known:
            yield "Trends", "trends.html"
        if any(run.data for run in self.runs):
            yield "Data", "data.html"
        if self.known and self.extras.lineage is not None:
            yield "Lineage", "lineage.html"
        written = self.extras.reports
        if written is not None and written.charts:
            yield "Charts", "charts.html"
        if written is not None and written.texts:
            yield "Reports", "reports.html"
        if self.known and self.extras.audit is not None:
            yield "Audit", "audit.html"

    def _gather(self) -> list[KnownRun]:
        """Every run, newest first; whatever cannot be shown as one is a fault."""
        trees = self.source.trees()
        known: list[KnownRun] = []
        seen: dict[str, str] = {}
        for path, found in self.source.all():
            if isinstance(found, Fault):
                self.faults.append(found)
                continue
            folder = path.removesuffix("/run.yaml")
            if found.id in seen:
                why = f"run {found.id} is already in {seen[found.id]}"
                self.faults.append(Fault(path=folder, why=why, hint="give one of them another id"))
                continue
            seen[found.id] = folder
            if self.hide.public and found.author:
                self.people.add(found.author)
            hidden = tuple(self.hide.values(found)) if self.hide.params else ()
            run = self.hide.of(_tame(found))
            known.append(KnownRun(folder, trees.get(folder, ""), run, hidden))
        known.sort(key=lambda entry: (entry.run.started, entry.run.id), reverse=True)
        return known


def _tame(run: Run) -> Run:
    """The run with numbers that a float can hold: YAML knows whole ones without an end."""

    def number(value: float | int) -> float | int:
        if isinstance(value, float) or abs(value) < _MOST_WHOLE:
            return value
        return math.inf if value > 0 else -math.inf

    monsters = [v for v in (*run.metrics.values(), *run.curves.values()) if isinstance(v, int)]
    if all(abs(value) < _MOST_WHOLE for value in monsters):
        return run
    return msgspec.structs.replace(
        run,
        metrics={name: number(value) for name, value in run.metrics.items()},
        curves={name: number(value) for name, value in run.curves.items()},
    )


def _groups(runs: Sequence[Run], goals: Goals) -> list[Group]:
    """Runs by experiment, experiments by name."""
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(run.experiment, []).append(run)
    return [Group(name, by_name[name], goals) for name in sorted(by_name)]
