"""What autolog does around `train` of XGBoost and LightGBM, which their estimators call too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from gitrack.tracking.integrations import fits
from gitrack.tracking.integrations.patches import Patches


def patch_xgboost(patches: Patches) -> None:
    """Wrap `xgboost.train`."""
    from gitrack.tracking.integrations import xgboost

    _patch(patches, xgboost, xgboost.XGBoostCallback)


def patch_lightgbm(patches: Patches) -> None:
    """Wrap `lightgbm.train`."""
    from gitrack.tracking.integrations import lightgbm

    _patch(patches, lightgbm, lightgbm.LightGBMCallback)


def _patch(patches: Patches, library: ModuleType, callback: type) -> None:
    places = library.places_of_train()
    original = places[0].train

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        return _train(original, callback, args, kwargs)

    for place in places:
        if vars(place).get("train") is original:
            patches.replace(place, "train", train)


def _train(
    original: Callable[..., Any], callback: type, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if fits.choices() is None:
        return original(*args, **kwargs)
    if fits.is_nested():
        return original(*args, **_heard(callback, fits.current(), kwargs))
    bound = inspect.signature(original).bind(*args, **kwargs).arguments
    result, fit = fits.fit_logged(
        original,
        lambda fit: original(*args, **_heard(callback, fit, kwargs)),
        lambda fit: _log_settings(fit, original, bound),
    )
    if fit is not None:
        with fits.quietly():
            _log_outcome(fit, result)
        with fits.quietly():
            _log_model(fit, result)
        fits.close(fit)
    return result


def _heard(callback: type, fit: fits.Fit | None, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments with our callback, unless the user gave one or nobody listens."""
    given = list(kwargs.get("callbacks") or [])
    chosen = fits.choices()
    if fit is None or chosen is None or any(isinstance(other, callback) for other in given):
        return kwargs
    ours = callback(fit, None, chosen.curves_every)
    return {**kwargs, "callbacks": [*given, ours]}


def _log_settings(fit: fits.Fit, original: Callable[..., Any], bound: dict[str, Any]) -> None:
    library = original.__module__.partition(".")[0]
    fit.tags({"estimator": f"{library}.train"})
    params = {
        str(name): value if isinstance(value, (str, int, float, bool)) else repr(value)[:250]
        for name, value in dict(bound.get("params") or {}).items()
        if value is not None
    }
    for name in ("num_boost_round", "early_stopping_rounds"):
        default = inspect.signature(original).parameters.get(name)
        value = bound.get(name, default.default if default else None)
        if isinstance(value, int):
            params[name] = value
    fit.params(params)


def _log_model(fit: fits.Fit, booster: Any) -> None:
    """Without an example: what `train` was given does not give its rows back."""
    chosen = fits.choices()
    if chosen is not None and chosen.log_models:
        fit.model(booster)


def _log_outcome(fit: fits.Fit, booster: Any) -> None:
    # LightGBM says 0 or -1 where nothing stopped early; XGBoost raises, and its callback has told
    best = vars(booster).get("best_iteration")
    if isinstance(best, int) and best > 0:
        fit.metrics({"best_iteration": best})
