"""What a project does not show: patterns of names, taken away before any page sees a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

import msgspec

from gitrack.model.run import Run

_V = TypeVar("_V")


class Hide(msgspec.Struct, frozen=True):
    """Patterns as in file names (`*_path`), for each kind of name."""

    params: Sequence[str] = ()
    tags: Sequence[str] = ()
    metrics: Sequence[str] = ()
    public: bool = False

    def of(self, run: Run) -> Run:
        """The run as the site may show it.

        A hidden param's value also disappears from the recorded command line. A `public` site
        names no people and no machines.
        """
        if self.public:
            run = _nameless(run)
        if not (self.params or self.tags or self.metrics):
            return run
        hidden = [run.params[name] for name in run.params if _matches(name, self.params)]
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
            command=_redacted(run.command, hidden),
        )

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
    )


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
