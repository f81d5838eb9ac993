"""Some of the runs of a branch: those that a filter finds, or those of one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gitrack.errors import NotFound
from gitrack.model.history import History
from gitrack.model.run import Fault, Run
from gitrack.site.contents import Contents
from gitrack.site.extras import Extras, Waiting
from gitrack.site.reports.rows import Rows
from gitrack.site.source import Named, Source
from gitrack.store.made import AllVersions
from gitrack.store.registry.whole import AllModels
from gitrack.store.sweeps import AllSweeps


class Only(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept: the runs that `runs` finds in the filter language, or those of a `model`."""

    runs: str | None = None
    model: str | None = None

    def words(self) -> tuple[str, str] | None:
        """What a reader is told about it: in words, and as it was typed."""
        if self.model is not None:
            return "only the model", self.model
        return ("only the runs with", self.runs) if self.runs is not None else None


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of runs and names of models that are kept."""

    runs: frozenset[str]
    models: frozenset[str]


def pick(contents: Contents, only: Only) -> Picked | None:
    """What `only` keeps of what the site would show; None for everything.

    Raises NotFound where nothing is left, InvalidFilter for what nothing can match.
    """
    rows = Rows(contents.runs, contents.models, contents.hide.hides)
    if only.model is not None:
        model = rows.model(only.model)
        ids = frozenset(version.run for version in model.versions)
        return Picked(runs=ids, models=frozenset([model.name]))
    if only.runs is None:
        return None
    if not rows.rows:
        raise NotFound("there is no run on this branch", hint="type  gitrack ls  to see them")
    found = rows.select(only.runs)
    if not found:
        raise NotFound(
            f"no run matches {only.runs!r}", hint=f'try it first:  gitrack ls "{only.runs}"'
        )
    ids = frozenset(run.id for run in found)
    models = [m.name for m in contents.models if any(v.run in ids for v in m.versions)]
    return Picked(runs=ids, models=frozenset(models))


class Some:
    """A source that knows only what was picked, and what could not be read at all."""

    def __init__(self, source: Source, picked: Picked) -> None:
        self._source = source
        self._picked = picked

    def all(self) -> Iterable[tuple[str, Run | Fault]]:
        """The runs that were picked."""
        for path, found in self._source.all():
            if isinstance(found, Fault) or found.id in self._picked.runs:
                yield path, found

    def models(self) -> AllModels:
        """The models that were picked."""
        every = self._source.models()
        kept = tuple(model for model in every.models if model.name in self._picked.models)
        return msgspec.structs.replace(every, models=kept)

    def sweeps(self) -> AllSweeps:
        """The sweeps of runs that were picked."""
        every = self._source.sweeps()
        kept = tuple(one for one in every.sweeps if self._picked.runs.intersection(one.runs))
        return msgspec.structs.replace(every, sweeps=kept)

    def trees(self) -> Mapping[str, str]:
        """Every run's folder with an id of all that lies in it."""
        return self._source.trees()

    def history(self, path: str, /) -> History | None:
        """The steps of the run in this folder."""
        return self._source.history(path)

    def files(self, path: str, /) -> Sequence[Named]:
        """Every file of the run in this folder."""
        return self._source.files(path)

    def read(self, path: str, /) -> bytes:
        """One file."""
        return self._source.read(path)

    def versions(self) -> AllVersions:
        """All versions of named artifacts: runs say which of them they made and read."""
        return self._source.versions()


def some_extras(extras: Extras, picked: Picked) -> Extras:
    """What other rooms find out, about the models that were picked."""
    ask = extras.waiting
    if ask is None:
        return extras

    def waiting() -> Sequence[Waiting]:
        return [one for one in ask() if one.promotion.model in picked.models]

    return msgspec.structs.replace(extras, waiting=waiting)
