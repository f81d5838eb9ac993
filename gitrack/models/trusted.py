"""skops files: written alike for equal models, and loaded by a list of trusted types of ours."""

from __future__ import annotations

import importlib
import importlib.util
import io
import re
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from gitrack.errors import MissingExtra, UnreadableFile, UsageError
from gitrack.model.display import safe
from gitrack.models import graph, trees
from gitrack.models.allowed import ALLOWED
from gitrack.models.environment import Needs

_ADAPTERS = tuple(f"sklearn.externals.array_api_compat.{of}" for of in ("torch", "cupy", "dask"))
_IDENTITY = re.compile(r'"__id__": (\d+)')
_FILE = re.compile(r'"file": "([^"\\]+)"')
#: What arrays of one value may be packed to, and what is no danger however it is packed.
_MOST_PACKED, _BEARABLE = 100, 64 * 1024 * 1024
#: No file is older in a zip archive; with no time, equal models are equal bytes.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def dump(model: object, file: Path) -> list[str]:
    """Write the model; the types in it that skops does not trust by itself.

    Callbacks of boosters are left out: they belong to the training. Raises UsageError for what no
    other program could load: lambdas, and functions and classes of a script; and without skops.
    """
    if importlib.util.find_spec("skops") is None:
        raise MissingExtra(f"saving a {type(model).__name__}", "skops", "models")
    skops_io = _skops_io()
    try:
        with graph.without_callbacks(model):
            data = skops_io.dumps(model)
    except Exception as error:
        raise _cannot(model, f"{type(error).__name__}: {str(error)[:300]}") from error
    file.write_bytes(_alike(data))
    found = untrusted_types(file)
    lost = [name for name in found if not _can_be_found(name)]
    if lost:
        raise _cannot(model, f"{lost[0]} has no place from which it could be imported")
    return found


def _skops_io() -> Any:
    """`skops.io`, whose import walks through all of scikit-learn, but for what it has no need of.

    scikit-learn's adapters to libraries of arrays would import those whole: of PyTorch, seconds.
    """
    if "skops.io" not in sys.modules:
        held = {name: ModuleType(name) for name in _ADAPTERS if name not in sys.modules}
        sys.modules.update(held)  # what is there is not imported
        try:
            importlib.import_module("skops.io")
        finally:
            for name, module in held.items():
                if sys.modules.get(name) is module:
                    del sys.modules[name]
    return sys.modules["skops.io"]


def _cannot(model: object, why: str) -> UsageError:
    return UsageError(
        f"this {type(model).__name__} cannot be saved in a safe format: {why}",
        hint="use functions and classes of a module that can be imported, instead of a lambda or "
        "of the script itself; or log_model(…, allow_pickle=True), and load it the same way",
    )


def _can_be_found(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not attribute.isidentifier():
        return False
    return module != "__main__" and hasattr(sys.modules.get(module), attribute)


def _alike(data: bytes) -> bytes:
    """The archive with places in memory, random names and times taken out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        schema = old.read("schema.json").decode("utf-8")
        numbers: dict[str, str] = {}
        schema = _IDENTITY.sub(
            lambda match: f'"__id__": {numbers.setdefault(match[1], str(len(numbers)))}', schema
        )
        names: dict[str, str] = {}
        for name in _FILE.findall(schema):
            names.setdefault(name, f"{len(names)}{Path(name).suffix}")
        schema = _FILE.sub(lambda match: f'"file": "{names[match[1]]}"', schema)
        for name in dict.fromkeys([*names, *(n for n in old.namelist() if n != "schema.json")]):
            new.writestr(zipfile.ZipInfo(names.get(name, name), _NO_TIME), old.read(name))
        new.writestr(zipfile.ZipInfo("schema.json", _NO_TIME), schema)
    return out.getvalue()


def untrusted_types(file: Path) -> list[str]:
    """The types in the file that skops does not trust by itself. Raises UnreadableFile."""
    skops_io = _skops_io()
    try:
        _refuse_bomb(file)
        return sorted(str(name) for name in skops_io.get_untrusted_types(file=file))
    except Exception as error:
        raise _unreadable(file, error) from error


def _refuse_bomb(file: Path) -> None:
    """A few bytes that unpack to more than there is memory are no model."""
    with zipfile.ZipFile(file) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > _BEARABLE + _MOST_PACKED * file.stat().st_size:
        raise ValueError(f"it would unpack to {size:,} bytes")


def load(file: Path, also: Iterable[str], needs: Needs) -> Any:
    """The object in a skops file. Raises UsageError if it holds types that nobody trusts."""
    needs.require("sklearn", "skops")
    skops_io = _skops_io()
    found, extra = untrusted_types(file), set(also)
    strange = [name for name in found if name not in ALLOWED | extra]
    if strange:
        listed = ", ".join(repr(safe(name)) for name in strange[:8])
        raise UsageError(
            f"{file.name} holds what is not trusted: {listed}",
            hint=f"if you know where it comes from: load_model(…, trusted=[{listed}])",
        )
    libraries = {name.partition(".")[0] for name in found} & {"xgboost", "lightgbm"}
    needs.require(*sorted(libraries))
    needs.compare("sklearn", "skops", *sorted(libraries))
    try:
        model = skops_io.load(file, trusted=[name for name in found if name in ALLOWED | extra])
    except ModuleNotFoundError as error:
        if error.name:
            needs.require(error.name.partition(".")[0])
        raise _unreadable(file, error) from error
    except Exception as error:
        raise _unreadable(file, error) from error
    trees.check(model, file.name)
    return model


def _unreadable(file: Path, error: Exception) -> UnreadableFile:
    why = safe(" ".join(str(error).split()))[:300]
    return UnreadableFile(file.name, f"cannot be read by skops: {type(error).__name__}: {why}")
