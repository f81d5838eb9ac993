"""`autolog`: fits of scikit-learn, XGBoost and LightGBM log themselves."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from gitrack.errors import UsageError
from gitrack.model import names
from gitrack.tracking.integrations import fits
from gitrack.tracking.integrations.patches import Patches

_lock = threading.RLock()
_patches: dict[str, Patches] = {}


def autolog(
    experiment: str | None = None,
    *,
    sklearn: bool = True,
    xgboost: bool = True,
    lightgbm: bool = True,
    training_score: bool = True,
    every: int = 1,
    log_models: bool = False,
    disable: bool = False,
) -> None:
    """Log every outermost fit from now on: settings, curves, time, training score.

    Fits go to the active run. Outside of a run nothing is logged, unless `experiment` names one:
    then each such fit is a run of its own. A fit inside another (a step of a pipeline, a
    candidate of a search, a fold) is part of the outer one. `sklearn`, `xgboost` and `lightgbm`
    choose libraries; `training_score` predicts the training rows once more. `every` logs curves
    every so many iterations; `log_models=True` keeps each fitted model, of a search the best one;
    `disable=True` puts all libraries back as they were. Raises UsageError and InvalidName;
    trouble in logging is said once and never ends a fit.
    """
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise UsageError(f"every={every!r} is not a number of iterations", hint="every=10")
    if experiment is not None:
        experiment = names.experiment_name(experiment)
    with _lock:
        wanted = {"sklearn": sklearn, "xgboost": xgboost, "lightgbm": lightgbm}
        for library, on in wanted.items():
            if library in _patches and (disable or not on):
                _patches.pop(library).restore()
            elif library not in _patches and on and not disable:
                _patches[library] = _patched(library)
        if disable:
            fits.choose(None)
            return
        fits.choose(
            fits.Choices(
                experiment=experiment,
                training_score=training_score,
                curves_every=every,
                log_models=log_models,
            )
        )


def _patched(library: str) -> Patches:
    """The library's functions wrapped, at once or when it is imported."""
    from gitrack.tracking.integrations import boosting, sklearn

    wrap: Callable[[Patches], None] = {
        "sklearn": sklearn.patch,
        "xgboost": boosting.patch_xgboost,
        "lightgbm": boosting.patch_lightgbm,
    }[library]
    patches = Patches()
    patches.when_imported(library, functools.partial(_guarded, wrap, patches))
    return patches


def _guarded(wrap: Callable[[Patches], None], patches: Patches) -> None:
    with fits.quietly():
        wrap(patches)
