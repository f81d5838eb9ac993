"""What predictions say, as pages get it with the data of a run: `run.evaluation` in a script.

    {"sets": [[path, {"task": …, "cases": …, "roc": […], …, "sample": {…}}], …]}

Fields are those of `evaluation.json`, but that paths travel as pairs and curves keep at most 101
points. The lists of a sample are packed, since five thousand cases would otherwise take more room
than all else that the site says of a run; `gitrack.run` opens them again.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.model.evaluation import Evaluation, EvaluationSet, Sample
from gitrack.site.hide import Hide

#: One sign a label: places up to 61, `-` for none.
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NONE = 0xFFFF
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
        "truth": pack(sample.truth),
        "scores": pack(sample.scores),
    }
    return packed if sample.said is None else {**packed, "said": pack(sample.said)}


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most 101 points, the last one among them."""
    every = max(1, -(-len(points) // _POINTS))
    rounded = [(round(x, 4), round(y, 4)) for x, y in points[:-1:every]]
    return [*rounded, points[-1]] if points else []


def pack(values: Sequence[float | None]) -> dict[str, Any]:
    """Labels as a sign each; numbers as two bytes each, between the lowest and the highest."""
    known = [value for value in values if value is not None]
    if all(float(value).is_integer() and 0 <= value < len(_SIGNS) for value in known):
        return {"signs": "".join("-" if v is None else _SIGNS[int(v)] for v in values)}
    low = min(known)
    step = (max(known) - low) / (_NONE - 1)
    if not 0 < step < math.inf:  # one value only, or numbers that no difference spans
        low, step = (low, 1.0) if step == 0 else (0.0, max(map(abs, known)) / (_NONE - 1))
    places = (_NONE if v is None else max(0, round((v - low) / step)) for v in values)
    packed = struct.pack(f"<{len(values)}H", *places)
    return {"low": low, "step": step, "bytes": base64.b64encode(packed).decode("ascii")}
