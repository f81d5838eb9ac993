"""Training libraries that tell gitrack what they do. Each is loaded only where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitrack.errors import MissingExtra
from gitrack.tracking.integrations.autolog import autolog

if TYPE_CHECKING:
    from gitrack.tracking.integrations.lightgbm import LightGBMCallback
    from gitrack.tracking.integrations.xgboost import XGBoostCallback
    from gitrack.tracking.run import Run

__all__ = ["autolog", "lightgbm_callback", "xgboost_callback"]


def xgboost_callback(
    run: Run | None = None, *, names: Mapping[str, str] | None = None, every: int = 1
) -> XGBoostCallback:
    """For `callbacks=[…]` of XGBoost: logs each iteration to `run`, or to the active run.

    `names` says what the sets of data are called in metrics, as in `{"validation_0": "train",
    "validation_1": "val"}`; `every` logs only every so many iterations, and the last one.
    Raises UsageError without a run, and MissingExtra without XGBoost.
    """
    try:
        from gitrack.tracking.integrations.xgboost import XGBoostCallback
    except ImportError as error:
        raise MissingExtra("xgboost_callback", "xgboost", "demo") from error
    return XGBoostCallback(_given(run), names, _checked(every))


def lightgbm_callback(
    run: Run | None = None, *, names: Mapping[str, str] | None = None, every: int = 1
) -> LightGBMCallback:
    """For `callbacks=[…]` of LightGBM: logs each iteration to `run`, or to the active run.

    `names` and `every` are those of `xgboost_callback`. Raises UsageError without a run.
    """
    from gitrack.tracking.integrations.lightgbm import LightGBMCallback

    return LightGBMCallback(_given(run), names, _checked(every))


def _given(run: Run | None) -> Run:
    if run is not None:
        return run
    from gitrack.tracking.active import the_run

    return the_run()


def _checked(every: int) -> int:
    from gitrack.errors import UsageError

    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise UsageError(f"every={every!r} is not a number of iterations", hint="every=10")
    return every
