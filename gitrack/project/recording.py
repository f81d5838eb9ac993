"""From the report of a `dvc repro` to what its run says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.errors import UsageError
from gitrack.model.display import safe
from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.project.inputs_and_outputs import is_local, log_data, log_files
from gitrack.project.report import Report, Told
from gitrack.store.layout import PIPELINE
from gitrack.tracking import notice, wrapping

if TYPE_CHECKING:
    from gitrack.tracking.run import Run

#: The file whose keys need no name in front of them, as DVC's own tables have it.
_USUAL_PARAMS = "params.yaml"
_DEEPEST = 20
#: More numbers are a table, which belongs into a file.
_MOST_VALUES = 5_000


def record(run: Run, found: Report) -> None:
    """Put all of it into the run. What does not fit is said and left out; nothing raises."""
    told = found.told
    prefix = _prefix(run, told)
    stages = [_placed(stage, prefix) for stage in found.stages]
    if found.trouble and (stages or told):
        notice.warn(safe(f"the report of DVC is not whole: {found.trouble}"))
    for name, why in found.failed.items():
        notice.warn(safe(f"stage {name} failed: {why}"))
    if stages:
        from gitrack.store.codec.records import dump_record

        wrapping.keep_beside(run, PIPELINE, dump_record(Pipeline(stages=stages)))
    if told is not None:
        for fault in told.faults:
            notice.warn(safe(fault))
        _log_metrics(run, told.metrics)
        log_data(run, told, prefix)
        log_files(run, told, prefix)
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
            if is_local(file.path)
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
            notice.warn(safe(f"a param is left out: {error.message}"))


def _log_metrics(run: Run, files: Mapping[str, Any]) -> None:
    numbers: dict[str, dict[str, float | int]] = {}
    for file, content in files.items():
        leaves = dict(_leaves(content))
        texts = [name for name, value in leaves.items() if not isinstance(value, int | float)]
        if texts:
            shown = ", ".join(name or file for name in texts[:3])
            more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
            notice.warn(safe(f"{file} holds {shown}{more}: no number, so no metric"))
        numbers[file] = {
            name: value for name, value in leaves.items() if isinstance(value, int | float)
        }
    for name, value in _named(numbers):
        try:
            run.log_metrics({name: value})
        except UsageError as error:
            notice.warn(safe(f"a metric is left out: {error.message}"))


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
            notice.warn(safe(f"only the first {_MOST_VALUES} values of a file are recorded"))
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
