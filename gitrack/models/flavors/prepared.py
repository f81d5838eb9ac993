"""A preprocessor and a booster that travel together: one model that does both."""

from __future__ import annotations

import json
from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.models import mlmodel, trusted
from gitrack.models.allowed import ALLOWED
from gitrack.models.flavors import lightgbm, xgboost
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving, has_class
from gitrack.models.standalone import gitrack_prepared_model as standalone
from gitrack.models.standalone import put_code
from gitrack.models.standalone.gitrack_prepared_model import PreparedModel
from gitrack.models.tables import described

KEY = "gitrack_prepared"
FOLDER = "prepared"


def together(model: Any, preprocessor: Any) -> Any:
    """One model of a preprocessor and a model, both fitted.

    A pipeline of scikit-learn where the model is an estimator; a PreparedModel for a booster.
    Raises UsageError for what cannot be joined.
    """
    if not hasattr(preprocessor, "transform") or isinstance(preprocessor, type):
        raise UsageError(
            f"preprocessor is a {described(preprocessor)}, which has no transform",
            hint="give a fitted transformer of scikit-learn, as a ColumnTransformer",
        )
    if has_class(model, "sklearn.base.BaseEstimator"):
        from sklearn.pipeline import Pipeline

        return Pipeline([("preprocessor", preprocessor), ("model", model)])
    if has_class(model, xgboost.BOOSTER, lightgbm.BOOSTER):
        return PreparedModel(preprocessor, model)
    raise UsageError(
        f"a preprocessor cannot travel with a {described(model)}",
        hint="it can with an estimator of scikit-learn, and with boosters of XGBoost and LightGBM",
    )


def _understands(model: object) -> bool:
    return isinstance(model, PreparedModel)


def _save(model: Any, saving: Saving) -> Saved:
    (saving.folder / FOLDER).mkdir()
    kind = xgboost if has_class(model.model, xgboost.BOOSTER) else lightgbm
    booster = kind.save(model.model, saving, file=f"{FOLDER}/{kind.FILE}")
    types = trusted.dump(model.preprocessor, saving.folder / FOLDER / standalone.PREPROCESSOR)
    # for the code beside it; gitrack judges by a list of its own
    listed = json.dumps(types, indent=1) + "\n"
    (saving.folder / FOLDER / standalone.TYPES).write_text(listed, "utf-8")
    code = put_code(standalone, saving.folder)
    conf = {"data": FOLDER, "booster": kind.KEY}
    return Saved(
        flavors={KEY: conf, **booster.flavors},
        function={
            "loader_module": standalone.__name__.rpartition(".")[2],
            "data": FOLDER,
            "code": code,
        },
        modules=tuple(dict.fromkeys((*booster.modules, "sklearn", "skops", "numpy", "scipy"))),
        name=kind.KEY,
        untrusted=tuple(name for name in types if name not in ALLOWED),
    )


def _load(loading: Loading) -> Any:
    folder = loading.conf(KEY).get("data")
    file = mlmodel.file_of(loading.folder, {"data": f"{folder}/{standalone.PREPROCESSOR}"}, "data")
    flavor = xgboost.FLAVOR if xgboost.KEY in loading.description.flavors else lightgbm.FLAVOR
    if flavor.key not in loading.description.flavors:
        raise UnreadableFile(mlmodel.NAME, "names no booster beside the preprocessor")
    preprocessor = trusted.load(file, loading.trusted, loading.needs)
    return PreparedModel(preprocessor, flavor.load(loading))


def _predict(model: Any, data: Any) -> Any:
    return model.predict(data)


FLAVOR = Flavor(
    key=KEY,
    name="prepared",
    understands=_understands,
    save=_save,
    load=_load,
    predict=_predict,
)
