"""From the report of a `dvc repro` to what its run says."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.errors import UsageError
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.model.run import Dataset
from gitrack.project.report import Out, Report, Told
from gitrack.tracking import notice, wrapping

if TYPE_CHECKING:
    from gitrack.tracking.run import Run

#: Beside `run.yaml`.
PIPELINE = "pipeline.yaml"
#: The file whose keys need no name in front of them, as DVC's own tables have it.
_USUAL_PARAMS = "params.yaml"
_DEEPEST = 20
#: More numbers are a table, which belongs into a file.
_MOST_VALUES = 5_000
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?\Z", re.ASCII)
#: Files that are taken for models although dvc.yaml does not call them so.
_MODELS = """
.bin .cbm .ckpt .h5 .joblib .keras .onnx .pickle .pkl .pt .pt2 .pth .safetensors .skops .tflite .ubj
"""
#: Files that stages depend on and that are no data, even where git does not know them yet.
_CODE = """
.c .cfg .cpp .go .h .ini .ipynb .java .jl .js .md .py .r .rs .sh .sql .toml .ts .yaml .yml
"""


def record(run: Run, found: Report) -> None:
    """Put all of it into the run. What does not fit is said and left out; nothing raises."""
    told = found.told
    prefix = _prefix(run, told)
    stages = [_placed(stage, prefix) for stage in found.stages]
    if found.trouble and (stages or told):
        notice.warn(f"the report of DVC is not whole: {found.trouble}")
    for name, why in found.failed.items():
        notice.warn(f"stage {name} failed: {why}")
    if stages:
        from gitrack.store.codec.records import dump_record

        wrapping.keep_beside(run, PIPELINE, dump_record(Pipeline(stages=stages)))
    if told is not None:
        for fault in told.faults:
            notice.warn(fault)
        _log_metrics(run, told.metrics)
        _log_data(run, told, prefix)
        _log_files(run, told, prefix)
    _log_params(run, stages, told, prefix)


def _prefix(run: Run, told: Told | None) -> str:
    """From the top of the repository to the DVC project: `` or `sub/`."""
    repository = run.place.repository
    if told is None or repository is None or repository.worktree is None:
        return ""
    path = Path(os.path.relpath(told.root, repository.worktree)).as_posix()
    return "" if path == "." or path.startswith("../") else f"{path}/"


def _placed(stage: StageRun, prefix: str) -> StageRun:
    if not prefix:
        return stage

    def moved(files: list[StageFile]) -> list[StageFile]:
        return [
            msgspec.structs.replace(file, path=f"{prefix}{file.path}")
            if _local(file.path)
            else file
            for file in files
        ]

    return msgspec.structs.replace(
        stage,
        name=f"{prefix}{stage.name}" if ":" in stage.name else f"{prefix}dvc.yaml:{stage.name}",
        deps=moved(stage.deps),
        outs=moved(stage.outs),
        params={f"{prefix}{file}": values for file, values in stage.params.items()},
    )


def _local(path: str) -> bool:
    """True for a path inside of the project, false for URLs and what lies elsewhere."""
    return "://" not in path and not path.startswith(("/", "../")) and ".." not in path.split("/")


# params and metrics


def _log_params(run: Run, stages: list[StageRun], told: Told | None, prefix: str) -> None:
    files: dict[str, dict[str, Any]] = {}
    if told is not None:
        for file, content in told.params.items():
            files[f"{prefix}{file}"] = dict(_leaves(content))
    for stage in stages:
        for file, values in stage.params.items():
            # what a stage ran with counts more than what the file says by now
            files.setdefault(file, {}).update(_leaves(values))
    usual = f"{prefix}{_USUAL_PARAMS}"
    for name, value in _named(files, usual=usual):
        try:
            run.log_params({name: value})
        except UsageError as error:
            notice.warn(f"a param is left out: {error.message}")


def _log_metrics(run: Run, files: Mapping[str, Any]) -> None:
    numbers: dict[str, dict[str, float | int]] = {}
    for file, content in files.items():
        leaves = dict(_leaves(content))
        texts = [name for name, value in leaves.items() if not isinstance(value, int | float)]
        if texts:
            shown = ", ".join(name or file for name in texts[:3])
            more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
            notice.warn(f"{file} holds {shown}{more}: no number, so no metric")
        numbers[file] = {
            name: value for name, value in leaves.items() if isinstance(value, int | float)
        }
    for name, value in _named(numbers):
        try:
            run.log_metrics({name: value})
        except UsageError as error:
            notice.warn(f"a metric is left out: {error.message}")


def _leaves(content: Any) -> Iterator[tuple[str, Any]]:
    """Nested maps with their names joined by dots, as DVC joins them; one value is its file's."""
    if not isinstance(content, dict):
        if content is not None:
            yield "", content
        return
    count = 0
    waiting: list[tuple[str, Any, int]] = [
        (str(key), value, 1) for key, value in reversed(content.items())
    ]
    while waiting:
        name, value, depth = waiting.pop()
        if isinstance(value, dict) and value and depth < _DEEPEST:
            inner = [(f"{name}.{key}", item, depth + 1) for key, item in reversed(value.items())]
            waiting += inner
            continue
        count += 1
        if count > _MOST_VALUES:
            notice.warn(f"only the first {_MOST_VALUES} values of a file are recorded")
            return
        yield name, value


