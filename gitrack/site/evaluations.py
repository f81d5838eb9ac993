"""What predictions say, as pages get it with the data of a run: `run.evaluation` in a script.

    {"sets": [[path, {"task": …, "cases": …, "roc": […], …, "sample": {…}}], …]}

Fields are those of `evaluation.json`, but that paths travel as pairs and curves keep at most 101
points. The lists of a sample are packed, since five thousand cases would otherwise take more room
than all else that the site says of a run; `gitrack.run` opens them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample
from gitrack.site import packing
from gitrack.site.hiding.rules import Hide

_POINTS = 100
#: Numbers that a project may hide among its metrics; without them nothing else is told either.
_NUMBERS = ("auc", "ap", "brier", "accuracy", "rmse", "mae", "r2")


def shown(evaluation: Evaluation, hide: Hide) -> Evaluation | None:
    """What the site may show of it; None for nothing."""
    sets = {
        path: one
        for path, one in evaluation.sets.items()
        if not any(getattr(one, name) is not None and hide.metric(name) for name in _NUMBERS)
    }
    return Evaluation(sets=sets) if sets else None


def evaluation_data(evaluation: Evaluation | None) -> dict[str, Any] | None:
    """For a run's script."""
    if evaluation is None:
        return None
    return {"sets": [[path, _set(evaluation.sets[path])] for path in sorted(evaluation.sets)]}


def _set(one: EvaluationSet) -> dict[str, Any]:
    thin = msgspec.structs.replace(
        one, roc=one.roc and thinned(one.roc), pr=one.pr and thinned(one.pr), sample=None
    )
    data: dict[str, Any] = msgspec.to_builtins(thin)
    if one.sample is not None:
        data["sample"] = _sample(one.sample)
    return data


def _sample(sample: Sample) -> dict[str, Any]:
    packed = {
        "of": sample.of,
        "picked": sample.picked,
        "truth": packing.cases(sample.truth),
        "scores": packing.cases(sample.scores),
    }
    return packed if sample.said is None else {**packed, "said": packing.cases(sample.said)}


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most 101 points, the last one among them."""
    every = max(1, -(-len(points) // _POINTS))
    rounded = [(round(x, 4), round(y, 4)) for x, y in points[:-1:every]]
    return [*rounded, points[-1]] if points else []
