"""Predictions as a small table, so that two runs can be compared case by case later."""

from __future__ import annotations

import io
from typing import Any

from gitrack.errors import MissingExtra, UsageError

KIND = "predictions"


def predictions_bytes(
    y_true: object, scores: object, ids: object | None = None, *, name: str = "predictions"
) -> tuple[str, bytes, str]:
    """(`<name>.parquet`, its bytes, the artifact's kind).

    Columns: `id` if given, `y_true`, and `score`, or `score_0` … for several scores a case.
    Floats become float32 where that loses nothing. Equal predictions give equal bytes.
    """
    arrow, parquet = _pyarrow()
    truth = _vector("y_true", y_true)
    columns: dict[str, Any] = {}
    if ids is not None:
        columns["id"] = _checked_ids(_vector("ids", ids))
    columns["y_true"] = truth
    columns |= _score_columns(scores)
    for column, values in columns.items():
        if len(values) != len(truth):
            raise UsageError(
                f"{column} has {len(values)} values, y_true has {len(truth)}",
                hint="give one prediction for each case, in the same order",
            )
    if not len(truth):
        raise UsageError("there are no predictions to log", hint="give at least one case")
    table = arrow.table({name: _column(arrow, name, v) for name, v in columns.items()})
    out = io.BytesIO()
    floats = [name for name in table.column_names if arrow.types.is_floating(table[name].type)]
    parquet.write_table(
        table,
        out,
        compression="zstd",
        use_dictionary=[name for name in table.column_names if name not in floats],
        # scores look like noise byte by byte; their exponents do not
        use_byte_stream_split=floats,
        write_statistics=False,
        store_schema=False,
    )
    return f"{name.removesuffix('.parquet')}.parquet", out.getvalue(), KIND


def _score_columns(scores: object) -> dict[str, Any]:
    import numpy as np

    array = _array("scores", scores)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1:
        return {"score": array}
    if array.ndim != 2 or array.shape[1] == 0:
        raise UsageError(
            f"scores have the shape {array.shape}",
            hint="give one number a case, or a row of numbers a case",
        )
    if array.shape[1] > 1000:
        raise UsageError(
            f"scores have {array.shape[1]} columns", hint="log the 1000 most likely classes at most"
        )
    return {f"score_{at}": np.ascontiguousarray(array[:, at]) for at in range(array.shape[1])}


def _vector(what: str, values: object) -> Any:
    array = _array(what, values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise UsageError(f"{what} has the shape {array.shape}", hint="give one value a case")
    return array


def _array(what: str, values: object) -> Any:
    import numpy as np

    if hasattr(values, "detach"):  # a torch tensor, perhaps on a GPU
        values = values.detach().cpu().numpy()
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise UsageError(f"{what} is a {type(values).__name__}", hint="give a list or an array")
    try:
        return np.asarray(values)
    except ValueError as error:
        raise UsageError(f"{what} has rows of different lengths", hint=str(error)) from error


def _checked_ids(ids: Any) -> Any:
    import numpy as np

    if len(np.unique(ids.astype(str) if ids.dtype.kind == "O" else ids)) != len(ids):
        raise UsageError(
            "ids are not unique", hint="two runs are compared case by case: name each case once"
        )
    return ids


def _column(arrow: Any, name: str, values: Any) -> Any:
    import numpy as np

    if values.dtype.kind == "f":
        if values.dtype.itemsize == 2:
            values = values.astype(np.float32)
        elif values.dtype.itemsize > 4:
            values = _narrowed(values.astype(np.float64))
    elif values.dtype.kind == "c":
        raise UsageError(f"{name} holds complex numbers", hint="give real ones")
    try:
        return arrow.array(values)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, arrow.ArrowTypeError) as error:
        raise UsageError(f"{name} cannot be kept: {error}", hint="give numbers or text") from error


def _narrowed(values: Any) -> Any:
    import numpy as np

    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow.astype(np.float64), values, equal_nan=True) else values


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtra("log_predictions", "pyarrow", "data") from error
    return pyarrow, pyarrow.parquet
