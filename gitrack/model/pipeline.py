"""What a pipeline did in one run: its stages, what each read, wrote and was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from gitrack.model.run import FORMAT


class StageFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file or folder that a stage reads or writes. `md5` of a folder ends in `.dir`."""

    path: str
    md5: str | None = None
    size: int | None = None
    files: int | None = None


class StageRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stage. `params` maps a params file to the values that the stage depends on.

    `state` is `ran`, `cached` (nothing it depends on had changed) or `failed`.
    """

    name: str
    command: str | None = None
    state: Literal["ran", "cached", "failed"] = "ran"
    seconds: float | None = None
    deps: list[StageFile] = []
    outs: list[StageFile] = []
    params: dict[str, dict[str, Any]] = {}

    def flat_params(self) -> dict[str, dict[str, Any]]:
        """The same with dotted names, as params of runs are called: `model.max_depth`."""
        return {file: dict(_leaves(values)) for file, values in self.params.items()}


class Pipeline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`pipeline.yaml` beside a run's record; stages in the order in which they depend."""

    format: int = FORMAT
    stages: list[StageRun] = []


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
