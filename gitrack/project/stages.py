"""A stage of DVC's as the record has it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gitrack.model.pipeline import StageFile, StageRun


def described(stage: Any, state: Any, seconds: float | None) -> StageRun:
    """A stage as DVC has it in memory, which is what it writes to dvc.lock."""
    from dvc.dependency.param import ParamsDependency

    params: dict[str, dict[str, Any]] = {}
    deps = []
    for dep in stage.deps:
        if isinstance(dep, ParamsDependency):
            values = dep.hash_info.value if dep.hash_info else None
            params[path_of(dep)] = values if isinstance(values, dict) else {}
        else:
            deps.append(file_of(dep))
    command = stage.cmd if isinstance(stage.cmd, str) else "\n".join(stage.cmd)
    return StageRun(
        name=name_of(stage),
        command=command,
        state=state,
        seconds=seconds,
        deps=deps,
        outs=[file_of(out) for out in stage.outs] if state != "failed" else [],
        params=params,
    )


def name_of(stage: Any) -> str:
    """`train`, or `models/dvc.yaml:train` for one that is not in the dvc.yaml at the top."""
    file = Path(stage.path_in_repo).as_posix()
    name = getattr(stage, "name", None)
    if name is None:
        return file
    return name if file == "dvc.yaml" else f"{file}:{name}"


def path_of(file: Any) -> str:
    """Relative to the DVC project, with `/`; what lies elsewhere as dvc.yaml has it."""
    if not file.is_in_repo:
        return str(file.def_path)
    return Path(os.path.relpath(file.fs_path, file.repo.root_dir)).as_posix()


def file_of(file: Any) -> StageFile:
    """What DVC knows of a dependency or an output."""
    found, meta = file.hash_info, file.meta
    md5 = found.value if found and str(found.name).startswith("md5") else None
    return StageFile(
        path=path_of(file),
        md5=md5 if isinstance(md5, str) else None,
        size=getattr(meta, "size", None),
        files=getattr(meta, "nfiles", None),
    )
