"""A pickled callable, or object with `predict`, as a model. Needs no gitrack."""

from __future__ import annotations

import pickle
from typing import Any


class FunctionModel:
    """`predict` asks the object's own `predict`, or calls it."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """What the function says of the data."""
        return predict(self.function, data)


def predict(function: Any, data: Any) -> Any:
    """By the object's own `predict` where it has one, else by calling it."""
    method = getattr(function, "predict", None)
    return method(data) if callable(method) else function(data)


def _load_pyfunc(path: str) -> FunctionModel:
    """For MLflow, which calls it with the file that `MLmodel` names."""
    with open(path, "rb") as file:
        return FunctionModel(pickle.load(file))  # its user asked for a pickle
