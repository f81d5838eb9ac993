"""What a pipeline has read and made: identities of data, and files that its run keeps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from gitrack.errors import UsageError
from gitrack.model.display import safe
from gitrack.model.md5 import is_md5
from gitrack.model.run import Dataset
from gitrack.project.report import Out, Told
from gitrack.tracking import notice, wrapping

if TYPE_CHECKING:
    from gitrack.tracking.run import Run

#: Files that are taken for models although dvc.yaml does not call them so.
_MODELS = """
.bin .cbm .ckpt .h5 .joblib .keras .onnx .pickle .pkl .pt .pt2 .pth .safetensors .skops .tflite .ubj
"""
#: Files that stages depend on and that are no data, even where git does not know them yet.
_CODE = """
.c .cfg .cpp .go .h .ini .ipynb .java .jl .js .md .py .r .rs .sh .sql .toml .ts .yaml .yml
"""


def log_data(run: Run, told: Told, prefix: str) -> None:
    code = _known_to_git(run, [f"{prefix}{one.path}" for one in told.inputs if is_local(one.path)])
    inputs = [one for one in told.inputs if _is_data(one, f"{prefix}{one.path}" in code)]
    outputs = [out for out in told.outs if out.use == "data" and out.md5 and not _is_model(out)]
    for role, files in (("input", inputs), ("output", outputs)):
        counts = Counter(PurePosixPath(one.path).stem for one in files)
        for one in files:
            path = PurePosixPath(one.path)
            name = path.stem if path.stem and counts[path.stem] == 1 else one.path
            wrapping.log_identity(run, _identity(one, name, role, prefix))


def _identity(one: Out, name: str, role: str, prefix: str) -> Dataset:
    md5 = one.md5 if is_md5(one.md5) else None
    return Dataset(
        name=name,
        role=role,
        # a path outside of the repository means nothing in another clone
        path=f"{prefix}{one.path}" if is_local(one.path) else None,
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


def log_files(run: Run, told: Told, prefix: str) -> None:
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
    return out.use == "data" and (_ends_in(out.path, _MODELS) or path.name in ("model", "models"))


def _point_at(run: Run, root: Path, out: Out, prefix: str, kind: str) -> None:
    """No byte is copied where DVC has them in the cache that gitrack uses, too."""
    from gitrack.artifacts import cache_of

    repository = run.place.repository
    md5 = out.md5 or ""
    cache = cache_of(repository.worktree, repository.common_dir) if repository else None
    if cache is None or not (out.kept and is_md5(md5) and cache.has(md5)):
        _log_file(run, root, out.path, prefix, kind, out)
        return
    path = f"{prefix}{out.path}"
    try:
        wrapping.point_at(run, path, md5, size=out.size, files=out.files, kind=kind)
    except UsageError as error:
        notice.warn(safe(f"{out.path} is not kept: {error.message}"))


def _log_file(run: Run, root: Path, path: str, prefix: str, kind: str, out: Out | None) -> None:
    """A file of the working tree, if it is one that the pipeline may speak of."""
    place = root / path
    try:
        if not place.exists():
            return  # dvc.yaml names it, and nobody has made it
        inside = is_local(path) and place.parent.resolve().is_relative_to(root.resolve())
        if not inside or (place.is_symlink() and not _is_link_of_dvc(place, out)):
            notice.warn(safe(f"{path} is not kept: it leads out of the project"))
            return
        run.log_artifact(place, f"{prefix}{path}", kind=kind)
    except (UsageError, OSError) as error:
        notice.warn(safe(f"{path} is not kept: {notice.worded(error)}"))


def _is_link_of_dvc(place: Path, out: Out | None) -> bool:
    """DVC may check its outputs out as links into its cache, whose names are their md5."""
    if out is None or not out.md5:
        return False
    target = place.resolve()
    return f"{target.parent.name}{target.name}" == out.md5


def is_local(path: str) -> bool:
    """True for a path inside of the project, false for URLs and what lies elsewhere."""
    return "://" not in path and not path.startswith(("/", "../")) and ".." not in path.split("/")
