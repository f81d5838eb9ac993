"""The rows that charts of people are given: a row a run, or a row a step of its curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gitrack.model.history import History
from gitrack.model.run import Run
from gitrack.site.reports.specs import Spec

MOST_RUNS = 2000
#: Runs whose curves are read, rows of all of them together, and the fewest that one is thinned to.
MOST_CURVED = 100
_MOST_ROWS = 20_000
_FEWEST = 40

Histories = Callable[[Run], History | None]


class Fed(NamedTuple):
    """Rows, and whether some steps were left away (never a lowest or highest value)."""

    rows: list[dict[str, Any]]
    thinned: bool


def run_rows(spec: Spec, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A row a run, with those params, metrics and tags that the chart names."""
    named: dict[str, bool] = {}
    return [
        {
            "id": run.id,
            "name": run.name or run.id,
            "experiment": run.experiment,
            "status": str(run.status),
            "started": run.started,
            "params": _named(run.params, spec, named),
            "metrics": _named(run.metrics, spec, named),
            "tags": _named(run.tags, spec, named),
        }
        for run in runs
    ]


def curve_rows(spec: Spec, runs: Sequence[Run], histories: Histories) -> Fed:
    """A row for each value of the curves that the chart names; of all curves if it names none."""
    curved = with_curves(runs)
    most = max(_FEWEST, _MOST_ROWS // max(1, len(curved)))
    rows: list[dict[str, Any]] = []
    thinned = False
    named: dict[str, bool] = {}
    for run in curved:
        history = histories(run)
        if history is None:
            continue
        wanted = _named(history.columns, spec, named) or dict(history.columns)
        some = History(steps=history.steps, times=history.times, columns=wanted)
        some = some.thin(max(_FEWEST, most // max(1, len(wanted))))
        thinned = thinned or history.sampled_from is not None or some.sampled_from is not None
        for metric in sorted(wanted):
            for step, time, value in zip(some.steps, some.times, some.columns[metric], strict=True):
                if value is not None and math.isfinite(value):
                    rows.append(
                        {
                            "run": run.name or run.id,
                            "experiment": run.experiment,
                            "metric": metric,
                            "step": step,
                            "time": time,
                            "value": value,
                        }
                    )
    return Fed(rows, thinned)


def with_curves(runs: Sequence[Run]) -> list[Run]:
    """The newest runs with curves of which the chart may show some."""
    return [run for run in runs if run.curves][:MOST_CURVED]


def _named(values: Any, spec: Spec, known: dict[str, bool]) -> dict[str, Any]:
    """Those whose names stand somewhere in the chart: rows of all columns would be very long."""
    found = {}
    for name in sorted(values):
        if name not in known:
            known[name] = name in spec.words
        if known[name]:
            value = values[name]
            bad = isinstance(value, float) and not math.isfinite(value)
            found[name] = None if bad else value
    return found
