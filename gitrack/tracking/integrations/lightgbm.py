"""LightGBM: the metrics of each iteration, and where it keeps `train`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitrack.tracking.integrations.measures import Listener, clean, set_names


class LightGBMCallback:
    """Logs what LightGBM evaluates, one step an iteration, and the best iteration so far."""

    #: After the iteration, and before early stopping (30) may end it.
    order = 20
    before_iteration = False

    def __init__(
        self, run: Listener | None, names: Mapping[str, str] | None = None, every: int = 1
    ) -> None:
        self._run = run
        self._names = dict(names or {})
        self._every = every
        self._best: float | None = None

    def __call__(self, env: Any) -> None:
        results = env.evaluation_result_list
        if self._run is None or not results:
            return
        names = set_names(list(dict.fromkeys(str(result[0]) for result in results)), self._names)
        last = env.iteration == env.end_iteration - 1
        if env.iteration % self._every == 0 or last:
            values = {_named(names, result): float(result[2]) for result in results}
            self._run.log_metrics(values, env.iteration)
        self._follow_best(env.iteration, names, results)

    def _follow_best(self, iteration: int, names: dict[str, str], results: Any) -> None:
        """By the first metric of the first set that is not trained on.

        Early stopping ends a training without telling callbacks which iteration was the best,
        so it is told each time. LightGBM counts from 1, as `booster.best_iteration` does.
        """
        judged = [result for result in results if names[str(result[0])] != "train"]
        if not judged or self._run is None:
            return
        value, higher = float(judged[0][2]), bool(judged[0][3])
        if self._best is None or (value > self._best if higher else value < self._best):
            self._best = value
            self._run.log_metrics({"best_iteration": iteration + 1})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None}


def places_of_train() -> list[Any]:
    """The modules that hold `train` under that name."""
    import lightgbm
    import lightgbm.engine
    import lightgbm.sklearn

    return [lightgbm, lightgbm.engine, lightgbm.sklearn]


def _named(names: dict[str, str], result: Any) -> str:
    data, metric = str(result[0]), str(result[1])
    # cross-validation gives `valid auc` as the metric's name
    return f"{names[data]}_{clean(metric.removeprefix(f'{data} '))}"
