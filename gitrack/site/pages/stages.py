"""The stages of the pipeline that a run was, as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitrack.model.pipeline import Pipeline, StageFile, StageRun
from gitrack.site import display
from gitrack.site.pages.frame import Cell

#: So many files or params of a stage stand in its row, the others are folded away.
_IN_THE_ROW = 5


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a stage read or wrote."""

    path: str
    md5: str | None
    short: str | None
    size: str | None


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A list, and what of it is folded away."""

    first: tuple[FileView, ...] = ()
    rest: tuple[FileView, ...] = ()


class StageView(msgspec.Struct, frozen=True, kw_only=True):
    """A stage."""

    name: str
    command: str | None
    state: str
    took: str | None
    deps: Cut
    outs: Cut
    params: tuple[Cell, ...]
    more_params: tuple[Cell, ...]


def stages(pipeline: Pipeline | None) -> tuple[StageView, ...]:
    """All of them, in the order in which they depend."""
    return tuple(map(_stage, pipeline.stages)) if pipeline else ()


def _stage(stage: StageRun) -> StageView:
    params = [
        Cell(name, display.setting(value), file)
        for file, values in sorted(stage.flat_params().items())
        for name, value in sorted(values.items())
    ]
    return StageView(
        name=stage.name,
        command=stage.command,
        state=stage.state,
        took=None if stage.seconds is None else display.lasting(stage.seconds),
        deps=_cut(stage.deps),
        outs=_cut(stage.outs),
        params=tuple(params[:_IN_THE_ROW]),
        more_params=tuple(params[_IN_THE_ROW:]),
    )


def _cut(files: Sequence[StageFile]) -> Cut:
    shown = tuple(map(_file, files))
    return Cut(first=shown[:_IN_THE_ROW], rest=shown[_IN_THE_ROW:])


def _file(file: StageFile) -> FileView:
    return FileView(
        path=file.path,
        md5=file.md5,
        short=file.md5[:8] if file.md5 else None,
        size=display.size(file.size),
    )
