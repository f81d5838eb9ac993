"""XGBoost: the metrics of each iteration, and where it keeps `train`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xgboost.callback import TrainingCallback

from gitrack.tracking.integrations.measures import Listener, clean, set_names


class XGBoostCallback(TrainingCallback):
    """Logs what XGBoost evaluates, one step an iteration, and the best iteration at the end."""

    def __init__(
        self, run: Listener | None, names: Mapping[str, str] | None = None, every: int = 1
    ) -> None:
        super().__init__()
        self._run = run
        self._names = dict(names or {})
        self._every = every
        self._last: tuple[int, dict[str, float]] | None = None

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Never stops the training."""
        if self._run is None or not evals_log:
            return False
        names = set_names(list(evals_log), self._names)
        values = {
            f"{names[data]}_{clean(metric)}": _last(history)
            for data, metrics in evals_log.items()
            for metric, history in metrics.items()
        }
        if epoch % self._every:
            self._last = (epoch, values)
        else:
            self._last = None
            self._run.log_metrics(values, epoch)
        return False

    def after_training(self, model: Any) -> Any:
        """Log the last iteration if it was skipped, and the best one if XGBoost looked for it."""
        if self._run is None:
            return model
        if self._last is not None:
            epoch, values = self._last
            self._run.log_metrics(values, epoch)
        attribute = getattr(model, "attr", None)
        best = attribute("best_iteration") if callable(attribute) else None
        if best is not None:
            self._run.log_metrics({"best_iteration": int(best)})
        return model

    def __getstate__(self) -> dict[str, Any]:
        """A model keeps its callbacks when it is saved; the run stays here."""
        return {**self.__dict__, "_run": None, "_last": None}


def places_of_train() -> list[Any]:
    """The modules that hold `train` under that name."""
    import xgboost.sklearn
    import xgboost.training

    return [xgboost, xgboost.training, xgboost.sklearn]


def _last(history: Any) -> float:
    value = history[-1]
    # cross-validation gives mean and deviation
    return float(value[0] if isinstance(value, tuple) else value)
