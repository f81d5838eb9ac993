"""PyTorch: a module's weights, or a program that was exported with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitrack.errors import UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import exported, mlmodel, tables
from gitrack.models.environment import Needs, installed_version
from gitrack.models.flavors.flavor import Flavor, Loading, Saved, Saving, has_class

STATE_KEY = "pytorch_state_dict"
STATE_FILE = "state_dict.pt"
#: For people: what the module looks like whose weights these are.
ARCHITECTURE = "architecture.txt"

EXPORTED_KEY = "pytorch"
EXPORTED_FILE = "data/model.pt2"

#: Before it, `weights_only` could be made to run code (CVE-2025-32434).
_SAFE_SINCE = (2, 6)


def _is_module(model: object) -> bool:
    return has_class(model, "torch.nn.modules.module.Module")


def _is_program(model: object) -> bool:
    return has_class(model, "torch.export.exported_program.ExportedProgram")


def _save_state(model: Any, saving: Saving) -> Saved:
    import torch

    try:
        torch.save(model.state_dict(), saving.folder / STATE_FILE)
        torch.load(saving.folder / STATE_FILE, map_location="meta", weights_only=True)
    except Exception as error:
        raise UsageError(
            f"the weights of this {type(model).__name__} cannot be saved: {str(error)[:300]}",
            hint="a state_dict should hold tensors and plain values only",
        ) from error
    (saving.folder / ARCHITECTURE).write_text(f"{model!r}\n", "utf-8")
    kind = type(model)
    conf = {
        "data": STATE_FILE,
        "model_class": f"{kind.__module__}.{kind.__qualname__}",
        "pytorch_version": installed_version("torch"),
    }
    return Saved(flavors={STATE_KEY: conf}, function=None, modules=("torch", "numpy"))


def _load_state(loading: Loading) -> Any:
    """The module given as `into` with these weights, or the weights."""
    file = mlmodel.file_of(loading.folder, loading.conf(STATE_KEY), "data")
    loading.needs.require("torch")
    loading.needs.compare("torch")
    _must_be_safe(loading.allow_pickle)
    import torch

    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise UnreadableFile(file.name, f"holds no weights: {_line(error)}") from error
    if loading.into is None:
        return weights
    if not _is_module(loading.into):
        raise UsageError(
            f"into is a {tables.described(loading.into)}", hint="give the module: into=Net()"
        )
    if not isinstance(weights, Mapping):
        raise UnreadableFile(file.name, "holds no weights")
    try:
        loading.into.load_state_dict(weights)
    except RuntimeError as error:
        hint = f"{ARCHITECTURE} in its folder says what it was trained as"
        why = f"the weights do not fit into this {type(loading.into).__name__}: {_line(error)}"
        raise UsageError(why, hint=hint) from error
    loading.into.eval()
    return loading.into


def _must_be_safe(allow_pickle: bool) -> None:
    version = tuple(int(part) for part in (installed_version("torch") or "0.0").split(".")[:2])
    if version < _SAFE_SINCE and not allow_pickle:
        raise UsageError(
            f"torch {version[0]}.{version[1]} cannot load weights without trusting their file",
            hint="pip install 'torch>=2.6', or load_model(…, allow_pickle=True)",
        )


def _save_program(model: Any, saving: Saving) -> Saved:
    import torch

    file = saving.folder / EXPORTED_FILE
    file.parent.mkdir()
    try:
        torch.export.save(model, file)
    except Exception as error:
        raise UsageError(f"this program cannot be saved: {_line(error)}") from error
    version = installed_version("torch")
    return Saved(
        flavors={EXPORTED_KEY: {"model_data": "data", "pytorch_version": version, "code": None}},
        function={
            "loader_module": "mlflow.pytorch",
            "data": "data",
            "config": {"device": None},
        },
        modules=("torch", "numpy", "pandas"),
    )


def _load_program(loading: Loading) -> Any:
    """A module that runs the program."""
    folder = mlmodel.inside(loading.folder, loading.conf(EXPORTED_KEY).get("model_data"))
    file = folder / "model.pt2"
    if not file.is_file():
        raise UnreadableFile(
            mlmodel.NAME,
            "its PyTorch model is a whole pickled module, which gitrack does not load",
            hint="if you trust it: mlflow.pytorch.load_model",
        )
    if not file.resolve().is_relative_to(loading.folder.resolve()):
        raise UnreadableFile(mlmodel.NAME, "model.pt2 leads out of the model's folder")
    loading.needs.require("torch")
    loading.needs.compare("torch")
    if not loading.allow_pickle:
        _must_be_safe(allow_pickle=False)
        exported.check(file)
    return _run_program(file)


def _run_program(file: Path) -> Any:
    import torch

    try:
        return torch.export.load(file).module()
    except Exception as error:
        raise UnreadableFile(file.name, f"is no exported program: {_line(error)}") from error


def _predict(model: Any, data: Any) -> Any:
    Needs({}).require("torch")
    if isinstance(model, Mapping):
        raise UsageError(
            "these are the weights of a PyTorch model without the model",
            hint="load_model(…, into=Net(), as_function=True)",
        )
    import torch

    if hasattr(model, "module") and _is_program(model):
        model = model.module()
    array = data.to_numpy("float32") if hasattr(data, "columns") else tables.plain_array(data)
    # an exported program has been exported as one or the other
    was_training = getattr(model, "training", False) and not hasattr(model, "graph")
    if was_training:
        model.eval()
    try:
        with torch.no_grad():
            result = model(torch.from_numpy(array))
    finally:
        if was_training:
            model.train()
    return result.numpy() if isinstance(result, torch.Tensor) else result


def _line(error: Exception) -> str:
    return safe(" ".join(str(error).split()))[:300]


STATE = Flavor(
    key=STATE_KEY,
    name="pytorch",
    understands=_is_module,
    save=_save_state,
    load=_load_state,
    predict=_predict,
)
EXPORTED = Flavor(
    key=EXPORTED_KEY,
    name="pytorch",
    understands=_is_program,
    save=_save_program,
    load=_load_program,
    predict=_predict,
)
