"""Pickles: written only where they are allowed, and loaded only by those who ask for it."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.models.environment import Needs


def must_be_allowed(allowed: bool, what: str) -> None:
    """Raise UsageError unless whoever loads has consented."""
    if not allowed:
        raise UsageError(
            f"{what} is a pickle, which runs whatever its writer wants when it is loaded",
            hint="if you trust its writer: load_model(…, allow_pickle=True)",
        )


def dump(model: object, file: Path) -> None:
    """Write a pickle that other programs can read: classes of the project itself go with it.

    Raises UsageError for what cannot be pickled, or if cloudpickle is not installed.
    """
    if importlib.util.find_spec("cloudpickle") is None:
        raise UsageError(
            "allow_pickle=True needs cloudpickle, which is not installed",
            hint="pip install cloudpickle",
        )
    import cloudpickle

    try:
        with _by_value(model):
            data = cloudpickle.dumps(model)
    except Exception as error:
        raise UsageError(
            f"this {type(model).__name__} cannot be pickled: {type(error).__name__}: "
            f"{str(error)[:300]}",
            hint="take out what belongs to the process: open files, connections, locks, runs",
        ) from error
    file.write_bytes(data)


def load(file: Path, needs: Needs) -> Any:
    """Only after consent: this runs what the file says."""
    needs.require("cloudpickle")
    import pickle

    try:
        with file.open("rb") as opened:
            return pickle.load(opened)  # whoever loads it has asked for it
    except ModuleNotFoundError as error:
        if error.name:
            needs.require(error.name.partition(".")[0])
        raise UnreadableFile(file.name, str(error)) from error
    except Exception as error:
        why = f"cannot be unpickled: {type(error).__name__}: {str(error)[:300]}"
        raise UnreadableFile(file.name, why) from error


@contextmanager
def _by_value(model: object) -> Iterator[None]:
    """While this lasts, classes and functions of modules that are not installed go into pickles."""
    import cloudpickle

    names = {cls.__module__ for cls in type(model).__mro__} | {getattr(model, "__module__", "")}
    modules = [sys.modules[name] for name in names if name in sys.modules and name != "__main__"]
    ours = [module for module in modules if _of_the_project(module)]
    ours = [m for m in ours if m.__name__ not in cloudpickle.list_registry_pickle_by_value()]
    for module in ours:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in ours:
            cloudpickle.unregister_pickle_by_value(module)


def _of_the_project(module: ModuleType) -> bool:
    """True for a module that `pip install` did not bring."""
    place = getattr(module, "__file__", None)
    if not place:
        return False
    path = Path(place).resolve()
    installed = {
        Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")
    }
    here = Path(__file__).resolve().parents[1]
    return not any(path.is_relative_to(top) for top in installed | {here})
