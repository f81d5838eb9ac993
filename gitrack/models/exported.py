"""Exported programs of PyTorch, looked through before they are loaded.

`torch.export.load` unpickles parts of the archive, evaluates expressions in it, looks up functions
by their names and writes the names of values into Python that it compiles, so an archive from a
stranger could run anything.
"""

from __future__ import annotations

import io
import json
import re
import struct
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

#: Operators of tensors. Functions that are not, as `torch.hub.load`, have names alike.
_OPERATOR = re.compile(
    r"torch\.ops\.(?:aten|prims|higher_order|profiler|_c10d_functional)(?:\.\w+){1,2}", re.ASCII
)
#: They read and write any file whose name they are given.
_WITH_FILES = frozenset({"from_file", "save"})
#: Arithmetic of sizes.
_FUNCTION = re.compile(
    r"torch\.sym_[a-z_]+|torch\._C\._set_grad_enabled|math\.[a-z0-9_]+"
    r"|_operator\.(?:abs|add|and_|eq|floordiv|ge|getitem|gt|le|lshift|lt|mod|mul|ne|neg|not_|or_|pos"
    r"|pow|rshift|sub|truediv|xor)"
)
#: Names are written into code as they are; no other text needs more than these either.
_NAME = re.compile(r"[\w.]*", re.ASCII)
_MARK = re.compile(r"[\w.+-]*", re.ASCII)
#: What is data to operators, and what tells people where a value comes from: in no code.
_FREE = frozenset({"as_string", "as_strings", "metadata", "guards_code"})
_SPECS = frozenset({"in_spec", "out_spec"})
_WORD = re.compile(r"[A-Za-z_]\w*")
#: What expressions about sizes are made of, beside symbols such as `s0` and numbers.
_WORDS = re.compile(
    r"Symbol|Integer|Float|True|False|positive|integer|nonnegative|evaluate|oo|int_oo|Max|Min|Mod"
    r"|FloorDiv|ModularIndexing|Where|PythonMod|CleanDiv|CeilDiv|IntTrueDiv|FloatTrueDiv"
    r"|Add|Mul|Rational|Abs|Not|Xor|Equality|Unequality|LessThan|GreaterThan|StrictLessThan"
    r"|StrictGreaterThan|BooleanTrue|BooleanFalse|TruncToInt|RoundToInt|ToFloat|Pow|PowByNatural|FloatPow|Eq|Ne|Le|Lt|Ge|Gt|And|Or|Not"
)
_SYMBOL = re.compile(r"[suz]+\d+")
_EXPRESSION = re.compile(r"[\w\s()+\-*/%,.<>=&|~'\"]{0,5000}")
#: A power of a power of a power may have more digits than the machine has memory.
_POWER = re.compile(r"\*\*|Pow|<<")
_MOST_POWERS = 3
_HUGE = re.compile(r"\d{20}|\d[eE]\+?\d{3}|(?:\*\*|<<)\s*\(*\s*\d{3}")


def check(file: Path) -> None:
    """Raise UsageError unless everything in the archive is tensors, operators and plain sizes."""
    try:
        with zipfile.ZipFile(file) as archive:
            strange = _ambiguous(archive, file) or next(_strange(archive), None)
    except (zipfile.BadZipFile, ValueError, AttributeError, RecursionError, struct.error) as error:
        strange = str(error)
    if strange is not None:
        raise UsageError(
            f"{file.name} may run code when it is loaded: {safe(strange)[:200]}",
            hint="if you trust its writer: load_model(…, allow_pickle=True)",
        )


def _ambiguous(archive: zipfile.ZipFile, file: Path) -> str | None:
    """Why PyTorch, which has a reader of its own, may find other records than are read here."""
    size = file.stat().st_size
    entries = archive.infolist()
    names = {info.filename.casefold() for info in entries}
    if len(names) != len(entries):
        return "two of its records have one name"
    if any(info.compress_type != zipfile.ZIP_STORED for info in entries):
        return "its records are compressed, as PyTorch does not"
    if sum(info.file_size for info in entries) > size:
        return "its records are larger than itself"
    if _directory_said(file, size) != archive.start_dir:
        return "it has a second list of records"
    return None


def _directory_said(file: Path, size: int) -> int | None:
    """Where the end of the archive says that its list of records begins; it has no comment."""
    with file.open("rb") as opened:
        opened.seek(max(size - 22 - 20 - 56, 0))
        end = opened.read()
    if end[-22:-18] != b"PK\x05\x06":
        return None
    if end[-42:-38] == b"PK\x06\x07" and end[:4] == b"PK\x06\x06":
        if struct.unpack("<Q", end[-34:-26])[0] != size - 22 - 20 - 56:
            return None
        return int(struct.unpack("<Q", end[48:56])[0])
    return int(struct.unpack("<L", end[-6:-2])[0])


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
    waiting = [("", value)]
    while waiting:
        key, part = waiting.pop()
        if key == "expr_str":
            if not _plain_expression(part):
                yield f"it evaluates {part}"
        elif key == "as_operator" or (key == "target" and isinstance(part, tuple)):
            called = part[0] if isinstance(part, tuple) else part
            if not _is_operator(called):
                yield f"it calls {called}"
        elif key == "guards_code" and part:
            yield "it brings code of its own"
        elif key in _SPECS and isinstance(part, str):
            yield from _strange_spec(part)
        elif isinstance(part, list):
            waiting += [(key, each) for each in part]
        elif isinstance(part, dict):
            waiting += _within(part)
        elif isinstance(part, str) and not (
            key in _FREE or (_NAME if key.endswith("name") else _MARK).fullmatch(part)
        ):
            yield f"it names a value {part}"


def _within(part: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of a map by their keys; a `target` beside `inputs` is called, and a tuple here."""
    for key, value in part.items():
        yield "", key
        if key == "metadata" and isinstance(value, dict):
            continue
        yield key, (value,) if key == "target" and "inputs" in part else value


def _is_operator(target: object) -> bool:
    import torch

    if not isinstance(target, str):
        return False
    if _FUNCTION.fullmatch(target):
        return True
    if not _OPERATOR.fullmatch(target) or target.split(".")[3] in _WITH_FILES:
        return False
    found: Any = torch.ops
    for name in target.split(".")[2:]:
        found = getattr(found, name, None)
    return isinstance(found, (torch._ops.OpOverload, torch._ops.HigherOrderOperator))


def _strange_spec(text: str) -> Iterator[str]:
    """How arguments lie in tuples and maps; a map with a default names a module to import."""
    waiting = [json.loads(text)] if text else []
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            module = part.get("default_factory_module", "builtins")
            if module not in ("builtins", "collections"):
                yield f"it imports {module}"
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and part[:1] in ("{", "["):
            try:
                waiting.append(json.loads(part))
            except ValueError:  # a key that begins so
                continue


def _plain_expression(expression: object) -> bool:
    if not isinstance(expression, str) or not _EXPRESSION.fullmatch(expression):
        return False
    if len(_POWER.findall(expression)) > _MOST_POWERS or _HUGE.search(expression):
        return False
    return all(
        _WORDS.fullmatch(word) or _SYMBOL.fullmatch(word) for word in _WORD.findall(expression)
    )
