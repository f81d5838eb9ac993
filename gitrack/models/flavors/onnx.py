"""ONNX: the model as it is, asked through onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import mlmodel, tables
from gitrack.models.environment import Needs, installed_version
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving

KEY = "onnx"
FILE = "model.onnx"


def _understands(model: object) -> bool:
    # its classes are made by protobuf, under a module that has changed its name
    return type(model).__name__ == "ModelProto" and type(model).__module__.startswith("onnx")


def _save(model: Any, saving: Saving) -> Saved:
    import onnx

    try:
        onnx.checker.check_model(model)
        onnx.save_model(model, str(saving.folder / FILE), save_as_external_data=False)
    except Exception as error:
        raise UsageError(
            f"this ONNX model cannot be saved: {' '.join(str(error).split())[:300]}",
            hint="one file holds 2 GB at most; load its external data before",
        ) from error
    conf = {
        "data": FILE,
        "onnx_version": installed_version("onnx"),
        "providers": ["CPUExecutionProvider"],
        "code": None,
    }
    return Saved(
        flavors={KEY: conf},
        function={"loader_module": "mlflow.onnx", "data": FILE},
        modules=("onnx", "onnxruntime", "numpy"),
    )


def _load(loading: Loading) -> Any:
    file = mlmodel.file_of(loading.folder, loading.conf(KEY), "data")
    loading.needs.require("onnx")
    loading.needs.compare("onnx")
    import onnx
    from onnx.external_data_helper import uses_external_data

    try:
        model = onnx.load(str(file), load_external_data=False)
    except Exception as error:
        why = f"is no ONNX model: {safe(' '.join(str(error).split()))[:300]}"
        raise UnreadableFile(file.name, why) from error
    if any(uses_external_data(tensor) for tensor in _tensors(model)):
        raise UnreadableFile(
            file.name,
            "keeps its weights in other files, which may lie anywhere",
            hint="if you trust it: onnx.load(path)",
        )
    try:
        onnx.checker.check_model(model)
    except Exception as error:
        why = f"is no sound ONNX model: {safe(' '.join(str(error).split()))[:300]}"
        raise UnreadableFile(file.name, why) from error
    return model


def _tensors(model: Any) -> Iterator[Any]:
    """All there are, wherever: in graphs inside of graphs, functions, sparse tensors, training."""
    waiting = [model]
    while waiting:
        message = waiting.pop()
        if type(message).__name__ == "TensorProto":
            yield message
            continue
        for field, value in message.ListFields():
            if field.message_type is not None:
                waiting += [value] if hasattr(value, "ListFields") else list(value)


def _predict(model: Any, data: Any) -> Any:
    Needs({}).require("onnxruntime")
    import onnxruntime

    session = getattr(model, "session", None)
    if session is None:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
    inputs = session.get_inputs()
    feeds = {
        i.name: _fed(part, i.type) for i, part in zip(inputs, _parts(data, inputs), strict=True)
    }
    names = [output.name for output in session.get_outputs()]
    results = session.run(names, feeds)
    return results[0] if len(results) == 1 else dict(zip(names, results, strict=True))


def _parts(data: Any, inputs: list[Any]) -> list[Any]:
    names = [each.name for each in inputs]
    if isinstance(data, dict) and set(names) <= set(data):
        return [data[name] for name in names]
    if len(inputs) == 1:
        return [data.to_numpy() if hasattr(data, "to_numpy") else data]
    if hasattr(data, "columns") and set(names) <= set(data.columns):
        return [data[[name]].to_numpy() for name in names]
    raise UsageError(
        f"the model takes {', '.join(map(repr, names))}", hint="give a dict of arrays by name"
    )


_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "object",
}


def _fed(array: Any, kind: str) -> Any:
    array = tables.plain_array(array)
    wanted = _TYPES.get(kind)
    return array.astype(wanted) if wanted and array.dtype != wanted else array


FLAVOR = Flavor(
    key=KEY,
    name="onnx",
    understands=_understands,
    save=_save,
    load=_load,
    predict=_predict,
)
