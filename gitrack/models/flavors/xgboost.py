"""XGBoost: boosters and its estimators, in its own binary JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import mlmodel, trees
from gitrack.models.environment import installed_version
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving, has_class
from gitrack.models.standalone import gitrack_prepared_model as standalone

KEY = "xgboost"
FILE = "model.ubj"
BOOSTER = "xgboost.core.Booster"

_ESTIMATORS = frozenset(
    {
        "XGBClassifier",
        "XGBModel",
        "XGBRFClassifier",
        "XGBRFRegressor",
        "XGBRanker",
        "XGBRegressor",
    }
)


def _understands(model: object) -> bool:
    return has_class(model, BOOSTER, "xgboost.sklearn.XGBModel")


def save(model: Any, saving: Saving, *, file: str = FILE) -> Saved:
    """By `save_model`. Raises UsageError for an estimator that was not fitted."""
    try:
        model.save_model(saving.folder / file)
    except Exception as error:
        raise UsageError(
            f"this {type(model).__name__} cannot be saved: {str(error)[:300]}",
            hint="log a model after its training",
        ) from error
    conf = {
        "data": file,
        "model_class": _class_of(model),
        "model_format": "ubj",
        "xgb_version": installed_version("xgboost"),
        "code": None,
    }
    modules = ["xgboost", "numpy", "scipy"]
    if conf["model_class"] != BOOSTER:
        modules.append("sklearn")
    return Saved(
        flavors={KEY: conf},
        function={"loader_module": "mlflow.xgboost", "data": file},
        modules=tuple(modules),
    )


def _class_of(model: object) -> str:
    """The library's own class, of which a user's may be a special kind."""
    for cls in type(model).__mro__:
        if cls.__module__ == "xgboost.sklearn" and cls.__name__ in _ESTIMATORS:
            return f"xgboost.sklearn.{cls.__name__}"
    return BOOSTER


def load(loading: Loading) -> Any:
    """The booster or estimator."""
    conf = loading.conf(KEY)
    kind = conf.get("model_class", BOOSTER)
    file = mlmodel.file_of(loading.folder, conf, "data")
    if not isinstance(kind, str) or (kind != BOOSTER and _estimator(kind) is None):
        raise UnreadableFile(mlmodel.NAME, f"model_class {safe(str(kind))!r:.80} is not XGBoost's")
    estimator = _estimator(kind)
    loading.needs.require("xgboost", *(("sklearn",) if estimator else ()))
    loading.needs.compare("xgboost")
    import xgboost

    return _read(getattr(xgboost, estimator) if estimator else xgboost.Booster, file)


def _estimator(kind: str) -> str | None:
    module, _, name = kind.rpartition(".")
    return name if module == "xgboost.sklearn" and name in _ESTIMATORS else None


def _read(cls: Any, file: Path) -> Any:
    model = cls()
    try:
        model.load_model(file)
        booster = model if hasattr(model, "save_raw") else model.get_booster()
        trees.check(booster, file.name)
    except UnreadableFile:
        raise
    except Exception as error:
        why = f"cannot be read by XGBoost: {safe(' '.join(str(error).split()))[:300]}"
        raise UnreadableFile(file.name, why) from error
    return model


def _predict(model: Any, data: Any) -> Any:
    return standalone.predict(model, data)


FLAVOR = Flavor(
    key=KEY,
    name="xgboost",
    understands=_understands,
    save=save,
    load=load,
    predict=_predict,
)
