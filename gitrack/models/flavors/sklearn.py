"""scikit-learn: estimators and pipelines, by skops."""

from __future__ import annotations

from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.models import mlmodel, pickled, trusted
from gitrack.models.allowed import ALLOWED
from gitrack.models.environment import installed_version
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving, has_class

KEY = "sklearn"

FILE, PICKLE = "model.skops", "model.pkl"


def _understands(model: object) -> bool:
    return has_class(model, "sklearn.base.BaseEstimator")


def save(model: Any, saving: Saving) -> Saved:
    """By skops; by cloudpickle where that cannot, and a pickle is allowed."""
    types: list[str] = []
    file, form = FILE, "skops"
    try:
        types = trusted.dump(model, saving.folder / FILE)
    except UsageError:
        if not saving.allow_pickle:
            raise
        (saving.folder / FILE).unlink(missing_ok=True)
        pickled.dump(model, saving.folder / PICKLE)
        file, form = PICKLE, "cloudpickle"
    conf: dict[str, Any] = {
        "pickled_model": file,
        "serialization_format": form,
        "sklearn_version": installed_version("sklearn"),
        "code": None,
    }
    if types:
        # for MLflow, which believes it; gitrack judges by a list of its own
        conf["skops_trusted_types"] = types
    function = {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": "predict"}
    others = {name.partition(".")[0] for name in types} & {"xgboost", "lightgbm", "imblearn"}
    return Saved(
        flavors={KEY: conf},
        function=function if hasattr(model, "predict") else None,
        modules=(
            "sklearn",
            "skops" if form == "skops" else "cloudpickle",
            "numpy",
            "scipy",
            *others,
        ),
        pickled=form != "skops",
        untrusted=tuple(name for name in types if name not in ALLOWED),
    )


def load(loading: Loading, key: str = KEY, *, file_key: str = "pickled_model") -> Any:
    """The estimator, as it was fitted."""
    conf = loading.conf(key)
    file = mlmodel.file_of(loading.folder, conf, file_key)
    form = conf.get("serialization_format", "pickle")
    if form == "skops":
        return trusted.load(file, loading.trusted, loading.needs)
    if form not in ("pickle", "cloudpickle"):
        raise UnreadableFile(mlmodel.NAME, f"serialization_format {form!r:.40} is unknown")
    pickled.must_be_allowed(loading.allow_pickle, file.name)
    loading.needs.require("sklearn")
    loading.needs.compare("sklearn", "cloudpickle")
    return pickled.load(file, loading.needs)


def _predict(model: Any, data: Any) -> Any:
    if not hasattr(model, "predict"):
        return model.transform(data)
    return model.predict(data)


FLAVOR = Flavor(
    key=KEY,
    name="sklearn",
    understands=_understands,
    save=save,
    load=load,
    predict=_predict,
)
