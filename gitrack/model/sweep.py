"""A search through settings: what is tried, by which method, to what end, and the runs of it."""

from __future__ import annotations

import msgspec

from gitrack.model.measure import Goal, Measure
from gitrack.model.run import FORMAT, Scalar

#: A run that carries this tag belongs to the sweep of that id, whether or not the sweep lists it.
TAG = "sweep"


class SweepMetric(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep is after."""

    name: str
    goal: Goal = "maximize"

    @property
    def measure(self) -> Measure:
        """The same, as runs are ranked by it."""
        return Measure(self.name, self.goal)


class Parameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which values a setting may take: one `value`, some `values`, or a `distribution`.

    `min` and `max` bound a distribution (both are drawn), `mu` and `sigma` shape a normal one, and
    what is drawn is a multiple of `q`.
    """

    value: Scalar = None
    values: list[Scalar] = []
    distribution: str | None = None
    min: float | int | None = None
    max: float | int | None = None
    mu: float | None = None
    sigma: float | None = None
    q: float | int | None = None

    @property
    def log(self) -> bool:
        """True where equal ratios are equally likely, not equal differences."""
        return self.distribution is not None and "log" in self.distribution


class Sweep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`sweeps/<id>.yaml`: what somebody set out to try, and the ids of the runs that tried it.

    `method` says how settings are chosen (`grid`, `random`, `bayes` …), `limit` how many runs
    there are to be at most. `early_terminate` are the settings of what stops hopeless runs early.
    """

    format: int = FORMAT
    id: str
    name: str | None = None
    description: str | None = None
    method: str
    metric: SweepMetric
    parameters: dict[str, Parameter] = {}
    early_terminate: dict[str, Scalar] = {}
    limit: int | None = None
    command: str | None = None
    created: str | None = None
    by: str | None = None
    runs: list[str] = []

    @property
    def title(self) -> str:
        """Its name, or its id where it has none."""
        return self.name or self.id