def _named(
    files: Mapping[str, Mapping[str, Any]], usual: str | None = None
) -> Iterator[tuple[str, Any]]:
    """Values by their own names; where two files share one, the file goes before it, as in
    `dvc exp show`."""
    counts = Counter(name for values in files.values() for name in values)
    for file, values in files.items():
        for name, value in values.items():
            if not name:
                yield PurePosixPath(file).stem, value
            elif counts[name] > 1 and file != usual:
                yield f"{file}:{name}", value
            else:
                yield name, value


# data and files


def _log_data(run: Run, told: Told, prefix: str) -> None:
    code = _known_to_git(run, [f"{prefix}{one.path}" for one in told.inputs if _local(one.path)])
    inputs = [one for one in told.inputs if _is_data(one, f"{prefix}{one.path}" in code)]
    outputs = [out for out in told.outs if out.use == "data" and out.md5 and not _is_model(out)]
    for role, files in (("input", inputs), ("output", outputs)):
        counts = Counter(PurePosixPath(one.path).stem for one in files)
        for one in files:
            path = PurePosixPath(one.path)
            name = path.stem if counts[path.stem] == 1 else one.path
            wrapping.log_identity(run, _identity(one, name, role, prefix))


def _identity(one: Out, name: str, role: str, prefix: str) -> Dataset:
    md5 = one.md5 if one.md5 and _MD5.match(one.md5) else None
    return Dataset(
        name=name,
        role=role,
        # a path outside of the repository means nothing in another clone
        path=f"{prefix}{one.path}" if _local(one.path) else None,
        uri=one.path if "://" in one.path else None,
        dvc=f"md5:{md5}" if md5 else None,
        size=one.size,
    )


def _is_data(one: Out, in_git: bool) -> bool:
    if one.use == "data":
        return True
    return not in_git and not _ends_in(one.path, _CODE)


def _known_to_git(run: Run, paths: list[str]) -> set[str]:
    """Of these paths, the files that git tracks, and the folders in which it tracks any."""
    repository = run.place.repository
    if repository is None or repository.worktree is None or not paths:
        return set()
    listed = repository.git(
        "ls-files", "-z", "--full-name", "--", *(f":(top,literal){p}" for p in paths)
    )
    tracked = [name for name in listed.split("\0") if name]
    return {
        path
        for path in paths
        if any(name == path or name.startswith(f"{path}/") for name in tracked)
    }


def _log_files(run: Run, told: Told, prefix: str) -> None:
    """Plots and files of metrics as they are; models and last outputs where DVC keeps them."""
    root = Path(told.root)
    known = {out.path: out for out in told.outs}
    for kind, paths in (("metrics", list(told.metrics)), ("plot", told.plots)):
        for path in paths:
            _log_file(run, root, path, prefix, kind, known.get(path))
    for out in told.outs:
        model = _is_model(out)
        if out.use in ("data", "model") and out.md5 and (model or out.last):
            folder = out.md5.endswith(".dir")
            kind = "model" if model else "folder" if folder else "file"
            _point_at(run, root, out, prefix, kind)


def _ends_in(path: str, suffixes: str) -> bool:
    suffix = PurePosixPath(path).suffix.lower()
    return bool(suffix) and suffix in suffixes.split()


def _is_model(out: Out) -> bool:
    if out.use == "model":
        return True
    path = PurePosixPath(out.path)
    return out.use == "data" and (
        path.suffix.lower() in _MODELS or path.name in ("model", "models")
    )


def _point_at(run: Run, root: Path, out: Out, prefix: str, kind: str) -> None:
    """No byte is copied where DVC has them in the cache that gitrack uses, too."""
    from gitrack.artifacts import cache_of

    repository = run.place.repository
    md5 = out.md5 or ""
    cache = cache_of(repository.worktree, repository.common_dir) if repository else None
    if cache is None or not (out.kept and _MD5.match(md5) and cache.has(md5)):
        _log_file(run, root, out.path, prefix, kind, out)
        return
    path = f"{prefix}{out.path}"
    try:
        wrapping.point_at(run, path, md5, size=out.size, files=out.files, kind=kind)
    except UsageError as error:
        notice.warn(f"{out.path} is not kept: {error.message}")


def _log_file(run: Run, root: Path, path: str, prefix: str, kind: str, out: Out | None) -> None:
    """A file of the working tree, if it is one that the pipeline may speak of."""
    place = root / path
    try:
        if not place.exists():
            return  # dvc.yaml names it, and nobody has made it
        inside = _local(path) and place.parent.resolve().is_relative_to(root.resolve())
        if not inside or (place.is_symlink() and not _is_link_of_dvc(place, out)):
            notice.warn(f"{path} is not kept: it leads out of the project")
            return
        run.log_artifact(place, f"{prefix}{path}", kind=kind)
    except (UsageError, OSError) as error:
        notice.warn(f"{path} is not kept: {notice.worded(error)}")


def _is_link_of_dvc(place: Path, out: Out | None) -> bool:
    """DVC may check its outputs out as links into its cache, whose names are their md5."""
    if out is None or not out.md5:
        return False
    target = place.resolve()
    return f"{target.parent.name}{target.name}" == out.md5
