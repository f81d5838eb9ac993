"""Modules that travel in a model's folder: they import nothing of gitrack, so MLflow needs none."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

#: The folder in a model's folder that MLflow puts on Python's path.
CODE = "code"


def put_code(module: ModuleType, folder: Path) -> str:
    """Copy a module into a model's folder; the folder that `MLmodel` has to name."""
    place = folder / CODE
    place.mkdir(exist_ok=True)
    name = module.__name__.rpartition(".")[2]
    (place / f"{name}.py").write_text(inspect.getsource(module), "utf-8")
    return CODE
