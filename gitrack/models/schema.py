"""What goes into a model or comes out of it, as MLflow writes it: columns or tensors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from gitrack.errors import UsageError
from gitrack.models.tables import library_of, plain_array


class Column(msgspec.Struct, frozen=True):
    """A column of a table. One that is not required may be missing, or hold missing values."""

    type: str
    name: str | None = None
    required: bool = True


class Tensor(msgspec.Struct, frozen=True):
    """An array. `-1` in a shape is any length."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None


class Schema(msgspec.Struct, frozen=True):
    """Columns, or tensors; never both."""

    columns: tuple[Column, ...] = ()
    tensors: tuple[Tensor, ...] = ()

    def __str__(self) -> str:
        shown = [
            f"{column.name or '-'}: {column.type}{'' if column.required else '?'}"
            for column in self.columns
        ] + [
            f"{f'{tensor.name}: ' if tensor.name else ''}{tensor.dtype}{list(tensor.shape)}"
            for tensor in self.tensors
        ]
        return ", ".join(shown)

    def to_json(self) -> str:
        """As it stands in `MLmodel`."""
        columns = [
            {
                "type": column.type,
                **({"name": column.name} if column.name is not None else {}),
                "required": column.required,
            }
            for column in self.columns
        ]
        tensors = [
            {
                "type": "tensor",
                **({"name": tensor.name} if tensor.name is not None else {}),
                "tensor-spec": {"dtype": tensor.dtype, "shape": list(tensor.shape)},
            }
            for tensor in self.tensors
        ]
        return json.dumps([*columns, *tensors], ensure_ascii=False)


def schema_from_json(text: object) -> Schema | None:
    """What `MLmodel` says; None for what it does not say, ValueError for what makes no sense.

    Types of columns that are unknown here (`object`, `array` …) are kept by their name.
    """
    if text is None:
        return None
    entries = json.loads(text) if isinstance(text, str) else text
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("a schema is a list of columns or of tensors")
    columns, tensors = [], []
    for entry in entries:
        name = entry.get("name")
        if name is not None and not isinstance(name, str):
            name = str(name)
        if entry.get("type") == "tensor":
            tensors.append(_tensor(entry.get("tensor-spec"), name))
        elif isinstance(entry.get("type"), str):
            columns.append(Column(entry["type"], name, entry.get("required", True) is True))
        else:
            raise ValueError("a column has no type")
    if columns and tensors:
        raise ValueError("columns and tensors are mixed")
    return Schema(tuple(columns), tuple(tensors))


def _tensor(spec: object, name: str | None) -> Tensor:
    if not isinstance(spec, dict) or not isinstance(spec.get("dtype"), str):
        raise ValueError("a tensor has no dtype")
    shape = spec.get("shape")
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise ValueError("a tensor has no shape")
    return Tensor(spec["dtype"], tuple(shape), name)


def schema_of(data: Any, what: str) -> Schema:
    """The schema of a DataFrame, Series, array, sparse matrix, or dict of arrays.

    `what` names the data in errors. Raises UsageError for what no schema can say.
    """
    if "pandas" in library_of(data):
        if hasattr(data, "columns"):
            return Schema(columns=_columns(data, what))
        name = data.name if isinstance(data.name, str) else None
        return Schema(columns=(_column(data, name, what),))
    if isinstance(data, dict):
        named = {str(name): plain_array(array) for name, array in data.items()}
        return Schema(tensors=tuple(_tensor_of(array, name) for name, array in named.items()))
    array = data if hasattr(data, "tocsr") else plain_array(data)
    return Schema(tensors=(_tensor_of(array, None),))


def _tensor_of(array: Any, name: str | None) -> Tensor:
    kind = array.dtype.kind
    dtype = {"U": "str", "S": "bytes"}.get(kind, array.dtype.name)
    return Tensor(dtype, (-1, *map(int, array.shape[1:])) if array.ndim else (), name)


def _columns(frame: Any, what: str) -> tuple[Column, ...]:
    names = list(frame.columns)
    check_column_names(names, what)
    if not len(frame):
        raise UsageError(f"{what} has no rows", hint="give a few rows, as in X_train[:5]")
    return tuple(_column(frame.iloc[:, at], name, what) for at, name in enumerate(names))


def check_column_names(names: Sequence[object], what: str) -> None:
    """Columns are told apart by their names, which are text. Raises UsageError."""
    strange = [name for name in names if not isinstance(name, str)]
    if strange:
        raise UsageError(
            f"{what} has the column name {strange[0]!r:.60}, which is no text",
            hint="frame.columns = frame.columns.map(str), or give frame.to_numpy()",
        )
    twice = sorted({name for name in names if names.count(name) > 1}, key=str)
    if twice:
        raise UsageError(
            f"{what} has two columns named {twice[0]!r:.60}", hint="give each column its own name"
        )


def _column(series: Any, name: str | None, what: str) -> Column:
    found = _type(series, name, what)
    return Column(found, name, not bool(series.isna().any()))


def _type(series: Any, name: str | None, what: str) -> str:
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        return _type(dtype.categories.to_series(), name, what)
    if dtype.kind == "O":
        return _type_of_objects(series, name, what)
    size = getattr(dtype, "itemsize", 8)
    if dtype.kind in "iu" and not (dtype.kind == "u" and size == 8):
        return "integer" if size < 4 or (dtype.kind == "i" and size == 4) else "long"
    if dtype.kind == "f" and size <= 8:
        return "float" if size <= 4 else "double"
    found = {"b": "boolean", "M": "datetime", "U": "string", "S": "binary"}.get(dtype.kind)
    if found is None:
        raise _unsayable(name, str(dtype), what)
    return found


_OBJECTS = {"bool": "boolean", "int": "long", "float": "double", "str": "string", "bytes": "binary"}


def _type_of_objects(series: Any, name: str | None, what: str) -> str:
    present = series.dropna()
    if not len(present):
        raise UsageError(
            f"column {name!r} of {what} holds nothing, so its type is unknown",
            hint="give rows in which it has a value",
        )
    kinds = {type(value).__name__ for value in present}
    if kinds == {"int", "float"}:
        return "double"
    if len(kinds) > 1:
        raise _unsayable(name, f"both {' and '.join(sorted(kinds)[:2])}", what)
    (kind,) = kinds
    if kind in _OBJECTS:
        return _OBJECTS[kind]
    narrow = present.infer_objects()
    if narrow.dtype.kind == "O":
        raise _unsayable(name, kind, what)
    return _type(narrow, name, what)


def _unsayable(name: str | None, kind: str, what: str) -> UsageError:
    return UsageError(
        f"column {name!r} of {what} holds {kind}, which a signature cannot say",
        hint="make it numbers, text, truth values or dates, or leave the column out",
    )
