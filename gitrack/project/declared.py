"""What dvc.yaml declares around its stages: params, metrics, plots, inputs and outputs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gitrack.model.pipeline import StageFile
from gitrack.project.report import Out, Told
from gitrack.project.stages import file_of, name_of, path_of

#: Larger files of metrics or params are no such files, and would take DVC minutes to read.
_MOST_BYTES = 4 * 1024 * 1024
_WHERE = re.compile(r"^unable to read: '[^']*', ")


def tell(repo: Any, stages: Sequence[Any], *, whole: bool) -> Told:
    """All that concerns these stages of a DVC project, which have run or are unchanged.

    `whole` if these are all stages: then what belongs to none of them counts, too.
    """
    faults: list[str] = []
    outs = list(_outs(repo, stages))
    made = [out.path for out in outs]

    def ours(path: str) -> bool:
        return whole or any(path == out or path.startswith(f"{out}/") for out in made)

    metrics = [path for path in _keys(repo.index.metric_keys) if ours(path)]
    plots = [path for path in _keys(repo.index.plot_keys) if ours(path)]
    return Told(
        root=str(repo.root_dir),
        params=_params(repo, stages, faults, whole=whole),
        metrics=_read(repo, metrics, repo.metrics, "metrics", faults),
        plots=plots,
        inputs=list(_inputs(repo, stages, {out.path for out in _all_outs(repo)})),
        outs=outs,
        faults=faults,
    )


def _keys(keys: Any) -> list[str]:
    """Paths that dvc.yaml names, relative to the project."""
    return sorted("/".join(key) for key in keys.get("repo", ()))


def _params(repo: Any, stages: Sequence[Any], faults: list[str], *, whole: bool) -> dict[str, Any]:
    """Files that are declared as a whole, and values that commands were made with."""
    found: dict[str, Any] = {}
    if whole or not stages:
        found = _read(repo, _keys(repo.index.param_keys), repo.params, "params", faults)
    for stage in stages:
        for file, values in (getattr(stage, "tracked_vars", None) or {}).items():
            path = Path(os.path.relpath(os.path.abspath(file), repo.root_dir)).as_posix()  # noqa: PTH100 - it may not exist
            if isinstance(values, dict) and isinstance(found.setdefault(path, {}), dict):
                found[path] = {**values, **found[path]}
    return found


def _read(
    repo: Any, paths: Iterable[str], reader: Any, what: str, faults: list[str]
) -> dict[str, Any]:
    """What files of metrics or params hold, as DVC reads them."""
    fit = []
    for path in paths:
        size = _size(Path(repo.root_dir, path))
        if size > _MOST_BYTES:
            faults.append(f"{path} is not read as {what}: it has {size:,} bytes")
        else:
            fit.append(path)
    if not fit:
        return {}
    shown = reader.show(targets=[str(Path(repo.root_dir, path)) for path in fit])
    found = {}
    for revision in shown.values():
        if error := revision.get("error"):
            faults.append(f"{what}: {error}")
        for path, result in revision.get("data", {}).items():
            name = Path(path).as_posix()
            if "error" in result:
                faults.append(f"{name} cannot be read as {what}: {_sentence(result['error'])}")
            else:
                found[name] = result["data"]
    return found


def _sentence(error: Exception) -> str:
    # DVC names the file by a path that leads nowhere from here
    text = _WHERE.sub("", " ".join(str(error).split()))
    return text[:400] or type(error).__name__


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())
        return path.stat().st_size
    except OSError:
        return 0  # DVC says better what is wrong with it


def _outs(repo: Any, stages: Sequence[Any]) -> Iterator[Out]:
    """What these stages have made."""
    read = {path_of(dep) for stage in repo.index.stages for dep in stage.deps}
    models = _models(repo)
    for stage in stages:
        for out in stage.outs:
            file = file_of(out)
            last = not any(one == file.path or one.startswith(f"{file.path}/") for one in read)
            use = _use(out, file, models)
            yield _out(file, stage=name_of(stage), kept=_kept(out), last=last, use=use)


def _out(file: StageFile, **more: Any) -> Out:
    return Out(path=file.path, md5=file.md5, size=file.size, files=file.files, **more)


def _use(out: Any, file: StageFile, models: set[str]) -> str:
    if out.is_metric:
        return "metrics"
    if out.is_plot:
        return "plot"
    return "model" if file.path in models else "data"


def _models(repo: Any) -> set[str]:
    """Outputs that the section `artifacts` of a dvc.yaml calls models."""
    found = set()
    for file, entries in (repo.index._artifacts or {}).items():
        folder = os.path.relpath(os.path.dirname(file), repo.root_dir)  # noqa: PTH120
        for entry in entries.values():
            if isinstance(entry, dict) and entry.get("type") == "model" and entry.get("path"):
                found.add(Path(os.path.normpath(os.path.join(folder, entry["path"]))).as_posix())  # noqa: PTH118
    return found


def _kept(out: Any) -> bool:
    """True if DVC has the bytes in its cache."""
    return bool(
        out.use_cache
        and out.hash_info
        and out.hash_info.name == "md5"
        and os.path.exists(out.cache_path)  # noqa: PTH110 - DVC's own text
    )


def _all_outs(repo: Any) -> list[StageFile]:
    return [file_of(out) for stage in repo.index.stages if stage.cmd for out in stage.outs]


def _inputs(repo: Any, stages: Sequence[Any], made: set[str]) -> Iterator[Out]:
    """What these stages read and no stage makes; params are settings and no input."""
    from dvc.dependency.param import ParamsDependency

    tracked = {path_of(out) for stage in repo.index.stages if not stage.cmd for out in stage.outs}
    seen: set[str] = set()
    for stage in stages:
        for dep in stage.deps:
            file = file_of(dep)
            if isinstance(dep, ParamsDependency) or file.path in seen:
                continue
            seen.add(file.path)
            if _within(file.path, made):
                continue
            # to DVC what it tracks is data; the rest may be code, of which git knows
            use = "data" if _within(file.path, tracked) or not dep.is_in_repo else "unknown"
            yield _out(file, kept=False, use=use)


def _within(path: str, places: set[str]) -> bool:
    return any(
        path == place or path.startswith(f"{place}/") or place.startswith(f"{path}/")
        for place in places
    )
