"""scikit-learn: what autolog does around `fit` and cross-validation."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from gitrack.tracking.integrations import fits
from gitrack.tracking.integrations.measures import clean
from gitrack.tracking.integrations.patches import Patches

#: Scoring a training set of more rows may take longer than the fit.
_MOST_SCORED = 100_000
_LONGEST_VALUE = 250


def patch(patches: Patches) -> None:
    """Wrap `fit` of all estimators there are and will be."""
    from sklearn.base import BaseEstimator

    for cls in list(_below(BaseEstimator)):
        _wrap_fit(patches, cls)
    before = BaseEstimator.__init_subclass__

    def init_subclass(cls: type, /, **options: Any) -> None:
        before.__func__(cls, **options)
        _wrap_fit(patches, cls)

    patches.replace(BaseEstimator, "__init_subclass__", classmethod(init_subclass))
    patches.when_imported("sklearn.model_selection", functools.partial(_patch_validation, patches))


def _below(cls: type) -> Iterator[type]:
    seen: set[type] = set()
    waiting: list[type] = [cls]
    while waiting:
        below: list[type] = waiting.pop().__subclasses__()
        for sub in below:
            if sub not in seen:
                seen.add(sub)
                waiting.append(sub)
                yield sub


def _wrap_fit(patches: Patches, cls: type) -> None:
    original = vars(cls).get("fit")
    if not isinstance(original, types.FunctionType):
        return  # inherited, or there only under a condition

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _fit(original, self, args, kwargs)

    patches.replace(cls, "fit", fit)


def _fit(
    original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if fits.choices() is None:
        return original(estimator, *args, **kwargs)
    if fits.is_nested() or not hasattr(estimator, "predict"):
        # a part of a greater fit, or a preparation of data
        return _nested(original, estimator, args, kwargs)
    result, fit = fits.fit_logged(
        estimator,
        lambda _: original(estimator, *args, **kwargs),
        lambda fit: _log_settings(fit, estimator),
    )
    if fit is not None:
        with fits.quietly():
            _log_outcome(fit, estimator, original, args, kwargs)
        with fits.quietly():
            _log_model(fit, estimator, original, args, kwargs)
        fits.close(fit)
    return result


def _nested(
    original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with fits.within(estimator):
        return original(estimator, *args, **kwargs)


def _log_settings(fit: fits.Fit, estimator: Any) -> None:
    cls = type(estimator)
    fit.tags({"estimator": cls.__name__, "estimator_class": f"{cls.__module__}.{cls.__qualname__}"})
    fit.params(dict(_settings(estimator)))


def _settings(estimator: Any) -> Iterator[tuple[str, object]]:
    settings = estimator.get_params(deep=True)
    # the boosting libraries have dozens of settings, and None for each that was not set
    boosted = [f"{name}__" for name, value in settings.items() if _is_boosted(value)]
    for name, value in sorted(settings.items()):
        sparse = _is_boosted(estimator) or name.startswith(tuple(boosted))
        if sparse and (value is None or value != value):  # NaN is XGBoost's `missing`
            continue
        if _holds_estimators(value) or name.rpartition("__")[2] == "callbacks":
            continue  # each one's settings are there under their own names
        if isinstance(value, str) and value in ("deprecated", "warn"):
            continue  # what scikit-learn puts where nobody should put anything
        yield name, _plain(value)


def _is_boosted(value: object) -> bool:
    library = type(value).__module__.partition(".")[0]
    return library in ("xgboost", "lightgbm", "catboost")


def _plain(value: object) -> object:
    if hasattr(value, "get_params"):
        return type(value).__name__
    return value if isinstance(value, (str, int, float, bool, type(None))) else _short(value)


def _holds_estimators(value: object) -> bool:
    return isinstance(value, (list, tuple)) and any(
        hasattr(part, "get_params")
        for entry in value
        for part in (entry if isinstance(entry, tuple) else (entry,))
    )


def _short(value: object) -> object:
    name = getattr(value, "__qualname__", None)
    text = f"{getattr(value, '__module__', '')}.{name}" if isinstance(name, str) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _log_outcome(
    fit: fits.Fit,
    estimator: Any,
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    if hasattr(estimator, "cv_results_"):
        _log_search(fit, estimator)
    best = getattr(estimator, "best_iteration_", None)  # LightGBM; XGBoost's callback has told it
    if isinstance(best, int) and best > 0:
        fit.metrics({"best_iteration": best})
    chosen = fits.choices()
    if chosen is None or not chosen.training_score or not hasattr(estimator, "score"):
        return
    bound = inspect.signature(original).bind(estimator, *args, **kwargs).arguments
    features, truth = bound.get("X"), bound.get("y", bound.get("Y"))
    if features is None or not 0 < _rows(features) <= _MOST_SCORED:
        return
    known = {name: bound[name] for name in ("sample_weight",) if bound.get(name) is not None}
    if "sample_weight" not in inspect.signature(estimator.score).parameters:
        known = {}
    with fits.nothing_logged():
        score = estimator.score(features, **known) if truth is None else None
        if score is None:
            score = estimator.score(features, truth, **known)
    fit.metrics({"training_score": float(score)})


def _log_model(
    fit: fits.Fit,
    estimator: Any,
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    chosen = fits.choices()
    if chosen is None or not chosen.log_models:
        return
    bound = inspect.signature(original).bind(estimator, *args, **kwargs).arguments
    fit.model(getattr(estimator, "best_estimator_", estimator), bound.get("X"))


def _rows(features: Any) -> int:
    shape = getattr(features, "shape", None)
    return int(shape[0]) if shape else len(features)


def _log_search(fit: fits.Fit, search: Any) -> None:
    """What a search over settings found: the best, and the table of all."""
    import pandas

    results = pandas.DataFrame(search.cv_results_)
    settings = [name for name in results.columns if name.startswith("param_")]
    results = results.drop(columns=["params"], errors="ignore")
    results[settings] = results[settings].astype(str)
    fit.table(results, "cv_results.csv")
    fit.metrics({"candidates": len(results)})
    if hasattr(search, "best_score_"):
        fit.metrics({"best_cv_score": float(search.best_score_)})
    if hasattr(search, "best_params_"):
        best = {f"best_{name}": _plain(value) for name, value in search.best_params_.items()}
        fit.params(best)


def _patch_validation(patches: Patches) -> None:
    import sklearn.model_selection
    from sklearn.model_selection import _search, _validation

    original = _validation.cross_validate

    @functools.wraps(original)
    def cross_validate(*args: Any, **kwargs: Any) -> Any:
        return _validate(original, args, kwargs)

    for owner in (_validation, sklearn.model_selection):
        patches.replace(owner, "cross_validate", cross_validate)
    # each fold is fitted by this; asked for by name when the folds begin
    for owner in (_validation, _search):
        part = getattr(owner, "_fit_and_score", None)
        if part is not None:
            patches.replace(owner, "_fit_and_score", _unlogged(part))


def _unlogged(part: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(part)
    def fold(*args: Any, **kwargs: Any) -> Any:
        with fits.nothing_logged():
            return part(*args, **kwargs)

    return fold


def _validate(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if fits.choices() is None or fits.is_nested():
        return original(*args, **kwargs)
    estimator = args[0] if args else kwargs.get("estimator")
    result, fit = fits.fit_logged(
        estimator,
        lambda _: original(*args, **kwargs),
        lambda fit: _log_settings(fit, estimator),
    )
    if fit is not None:
        with fits.quietly():
            _log_folds(fit, result)
        fits.close(fit)
    return result


def _log_folds(fit: fits.Fit, result: dict[str, Any]) -> None:
    import numpy as np
    import pandas

    scores = {
        name: values
        for name, values in result.items()
        if name not in ("estimator", "indices") and np.ndim(values) == 1
    }
    for name, values in scores.items():
        if name.startswith(("test_", "train_")):
            mean, deviation = float(np.mean(values)), float(np.std(values))
            fit.metrics({f"cv_{clean(name)}_mean": mean, f"cv_{clean(name)}_std": deviation})
    fit.table(pandas.DataFrame(scores), "cv_results.csv")
