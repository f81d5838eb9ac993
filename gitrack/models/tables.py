"""Data of other libraries seen as tables and arrays, without importing what is not there."""

from __future__ import annotations

import sys
from typing import Any

from gitrack.errors import MissingExtra, UsageError


def library_of(value: object) -> frozenset[str]:
    """The top-level modules of the object's classes: `{"pandas", "builtins"}`."""
    return frozenset(cls.__module__.partition(".")[0] for cls in type(value).__mro__)


def described(value: object) -> str:
    """A type as an error names it."""
    cls = type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"


def loaded(name: str) -> Any:
    """A module if it was imported already, else None."""
    return sys.modules.get(name)


def pandas(what: str) -> Any:
    """The library, or MissingExtra."""
    try:
        import pandas
    except ImportError as error:
        raise MissingExtra(what, "pandas", "data") from error
    return pandas


def numpy(what: str) -> Any:
    """The library, or MissingExtra."""
    try:
        import numpy
    except ImportError as error:
        raise MissingExtra(what, "numpy", "data") from error
    return numpy


def plain_array(value: Any) -> Any:
    """A numpy array of an array, a tensor or a list. Raises UsageError."""
    np = numpy("a signature")
    if hasattr(value, "detach"):  # a tensor of PyTorch, perhaps on a GPU
        value = value.detach().cpu().numpy()
    try:
        return np.asarray(value)
    except ValueError as error:
        raise UsageError(
            f"this {described(value)} is no array: {error}", hint="give rows of one length"
        ) from error


def as_data(value: Any, what: str) -> Any:
    """A DataFrame, array, sparse matrix or dict of arrays, of what people call rows."""
    libraries = library_of(value)
    if "pandas" in libraries and hasattr(value, "to_frame") and not hasattr(value, "columns"):
        return value.to_frame(value.name if isinstance(value.name, str) else "0")
    if "pandas" in libraries or hasattr(value, "tocsr") or hasattr(value, "detach"):
        return value
    if hasattr(value, "to_pandas"):  # polars, pyarrow
        return value.to_pandas()
    if "numpy" in libraries:
        return value
    if isinstance(value, dict):
        if value and all(getattr(part, "ndim", 0) > 1 for part in value.values()):
            return value
        return _frame({n: v if _is_column(v) else [v] for n, v in value.items()}, what)
    if isinstance(value, (list, tuple)):
        return _frame(list(value), what) if _is_records(value) else plain_array(list(value))
    raise UsageError(
        f"{what} is a {described(value)}",
        hint="give a DataFrame, an array, a dict of columns or a list of rows",
    )


def _is_column(value: object) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict))


def _is_records(rows: Any) -> bool:
    return bool(rows) and all(isinstance(row, dict) for row in rows)


def _frame(value: object, what: str) -> Any:
    try:
        return pandas(what).DataFrame(value)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{what} is no table: {error}") from error
