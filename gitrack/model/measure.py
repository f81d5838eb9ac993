"""What makes one number better than another: a metric and the way it should go."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

import msgspec

Goal = Literal["maximize", "minimize"]

_SMALL_IS_GOOD = re.compile(
    r"(^|[_/.])(loss|logloss|error|err|rmse|rmsle|mse|mae|mape|ece|brier|perplexity|latency|"
    r"duration|seconds|deviance|regret|wer|cer|fpr|fnr)([_/.]|$)"
)
_LARGE_IS_GOOD = re.compile(
    r"(^|[_/.])(auc|auroc|roc|accuracy|acc|f1|precision|recall|r2|map|ndcg|bleu|rouge|iou|dice|"
    r"mcc|kappa|reward|throughput|score)([_/.]|$)"
)


class Measure(msgspec.Struct, frozen=True):
    """A metric by which runs are ranked."""

    metric: str
    goal: Goal = "maximize"

    def better(self, one: float, other: float) -> bool:
        """True when `one` beats `other`; NaN beats nothing."""
        if math.isnan(one) or math.isnan(other):
            return math.isnan(other) and not math.isnan(one)
        return one > other if self.goal == "maximize" else one < other

    def best(self, metrics: Iterable[Mapping[str, float]]) -> int | None:
        """The place of the best among runs' metrics (the first of equals), None without any."""
        place: int | None = None
        record = math.nan
        for index, values in enumerate(metrics):
            value = values.get(self.metric)
            if value is None or math.isnan(value):
                continue
            if place is None or self.better(value, record):
                place, record = index, value
        return place


@lru_cache(maxsize=65_536)  # runs repeat their names, some have thousands
def guess_goal(metric: str) -> Goal | None:
    """Which way a metric should go, by the words in its name; None when they do not say."""
    name = metric.lower()
    if _SMALL_IS_GOOD.search(name):
        return "minimize"
    if _LARGE_IS_GOOD.search(name):
        return "maximize"
    return None
