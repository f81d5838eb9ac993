"""The kinds of models that gitrack understands, each in a module of its own."""

from __future__ import annotations

from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import mlmodel
from gitrack.models.flavors import (
    function,
    lightgbm,
    onnx,
    prepared,
    pytorch,
    sklearn,
    xgboost,
)
from gitrack.models.flavors.flavor import Flavor
from gitrack.models.mlmodel import Description
from gitrack.models.tables import described

#: In the order in which a folder with several of them is read.
FLAVORS: tuple[Flavor, ...] = (
    prepared.FLAVOR,
    xgboost.FLAVOR,
    lightgbm.FLAVOR,
    sklearn.FLAVOR,
    pytorch.EXPORTED,
    pytorch.STATE,
    onnx.FLAVOR,
    function.FLAVOR,
)

UNDERSTOOD = (
    "scikit-learn estimators, XGBoost, LightGBM, PyTorch (Module, ExportedProgram), ONNX, "
    "and callables or objects with predict (allow_pickle=True)"
)


def flavor_of(model: object) -> Flavor:
    """The flavor of a model in memory, or UsageError."""
    for flavor in FLAVORS:
        if flavor.understands(model):
            return flavor
    raise UsageError(
        f"an object of type {described(model)} is no model", hint=f"understood are {UNDERSTOOD}"
    )


def flavor_in(description: Description) -> Flavor:
    """The flavor of a saved model, or UnreadableFile."""
    for flavor in FLAVORS:
        if flavor.key in description.flavors:
            return flavor
    other = [name for name in description.flavors if name != mlmodel.FUNCTION]
    if other:
        raise UnreadableFile(
            mlmodel.NAME,
            f"its flavor is {safe(', '.join(other))[:80]}, which gitrack does not load",
            hint=f"understood are {', '.join(flavor.key for flavor in FLAVORS)}",
        )
    loader = description.flavors.get(mlmodel.FUNCTION, {}).get("loader_module")
    raise UnreadableFile(
        mlmodel.NAME,
        f"only code can load it ({safe(str(loader))[:80]}), and gitrack runs no code of a model",
        hint="if you trust it, load it with mlflow.pyfunc.load_model",
    )
