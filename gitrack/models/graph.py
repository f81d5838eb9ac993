"""What a fitted model is made of: the objects in its attributes, lists and arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: Libraries of whose objects the attributes are looked into.
_MODELS = ("sklearn", "xgboost", "lightgbm", "imblearn")
#: How far: models of models of models are rarer than cycles that somebody made.
_MOST_OBJECTS = 1_000_000


def parts(model: object) -> Iterator[tuple[object, tuple[object, ...]]]:
    """Every object in the model, and the objects around it, the nearest last."""
    seen: set[int] = set()
    waiting: list[tuple[object, tuple[object, ...]]] = [(model, ())]
    while waiting and len(seen) < _MOST_OBJECTS:
        value, around = waiting.pop()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type)) or value is None:
            continue
        seen.add(id(value))
        yield value, around
        inside = around
        if isinstance(value, dict):
            held: list[Any] = list(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            held = list(value)
        elif getattr(getattr(value, "dtype", None), "kind", "") == "O" and hasattr(value, "ravel"):
            held = list(value.ravel())
        elif _of_a_model(value):
            held, inside = list(vars(value).values()), (*around, value)
        else:
            continue
        waiting += [(part, inside) for part in held]


def _of_a_model(value: object) -> bool:
    if not hasattr(value, "__dict__"):
        return False
    libraries = {cls.__module__.partition(".")[0] for cls in type(value).__mro__}
    return bool(libraries & set(_MODELS))


@contextmanager
def without_callbacks(model: object) -> Iterator[None]:
    """The model while none of its boosters has callbacks; they are put back afterwards."""
    taken: list[tuple[Any, Any]] = []
    for value, _ in parts(model):
        if type(value).__module__.startswith("xgboost.") and getattr(value, "callbacks", None):
            taken.append((value, vars(value)["callbacks"]))
    for estimator, _ in taken:
        estimator.callbacks = None
    try:
        yield
    finally:
        for estimator, callbacks in taken:
            estimator.callbacks = callbacks
