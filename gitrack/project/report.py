"""What a recorded `dvc repro` tells the process that started it: a line of JSON for each thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gitrack.model.pipeline import StageRun

#: The variable that names the file; stages do not see it.
VARIABLE = "GITRACK_PIPELINE_REPORT"
#: A report of more bytes than this is not read.
_MOST_BYTES = 64 * 1024 * 1024

Record = TypeVar("Record")


class Out(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file or folder that a stage or a `.dvc` file makes. Paths are relative to the project.

    `kept` if DVC has its bytes in the cache, `last` if no other stage reads it; `use` is what
    dvc.yaml says it is for.
    """

    path: str
    stage: str | None = None
    md5: str | None = None
    size: int | None = None
    files: int | None = None
    kept: bool = False
    last: bool = False
    use: str = "data"


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known when DVC has ended.

    `root` is the DVC project's folder; `params` and `metrics` map a file to what it holds; `plots`
    are files, `inputs` what stages read and no stage makes. `faults` are sentences.
    """

    root: str
    params: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    plots: list[str] = []
    inputs: list[Out] = []
    outs: list[Out] = []
    faults: list[str] = []


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was read: stages in the order in which they depend, then the rest."""

    stages: list[StageRun] = []
    failed: dict[str, str] = {}
    told: Told | None = None
    trouble: str | None = None


def write(path: Path, kind: str, content: msgspec.Struct | dict[str, Any]) -> None:
    """Add a line: `stage`, `failed` or `told`."""
    plain = msgspec.to_builtins(content) if isinstance(content, msgspec.Struct) else content
    # json and not msgspec: a NaN among the metrics must survive; params may be dates
    line = json.dumps({"kind": kind, "content": plain}, default=str, ensure_ascii=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")


def read(path: Path) -> Report:
    """What was written, as far as it is whole: a killed process leaves half a line."""
    stages: list[StageRun] = []
    failed: dict[str, str] = {}
    told: Told | None = None
    try:
        if path.stat().st_size > _MOST_BYTES:
            return Report(trouble=f"it is larger than {_MOST_BYTES:,} bytes")
        lines = path.read_text("ascii").splitlines()
    except (OSError, ValueError) as error:
        return Report(trouble=str(error))
    trouble = None
    for line in lines:
        try:
            found = json.loads(line)
            kind, content = found["kind"], found["content"]
            if kind == "stage":
                stages.append(msgspec.convert(content, StageRun))
            elif kind == "failed":
                failed |= msgspec.convert(content, dict[str, str])
            elif kind == "told":
                told = msgspec.convert(content, Told)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            trouble = f"a line cannot be read: {error}"
    return Report(stages=stages, failed=failed, told=told, trouble=trouble)
