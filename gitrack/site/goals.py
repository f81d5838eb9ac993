"""By which metric runs are ranked, and which way each metric should go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from gitrack.model.measure import Goal, Measure, guess_goal
from gitrack.model.run import Run

#: Where no policy says what matters, results on held-out data come first, then these words.
_PARTS = ("test", "holdout", "val", "valid", "validation", "eval")
_WORDS = ("auc", "accuracy", "f1", "r2", "loss", "rmse", "mae", "error")


class Goals(msgspec.Struct, frozen=True):
    """What the policy says; what it does not say is guessed from the words in a name."""

    primary: Sequence[Measure] = ()
    known: Mapping[str, Goal] = {}

    def goal(self, metric: str) -> Goal | None:
        """Which way a metric should go, if anybody can tell."""
        for measure in self.primary:
            if measure.metric == metric:
                return measure.goal
        return self.known.get(metric) or guess_goal(metric)

    def measure(self, runs: Sequence[Run]) -> Measure | None:
        """The metric that ranks these runs: the policy's, else the likeliest that most have."""
        counts = Counter(name for run in runs for name in run.metrics)
        for measure in self.primary:
            if counts[measure.metric]:
                return measure
        # a run that failed has fewer metrics than others: half of them is enough to matter
        often = max(counts.values(), default=0) / 2
        likely = sorted(
            counts, key=lambda name: (counts[name] < often, *_likelihood(name), -counts[name], name)
        )
        for name in likely:
            if goal := self.goal(name):
                return Measure(name, goal)
        return None


def _likelihood(name: str) -> tuple[int, int]:
    parts = name.lower().replace("/", "_").replace(".", "_").split("_")
    where = next((i for i, part in enumerate(_PARTS) if part in parts), len(_PARTS))
    what = next((i for i, word in enumerate(_WORDS) if word in name.lower()), len(_WORDS))
    return where, what
