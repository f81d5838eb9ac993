"""What a project does not show: patterns of names, taken away before any page sees a run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

import msgspec

from gitrack.model.pipeline import Pipeline, StageFile
from gitrack.model.profile import ColumnProfile, TableProfile
from gitrack.model.run import Run
from gitrack.site import display
from gitrack.site.hiding.models import nameless, without
from gitrack.store.registry.whole import KnownModel

_V = TypeVar("_V")

#: A path or an address, from the beginning of a word.
_PLACE = re.compile(r"(?<!\S)[^\s/\\]*[/\\]\S*")


class Hide(msgspec.Struct, frozen=True):
    """Patterns as in file names (`*_path`), for each kind of name.

    `patches` are changes that no commit has: code, where the site shows none.
    """

    params: Sequence[str] = ()
    tags: Sequence[str] = ()
    metrics: Sequence[str] = ()
    public: bool = False
    patches: bool = False

    def of(self, run: Run) -> Run:
        """The run as the site may show it.

        A hidden param's value also disappears from the recorded command line. A `public` site
        names no people and no machines.
        """
        if self.public:
            run = _nameless(run)
        if not (self.params or self.tags or self.metrics):
            return run
        return msgspec.structs.replace(
            run,
            params=_without(run.params, self.params),
            tags=_without(run.tags, self.tags),
            metrics=_without(run.metrics, self.metrics),
            curves={
                name: value
                for name, value in run.curves.items()
                if not _matches(name.rpartition(".")[0], self.metrics)
            },
            command=_redacted(run.command, self.values(run)),
        )

    def values(self, run: Run) -> list[object]:
        """The values of hidden params: command lines are not to have them either."""
        return [run.params[name] for name in run.params if _matches(name, self.params)]

    def pipeline(self, pipeline: Pipeline, values: Sequence[object]) -> Pipeline:
        """The stages as the site may show them; `values` are those of the run's hidden params."""
        if not (self.params or self.public):
            return pipeline
        stages = []
        for stage in pipeline.stages:
            params = stage.flat_params()
            told = [(name, v) for inside in params.values() for name, v in inside.items()]
            hidden = [*values, *(value for name, value in told if _matches(name, self.params))]
            stages.append(
                msgspec.structs.replace(
                    stage,
                    command=_redacted(stage.command, hidden),
                    params={file: _without(inside, self.params) for file, inside in params.items()},
                    deps=[self._place_of(file) for file in stage.deps],
                    outs=[self._place_of(file) for file in stage.outs],
                )
            )
        return msgspec.structs.replace(pipeline, stages=stages)

    def profile(self, profile: TableProfile) -> TableProfile:
        """Columns; on a public site without texts of the data, which may be names of people."""
        if not self.public:
            return profile
        return msgspec.structs.replace(profile, columns=list(map(_wordless, profile.columns)))

    def package(self, line: str) -> str:
        """A line of the installed packages; on a public site without the place it came from."""
        return _PLACE.sub("…", line) if self.public else line

    def model(self, model: KnownModel) -> KnownModel:
        """A registered model as the site may show it."""
        if self.public:
            model = nameless(model)
        if not (self.metrics or self.tags):
            return model
        return without(model, self.metric, lambda name: _matches(name, self.tags))

    def _place_of(self, file: StageFile) -> StageFile:
        return msgspec.structs.replace(file, path=placeless(file.path)) if self.public else file

    def notice(self) -> str | None:
        """What a reader is told about it; None when everything is shown."""
        kinds = {"params": self.params, "tags": self.tags, "metrics": self.metrics}
        told = [f"some {kind}" for kind, patterns in kinds.items() if patterns]
        if self.public:
            told.append("names of people and machines")
        if not told:
            return None
        *first, last = told
        listed = f"{', '.join(first)} and {last}" if first else last
        return f"This site leaves out {listed}, as its project asks."

    def param(self, name: str) -> bool:
        """True when a param is not to be shown."""
        return _matches(name, self.params)

    def name(self, name: str) -> bool:
        """True for the name of anything that is not to be shown."""
        return _matches(name, [*self.params, *self.tags, *self.metrics])

    def hides(self, column: str) -> bool:
        """True when a column, as filters name it, is not to be shown; a bare name may be any."""
        section, _, name = column.partition(".")
        kinds = {"params": self.params, "metrics": self.metrics, "tags": self.tags}
        if section in kinds:
            return _matches(name, kinds[section])
        if section == "curves":
            return _matches(name.rpartition(".")[0], self.metrics)
        return any(_matches(column, patterns) for patterns in kinds.values())

    def metric(self, name: str) -> bool:
        """True when a metric is not to be shown."""
        return _matches(name, self.metrics)


def _nameless(run: Run) -> Run:
    code, environment = run.code, run.environment
    return msgspec.structs.replace(
        run,
        author=None,
        code=code and msgspec.structs.replace(code, remote=None),
        environment=environment and msgspec.structs.replace(environment, host=None, variables={}),
        data=[
            msgspec.structs.replace(one, uri=None, path=one.path and placeless(one.path))
            for one in run.data
        ],
        uses=[
            msgspec.structs.replace(one, uri=None, path=one.path and placeless(one.path))
            for one in run.uses
        ],
        evidence=[
            msgspec.structs.replace(one, report=None) if _is_address(one.report) else one
            for one in run.evidence
        ],
        artifacts=[msgspec.structs.replace(one, uri=None) for one in run.artifacts],
    )


def _is_address(text: str | None) -> bool:
    return text is not None and re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) is not None


def placeless(path: str) -> str:
    """A path inside the project as it is; of any other, and of an address, the last name."""
    parts = re.split(r"[/\\]", path)
    outside = path.startswith(("/", "\\", "~")) or re.match(r"[A-Za-z]+:", path) is not None
    if not outside and ".." not in parts:
        return path
    last = next((part for part in reversed(parts) if part), "")
    return "…/" + last.partition("?")[0].rpartition("@")[2]


def _wordless(column: ColumnProfile) -> ColumnProfile:
    if all(not isinstance(v, str) or display.moment(v) for v in (column.min, column.max)):
        return column
    return msgspec.structs.replace(column, min=None, max=None)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _without(values: Mapping[str, _V], patterns: Sequence[str]) -> dict[str, _V]:
    return {name: value for name, value in values.items() if not _matches(name, patterns)}


def _redacted(command: str | None, values: Sequence[object]) -> str | None:
    if command is None:
        return None
    for value in sorted((str(v) for v in values if v is not None), key=len, reverse=True):
        if len(value) >= 3:
            command = command.replace(value, "[hidden]")
    return command
