"""Models as folders that MLflow can serve: saved in safe formats, loaded without running code."""

from __future__ import annotations

from gitrack.models.example import read_example
from gitrack.models.loading import ModelFunction, describe, load, load_function
from gitrack.models.saving import SavedModel, save
from gitrack.models.signature import Signature, infer_signature

__all__ = [
    "ModelFunction",
    "SavedModel",
    "Signature",
    "describe",
    "infer_signature",
    "load",
    "load_function",
    "read_example",
    "save",
]
