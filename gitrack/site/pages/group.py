"""The runs of an experiment, with what each of its pages would otherwise count again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from gitrack.model.measure import Measure
from gitrack.model.ranking import telling
from gitrack.model.run import Run
from gitrack.site.goals import Goals
from gitrack.site.incremental import key_of


class Group:
    """Runs that belong together, newest first, and how each stands among them."""

    def __init__(self, name: str, runs: Sequence[Run], goals: Goals) -> None:
        self.name = name
        self.goals = goals
        self.runs = sorted(runs, key=lambda run: (run.started, run.id), reverse=True)
        self.measure: Measure | None = goals.measure(self.runs)
        self.metrics = ranked_metrics(self.runs, self.measure)
        self._places = {run.id: place for place, run in enumerate(self.runs)}

    @cached_property
    def best(self) -> Run | None:
        """The best run by the metric that ranks them."""
        if self.measure is None:
            return None
        place = self.measure.best(run.metrics for run in self.runs)
        return None if place is None else self.runs[place]

    @cached_property
    def digest(self) -> bytes:
        """Of what a run's page follows from among its fellows: their metrics, in order."""
        return key_of((self.metrics, self.measure))

    def neighbours(self, run: Run) -> tuple[Run | None, Run | None]:
        """The runs started just before and just after."""
        place = self._places[run.id]
        older = self.runs[place + 1] if place + 1 < len(self.runs) else None
        return older, self.runs[place - 1] if place else None


def ranked_metrics(runs: Sequence[Run], measure: Measure | None) -> list[str]:
    """Metric names: the one that ranks first, then by what they tell, the machine's last."""
    names = {name for run in runs for name in run.metrics}
    first = measure.metric if measure else None
    return sorted(names, key=lambda name: (name != first, is_system(name), *telling(name)))


def is_system(metric: str) -> bool:
    """True for what the machine measured of itself while the run went."""
    return metric.startswith(("system.", "system/"))
