"""Exported programs of PyTorch, looked through before they are loaded.

`torch.export.load` unpickles parts of the archive, evaluates expressions in it and looks up
functions by their names, so an archive from a stranger could run anything.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gitrack.errors import UsageError
from gitrack.model.display import safe

#: Records of a few characters that only say of what kind the archive is.
_PLAIN = frozenset(
    {"version", "archive_format", "archive_version", "byteorder", "serialization_id"}
)
_PLAIN_TEXT = re.compile(rb"[A-Za-z0-9._-]{1,64}\n?")

_TARGET = re.compile(
    r"torch\.ops\.(?:aten|prims|higher_order|profiler|_c10d_functional)(?:\.[A-Za-z0-9_]+)+"
    r"|torch\.sym_[a-z_]+|torch\._C\._set_grad_enabled|_operator\.[a-z_]+|math\.[a-z0-9_]+"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
#: What expressions about sizes are made of, beside symbols such as `s0` and numbers.
_WORDS = re.compile(
    r"Symbol|Integer|Float|True|False|positive|integer|nonnegative|evaluate|oo|int_oo|Max|Min|Mod"
    r"|FloorDiv|ModularIndexing|Where|PythonMod|CleanDiv|CeilDiv|IntTrueDiv|FloatTrueDiv"
    r"|TruncToInt|RoundToInt|ToFloat|Pow|PowByNatural|FloatPow|Eq|Ne|Le|Lt|Ge|Gt|And|Or|Not"
)
_SYMBOL = re.compile(r"[suz]+\d+")
_EXPRESSION = re.compile(r"[\w\s()+\-*/%,.<>=&|~'\"]*")


def check(file: Path) -> None:
    """Raise UsageError unless everything in the archive is tensors, operators and plain sizes."""
    try:
        with zipfile.ZipFile(file) as archive:
            strange = next(_strange(archive), None)
    except (zipfile.BadZipFile, ValueError, RecursionError) as error:
        strange = str(error)
    if strange is not None:
        raise UsageError(
            f"{file.name} may run code when it is loaded: {safe(strange)[:200]}",
            hint="if you trust its writer: load_model(…, allow_pickle=True)",
        )


def _strange(archive: zipfile.ZipFile) -> Iterator[str]:
    contents = {name: archive.read(name) for name in archive.namelist() if name.endswith(".json")}
    raw = _raw_tensors(contents)
    for info in archive.infolist():
        name = info.filename
        if info.is_dir() or name in raw:
            continue
        data = contents[name] if name in contents else archive.read(info)
        if name in contents:
            yield from _strange_values(json.loads(data))
        elif name.rpartition("/")[2] in _PLAIN and _PLAIN_TEXT.fullmatch(data):
            continue
        elif not _only_tensors(data):
            yield f"{name} is a pickle of more than tensors"


def _raw_tensors(contents: dict[str, bytes]) -> set[str]:
    """Records that are read as bytes of a tensor, and never unpickled."""
    raw: set[str] = set()
    pickles: set[str] = set()
    for name, data in contents.items():
        folder, _, last = name.rpartition("/")
        if not last.endswith("_config.json") or not folder.endswith(
            ("data/weights", "data/constants")
        ):
            continue
        for entry in dict(json.loads(data).get("config", {})).values():
            record = f"{folder}/{entry.get('path_name')}"
            tensor = str(entry.get("path_name")).startswith(("weight_", "tensor_"))
            (raw if tensor and entry.get("use_pickle") is False else pickles).add(record)
    return raw - pickles


def _only_tensors(data: bytes) -> bool:
    import torch

    try:
        torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 - whatever it says, it is not what was wanted
        return False
    return True


def _strange_values(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        if not isinstance(part, dict):
            continue
        target, expression = part.get("target"), part.get("expr_str")
        if isinstance(target, str) and "inputs" in part and not _TARGET.fullmatch(target):
            yield f"it calls {target}"
        if expression is not None and not _plain_expression(expression):
            yield f"it evaluates {expression}"
        if part.get("guards_code"):
            yield "it brings code of its own"
        waiting += part.values()


def _plain_expression(expression: object) -> bool:
    if not isinstance(expression, str) or not _EXPRESSION.fullmatch(expression):
        return False
    return all(
        _WORDS.fullmatch(word) or _SYMBOL.fullmatch(word) for word in _WORD.findall(expression)
    )
