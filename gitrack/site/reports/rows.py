"""The runs of a site as columns, for filters, orders and names of runs in reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gitrack.errors import InvalidFilter, NotFound
from gitrack.model.nearest import nearest
from gitrack.model.query import parse, parse_order
from gitrack.model.run import Run
from gitrack.store.registry.whole import KnownModel

_FIELDS = ("id", "name", "experiment", "status", "started", "ended", "author", "command")
_SECTIONS = ("params", "metrics", "curves", "tags")
_HIDDEN = "site.hide of .tracking/config.yaml leaves it out; ask for something else"


class Rows:
    """Only what the site shows: what is hidden has no column to be asked for."""

    def __init__(
        self,
        runs: Sequence[Run],
        models: Sequence[KnownModel],
        hides: Callable[[str], bool],
    ) -> None:
        self._hides = hides
        self.runs = sorted(runs, key=lambda run: (run.id, run.started))
        self.rows = len(self.runs)
        self._models = {model.name: model for model in models}
        self._names = list(_FIELDS)
        for section in _SECTIONS:
            known = {name for run in self.runs for name in getattr(run, section)}
            self._names += [f"{section}.{name}" for name in sorted(known)]

    def names(self) -> list[str]:
        """The columns in which some run may have a value."""
        return self._names

    def column(self, name: str) -> list[Any]:
        """One value a run; None where it has none."""
        section, dot, key = name.partition(".")
        if dot and section in _SECTIONS:
            return [getattr(run, section).get(key) for run in self.runs]
        if name == "status":
            return [str(run.status) for run in self.runs]
        if name in _FIELDS:
            return [getattr(run, name) for run in self.runs]
        return [None] * self.rows

    def check(self, names: Sequence[str]) -> None:
        """Raises NotFound for a column in which no run has a value."""
        known = {*self._names, "duration", "commit"}
        for name in names if self.rows else ():  # before the first run nothing is unknown
            if name not in known:
                close = nearest(name, sorted(known))
                hint = f"did you mean {close}?" if close else "write metrics.…, params.… or tags.…"
                hint = _HIDDEN if self._hides(name) else hint
                raise NotFound(f"no run has a column {name!r}", hint=hint)

    def select(self, filter: str | None, order: Sequence[str] = ()) -> list[Run]:
        """The runs that a filter finds, the newest first unless `order` says otherwise.

        Raises InvalidFilter with the place in it, and for what no run has: such a filter would
        leave nothing, and nobody would see why. Before the first run nothing is unknown.
        """
        rows = list(range(self.rows))
        if filter and filter.strip():
            asked = parse(filter)
            rows = asked.select(self)
            if self.rows and (unknown := asked.missing(self)):
                names = [one.partition(";")[0] for one in unknown]
                if hidden := [name for name in names if self._hides(name)]:
                    raise InvalidFilter(f"no run shows {', '.join(hidden)}", hint=_HIDDEN)
                raise InvalidFilter(
                    f"no run has {', '.join(unknown)}",
                    hint="type  gitrack ls --json  to see which params, metrics and tags there are",
                )
        rows.sort(key=lambda row: (self.runs[row].started, self.runs[row].id), reverse=True)
        if order:
            rows = parse_order(list(order)).sort(self, rows)
        return [self.runs[row] for row in rows]

    def find(self, reference: str) -> Run:
        """A run by id, tail or beginning of an id, name, or `model@stage`. Raises NotFound."""
        if "@" in reference[1:] and (found := self._registered(reference)):
            return found
        tests: tuple[Callable[[Run], bool], ...] = (
            lambda run: run.id == reference,
            lambda run: run.id.endswith(f"-{reference}"),
            lambda run: run.name == reference,
            lambda run: len(reference) >= 3 and run.id.startswith(reference),
        )
        for test in tests:
            hits = [run for run in self.runs if test(run)]
            if len(hits) == 1:
                return hits[0]
            if hits:
                ids = ", ".join(run.id for run in hits[-5:])
                raise NotFound(
                    f"{reference!r} may be {len(hits)} runs", hint=f"write the id of one: {ids}"
                )
        close = nearest(reference, [str(run.name) for run in self.runs if run.name])
        hint = f"did you mean {close!r}?" if close else "type  gitrack ls  to see the runs"
        raise NotFound(f"there is no run {reference!r} on this site", hint=hint)

    def model(self, name: str) -> KnownModel:
        """A registered model. Raises NotFound."""
        if name in self._models:
            return self._models[name]
        close = nearest(name, list(self._models))
        hint = f"did you mean {close!r}?" if close else "type  gitrack model ls"
        raise NotFound(f"no model is registered as {name!r}", hint=hint)

    def _registered(self, reference: str) -> Run | None:
        name, _, version = reference.partition("@")
        model = self._models.get(name)
        if model is None:
            return None
        pointer = model.pointers.get(version)
        standing = model.stages.get(version)
        number = pointer.version if pointer else standing[-1] if standing else None
        if number is None and version.isdecimal() and len(version) < 10:
            number = int(version)
        for known in model.versions:
            if known.version == number:
                return self.find(known.run)
        raise NotFound(
            f"{name} has no version {version!r}", hint=f"type  gitrack model show {name}"
        )
