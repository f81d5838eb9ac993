"""`MLmodel`, the file that says what a model folder holds: written for MLflow, read with care."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from gitrack.config import safe_yaml
from gitrack.config.regular import read_regular
from gitrack.errors import UnreadableFile
from gitrack.model.display import safe
from gitrack.models.schema import schema_from_json
from gitrack.models.signature import Signature

NAME = "MLmodel"
FUNCTION = "python_function"

#: A signature of ten thousand columns takes about 700 kB.
_MOST_BYTES = 8_000_000


class Description(msgspec.Struct, frozen=True):
    """What `MLmodel` says: how each flavor finds its files, and what goes in and out."""

    flavors: dict[str, dict[str, Any]]
    signature: Signature = Signature()
    example: dict[str, str] | None = None


def dump(description: Description) -> bytes:
    """As MLflow reads it. No time and no random id: equal models have equal folders."""
    import yaml

    signature = description.signature
    content: dict[str, Any] = {"flavors": description.flavors}
    if description.example:
        content["saved_input_example_info"] = description.example
    if signature.inputs is not None:
        outputs = signature.outputs
        content["signature"] = {
            "inputs": signature.inputs.to_json(),
            "outputs": outputs.to_json() if outputs is not None else None,
            "params": None,
        }
    text = yaml.safe_dump(content, sort_keys=True, allow_unicode=True, width=100)
    return text.encode("utf-8", "backslashreplace")


def read(folder: Path) -> Description:
    """Raises UnreadableFile for a folder without a readable `MLmodel`, and for a hostile one."""
    text = _read_regular(folder / NAME)
    content, _ = safe_yaml.load(text, name=NAME, max_bytes=_MOST_BYTES)
    flavors = content.get("flavors") if isinstance(content, dict) else None
    if not isinstance(flavors, dict) or not all(isinstance(f, dict) for f in flavors.values()):
        raise UnreadableFile(NAME, "names no flavors", hint="this folder is no MLflow model")
    signature = content.get("signature")
    info = content.get("saved_input_example_info")
    return Description(
        flavors={str(name): conf for name, conf in flavors.items()},
        signature=_signature(signature) if isinstance(signature, dict) else Signature(),
        example={str(k): str(v) for k, v in info.items()} if isinstance(info, dict) else None,
    )


def _signature(stored: dict[str, Any]) -> Signature:
    try:
        return Signature(
            schema_from_json(stored.get("inputs")), schema_from_json(stored.get("outputs"))
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(NAME, f"its signature makes no sense: {safe(str(error))}") from error


def file_of(folder: Path, conf: dict[str, Any], key: str, *, usual: str | None = None) -> Path:
    """The regular file inside the folder that a flavor names, or UnreadableFile."""
    relative = conf.get(key, usual)
    path = inside(folder, relative)
    if not path.is_file():
        raise UnreadableFile(NAME, f"{key} names {safe(str(relative))!r:.80}, which is not there")
    return path


def inside(folder: Path, relative: object) -> Path:
    """A path below the folder that no `..`, link or absolute name leads out of."""
    why = f"{safe(repr(relative))[:80]} leads out of the model's folder"
    if not isinstance(relative, str) or not relative or "\0" in relative:
        raise UnreadableFile(NAME, f"{safe(repr(relative))[:80]} is no path")
    pure = PurePosixPath(relative.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or Path(relative).drive:
        raise UnreadableFile(NAME, why)
    path = folder / pure
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UnreadableFile(NAME, why)
    return path


def _read_regular(path: Path) -> bytes:
    hint = f"a model is a folder with a file {NAME}"
    try:
        return read_regular(path, _MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(str(path), error.strerror or "cannot be read", hint=hint) from error
