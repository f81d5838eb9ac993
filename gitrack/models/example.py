"""The input example of a model: its first rows as JSON, as MLflow keeps and serves them."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path
from typing import Any

import msgspec

from gitrack.config.regular import open_regular
from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import mlmodel, tables

#: Rows that are kept. They may lie in the open on the branch, so they are few.
ROWS = 5

_MOST_BYTES = 64_000_000

EXAMPLE = "input_example.json"
SERVING = "serving_input_example.json"


class Example(msgspec.Struct, frozen=True):
    """The rows that are kept, the files that hold them, and what `MLmodel` says of them."""

    data: Any
    files: dict[str, bytes]
    info: dict[str, str]
    rows: int


def make_example(given: Any) -> Example:
    """The first rows of `given`: a DataFrame, array, sparse matrix, dict or list.

    Raises UsageError for what is none of them, or has no rows.
    """
    data = first_rows(tables.as_data(given, "the input example"))
    rows = _length(data)
    if rows == 0:
        raise UsageError("the input example has no rows", hint="give a few, as in X_train[:5]")
    if "pandas" in tables.library_of(data):
        kept: Any = {
            "columns": [str(name) for name in data.columns],
            "data": [[_plain(value) for value in row] for row in _rows(data)],
        }
        serving = {"dataframe_split": kept}
        info = {"type": "dataframe", "pandas_orient": "split"}
    else:
        # a sparse matrix becomes a dense one: MLflow serves no other
        arrays = data if isinstance(data, dict) else {"": data}
        listed = {name: _listed(array) for name, array in arrays.items()}
        kept = {"inputs": listed if isinstance(data, dict) else listed[""]}
        serving = kept
        info = {"type": "ndarray", "format": "tf-serving"}
    info |= {"artifact_path": EXAMPLE, "serving_input_path": SERVING}
    return Example(data, {EXAMPLE: _json(kept), SERVING: _json(serving)}, info, rows)


def read_example(folder: Path) -> Any:
    """The rows that a model's folder holds, as they were given; None if there are none.

    Raises UnreadableFile for a file that is no example.
    """
    info = mlmodel.read(folder).example
    if info is None:
        return None
    name = info.get("artifact_path", EXAMPLE)
    path = mlmodel.inside(folder, name)
    try:
        with open_regular(path) as file:
            kept = json.loads(file.read(_MOST_BYTES))
        if info.get("type") == "dataframe":
            import pandas

            return pandas.DataFrame(kept["data"], columns=kept["columns"])
        import numpy

        inputs = kept["inputs"]
        if isinstance(inputs, dict):
            return {key: numpy.asarray(array) for key, array in inputs.items()}
        return numpy.asarray(inputs)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableFile(name, f"is no example: {safe(str(error))[:200]}") from error


def first_rows(data: Any) -> Any:
    """At most `ROWS` rows."""
    if isinstance(data, dict):
        return {name: array[:ROWS] for name, array in data.items()}
    if "pandas" in tables.library_of(data):
        return data.iloc[:ROWS]
    if hasattr(data, "tocsr"):
        return data.tocsr()[:ROWS]
    return data[:ROWS] if getattr(data, "ndim", 0) else data


def _length(data: Any) -> int:
    if isinstance(data, dict):
        return min((len(array) for array in data.values()), default=0)
    return int(data.shape[0]) if getattr(data, "ndim", 2) else 1


def _rows(frame: Any) -> list[list[Any]]:
    # column by column: a row of mixed types would make whole numbers floats
    columns = [frame.iloc[:, at].astype(object).tolist() for at in range(frame.shape[1])]
    return [list(row) for row in zip(*columns, strict=True)] if columns else []


def _listed(array: Any) -> Any:
    if hasattr(array, "toarray"):
        array = array.toarray()
    return _plain(tables.plain_array(array).tolist())


def _plain(value: Any) -> Any:
    """As JSON has it: what is missing becomes null, which every reader knows."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(bytes(value)).decode("ascii")
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return None if text == "NaT" else text
    if type(value).__name__ == "NAType":
        return None
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return str(value)


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
