"""LightGBM: boosters as its own text, its estimators by skops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import mlmodel
from gitrack.models.boosted_text import checked
from gitrack.models.environment import installed_version
from gitrack.models.flavors import sklearn
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving, has_class

KEY = "lightgbm"
FILE = "model.txt"
BOOSTER = "lightgbm.basic.Booster"


def _understands(model: object) -> bool:
    return has_class(model, BOOSTER, "lightgbm.sklearn.LGBMModel")


def save(model: Any, saving: Saving, *, file: str = FILE) -> Saved:
    """A booster as text; an estimator, which knows its classes too, by skops."""
    version = installed_version("lightgbm")
    if not has_class(model, BOOSTER):
        saved = sklearn.save(model, saving)
        conf = dict(saved.flavors[sklearn.KEY])
        conf["data"] = conf.pop("pickled_model")
        conf |= {"model_class": f"lightgbm.sklearn.{_class_of(model)}", "lgb_version": version}
        return msgspec.structs.replace(
            saved,
            flavors={KEY: conf},
            function={"loader_module": "mlflow.lightgbm", "data": conf["data"]},
            modules=tuple(dict.fromkeys((*saved.modules, "lightgbm"))),
        )
    try:
        model.save_model(str(saving.folder / file))
    except Exception as error:
        raise UsageError(f"this Booster cannot be saved: {str(error)[:300]}") from error
    conf = {"data": file, "model_class": BOOSTER, "lgb_version": version, "code": None}
    return Saved(
        flavors={KEY: conf},
        function={"loader_module": "mlflow.lightgbm", "data": file},
        modules=("lightgbm", "numpy", "scipy"),
    )


def _class_of(model: object) -> str:
    return next(cls.__name__ for cls in type(model).__mro__ if cls.__module__ == "lightgbm.sklearn")


def load(loading: Loading) -> Any:
    """The booster or estimator."""
    conf = loading.conf(KEY)
    if conf.get("model_class", BOOSTER) != BOOSTER:
        return sklearn.load(loading, KEY, file_key="data")
    file = mlmodel.file_of(loading.folder, conf, "data")
    loading.needs.require("lightgbm")
    loading.needs.compare("lightgbm")
    return read_booster(file)


def read_booster(file: Path) -> Any:
    """Raises UnreadableFile for what is no booster."""
    import lightgbm

    try:
        text = checked(file.read_text(encoding="utf-8"), file.name)
    except UnicodeDecodeError as error:
        raise UnreadableFile(file.name, "is not text, as LightGBM writes it") from error
    try:
        return lightgbm.Booster(model_str=text)
    except Exception as error:
        why = f"cannot be read by LightGBM: {safe(' '.join(str(error).split()))[:300]}"
        raise UnreadableFile(file.name, why) from error


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


FLAVOR = Flavor(
    key=KEY,
    name="lightgbm",
    understands=_understands,
    save=save,
    load=load,
    predict=_predict,
)
