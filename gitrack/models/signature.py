"""The signature of a model: what it takes and gives, and holding data against it."""

from __future__ import annotations

from typing import Any

import msgspec

from gitrack.errors import UsageError
from gitrack.models import tables
from gitrack.models.schema import Column, Schema, Tensor, check_column_names, schema_of


class Signature(msgspec.Struct, frozen=True):
    """What a model takes and gives. What is None is unknown."""

    inputs: Schema | None = None
    outputs: Schema | None = None

    def fitted(self, data: Any) -> Any:
        """Data as the model wants it: its columns, in its order, of its types.

        Other columns are dropped, optional ones that are missing are filled with missing values.
        Raises UsageError for a required column that is missing and for values that would lose
        something.
        """
        data = tables.as_data(data, "the data")
        if self.inputs is None:
            return data
        if self.inputs.columns:
            return _as_columns(data, self.inputs.columns)
        if len(self.inputs.tensors) == 1 and self.inputs.tensors[0].name is None:
            return _as_tensor(data, self.inputs.tensors[0])
        return data


def infer_signature(inputs: Any, outputs: Any = None) -> Signature:
    """The signature of a model that takes `inputs` and gives `outputs`: data like theirs.

    Takes DataFrames, arrays, sparse matrices, dicts of columns and lists of rows. A column with a
    missing value is an optional one. Raises UsageError for what no signature can say.
    """
    taken = schema_of(tables.as_data(inputs, "the input"), "the input")
    return Signature(taken, None if outputs is None else output_schema(outputs))


def output_schema(outputs: Any) -> Schema | None:
    """The schema of predictions; None for what is neither table nor array."""
    if isinstance(outputs, tuple):
        return None
    if isinstance(outputs, (str, bytes, set, type(None))):
        return None
    try:
        return schema_of(tables.as_data(outputs, "the output"), "the output")
    except UsageError:
        return None


def _as_columns(data: Any, columns: tuple[Column, ...]) -> Any:
    frame = _as_frame(data, columns)
    names = [column.name for column in columns if column.name is not None]
    if len(names) == len(columns):
        present = list(frame.columns)
        check_column_names([name for name in present if name in names], "the data")
        lacking = [c.name for c in columns if c.required and c.name not in present]
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            shown = ", ".join(repr(name) for name in lacking[:5])
            raise UsageError(
                f"the model needs the column {shown}{more}, which the data lacks",
                hint=f"it takes {Schema(columns)!s:.300}",
            )
        frame = frame.reindex(columns=names)
    elif len(columns) != frame.shape[1]:
        raise UsageError(
            f"the model takes {len(columns)} columns and the data has {frame.shape[1]}",
            hint=f"it takes {Schema(columns)!s:.300}",
        )
    made = {at: _converted(frame.iloc[:, at], column) for at, column in enumerate(columns)}
    pd = tables.pandas("a prediction")
    result = pd.concat(list(made.values()), axis=1)
    result.columns = frame.columns
    return result


def _as_frame(data: Any, columns: tuple[Column, ...]) -> Any:
    if "pandas" in tables.library_of(data):
        return data
    pd = tables.pandas("a prediction")
    if hasattr(data, "tocsr"):
        data = data.toarray()
    if isinstance(data, dict):
        raise UsageError("the model takes a table, not named arrays", hint="give a DataFrame")
    array = tables.plain_array(data)
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise UsageError(
            f"the model takes {len(columns)} columns and the data has the shape {array.shape}",
            hint=f"it takes {Schema(columns)!s:.300}",
        )
    return pd.DataFrame(
        array, columns=[column.name or str(at) for at, column in enumerate(columns)]
    )


_NUMBERS = {"integer": "int32", "long": "int64", "float": "float32", "double": "float64"}


def _converted(series: Any, column: Column) -> Any:
    """The column in its type; the very series where it has it already, a category as it is."""
    pd = tables.pandas("a prediction")
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        return series
    try:
        if column.type in _NUMBERS:
            return _number(series, _NUMBERS[column.type])
        if column.type == "boolean" and dtype.kind != "b":
            return _truth(series)
        if column.type == "datetime" and dtype.kind != "M":
            return pd.to_datetime(series)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(
            f"column {column.name!r} cannot be read as {column.type}: {error!s:.200}",
            hint="give values of that type",
        ) from error
    if column.type == "string" and dtype.kind in "iufbM":
        raise UsageError(
            f"column {column.name!r} holds {dtype}, and the model takes text there",
            hint=f"frame[{column.name!r}] = frame[{column.name!r}].astype(str)",
        )
    return series


def _number(series: Any, wanted: str) -> Any:
    pd, np = tables.pandas("a prediction"), tables.numpy("a prediction")
    if series.dtype.kind == "O":
        series = pd.to_numeric(series)
    if str(series.dtype) == wanted:
        return series
    if series.dtype.kind not in "iufb":
        raise ValueError(f"it holds {series.dtype}")
    if wanted.startswith("float"):
        return series.astype(wanted)
    if series.isna().any():
        return series.astype("float64")  # no integer is missing: as the model saw it in training
    whole = series.astype(wanted)
    if not np.array_equal(whole.to_numpy(), series.to_numpy()):
        raise ValueError("some values are no whole numbers of that size")
    return whole


def _truth(series: Any) -> Any:
    known = {True, False, None}
    if not set(series.dropna().unique()) <= known:
        raise ValueError("some values are neither true nor false")
    return series if series.isna().any() else series.astype(bool)


def _as_tensor(data: Any, tensor: Tensor) -> Any:
    np = tables.numpy("a prediction")
    if hasattr(data, "tocsr"):
        array = data
    elif "pandas" in tables.library_of(data):
        array = data.to_numpy()
    else:
        array = tables.plain_array(data)
    fits = array.ndim == len(tensor.shape) and all(
        wanted in (-1, size) for wanted, size in zip(tensor.shape, array.shape, strict=True)
    )
    if not fits:
        raise UsageError(
            f"the model takes an array of shape {list(tensor.shape)}, and not {list(array.shape)}",
            hint="-1 stands for any number of rows",
        )
    try:
        wanted = np.dtype(tensor.dtype)
    except TypeError:
        return array
    if array.dtype == wanted or wanted.kind in "OUS":
        return array
    if not np.can_cast(array.dtype, wanted, casting="same_kind"):
        raise UsageError(
            f"the model takes {tensor.dtype}, and the data is {array.dtype}",
            hint=f"data.astype({tensor.dtype!r}), if nothing that matters is lost",
        )
    return array.astype(wanted)
