"""A preprocessor of scikit-learn and a booster that predict as one. Needs no gitrack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PREPROCESSOR = "preprocessor.skops"
#: The types that the preprocessor's file may hold, as it was written.
TYPES = "types.json"


class PreparedModel:
    """`predict` transforms the data, then asks the booster."""

    def __init__(self, preprocessor: Any, model: Any) -> None:
        self.preprocessor = preprocessor
        self.model = model

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The booster's answer for raw data, as it comes before any preparation."""
        return predict(self.model, self.preprocessor.transform(data))

    def __repr__(self) -> str:
        return f"PreparedModel({self.preprocessor!r}, {self.model!r})"


def predict(model: Any, data: Any) -> Any:
    """What a booster or an estimator says of tables, arrays and sparse matrices."""
    kind = type(model)
    if kind.__module__.partition(".")[0] != "xgboost" or not hasattr(model, "get_dump"):
        return model.predict(data)
    import xgboost

    if isinstance(data, xgboost.DMatrix):
        return model.predict(data)
    names = model.feature_names
    if names is None and hasattr(data, "columns"):
        data = data.to_numpy()  # it was trained without names
    if names is None or hasattr(data, "columns"):
        return model.predict(xgboost.DMatrix(data))
    return model.predict(xgboost.DMatrix(data, feature_names=names))


def _load_pyfunc(path: str) -> PreparedModel:
    """For MLflow, which calls it with the folder that `MLmodel` names."""
    import skops.io

    folder = Path(path)
    types = json.loads((folder / TYPES).read_text("utf-8"))
    preprocessor = skops.io.load(folder / PREPROCESSOR, trusted=types)
    if (folder / "model.ubj").is_file():
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(folder / "model.ubj")
        return PreparedModel(preprocessor, booster)
    import lightgbm

    return PreparedModel(preprocessor, lightgbm.Booster(model_file=str(folder / "model.txt")))
