"""Builds the site: records in, a folder of pages out, the same bytes for the same commit."""

from __future__ import annotations

import gc
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gitrack.model.run import Fault
from gitrack.site.contents import Contents
from gitrack.site.extras import Extras
from gitrack.site.goals import Goals
from gitrack.site.hiding.rules import Hide
from gitrack.site.incremental import Made, RecordFile, Unit, Workshop, workshop
from gitrack.site.output import check_replaceable
from gitrack.site.pages.frame import Frame
from gitrack.site.parts import (
    Part,
    about,
    assets,
    audit,
    code,
    comparison,
    datasets,
    experiments,
    lineage,
    machine,
    models,
    overview,
    reports,
    runs,
    search,
    sweeps,
    tables,
    trends,
    views,
)
from gitrack.site.render import Renderer, generator
from gitrack.site.source import Source

#: Told how many of how many runs are done.
Progress = Callable[[int, int], None]

#: In the order in which they are made: the last ones know what could not be read.
_PARTS: tuple[Part, ...] = (
    assets.units,
    runs.units,
    tables.units,
    experiments.units,
    sweeps.units,
    models.units,
    audit.units,
    trends.units,
    comparison.units,
    code.units,
    datasets.units,
    lineage.units,
    reports.units,
    search.units,
    views.units,
    machine.units,
    about.units,
    overview.units,
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a build did; `made` counts the parts that were not as they are already."""

    output: Path
    commit: str | None
    runs: int
    experiments: int
    faults: tuple[Fault, ...]
    files: int
    bytes: int
    made: int
    frame: Frame


def build_site(
    store: Source,
    output: Path,
    *,
    title: str,
    hide: Hide | None = None,
    commit: str | None = None,
    branch: str = "gitrack",
    goals: Goals | None = None,
    extras: Extras | None = None,
    cache: Path | None = None,
    without: Container[Part] = (),
    progress: Progress | None = None,
) -> Report:
    """Write the site of what `store` holds now into `output`, replacing an older site there.

    With a `cache` folder only what has changed since the last build into `output` is made; the
    bytes are those of a build of everything. The parts in `without` are left out. Raises
    UsageError for a folder that is something else, MissingExtra without the libraries of the
    `site` extra. Whatever fails, the older site stays as it was.
    """
    check_replaceable(output)
    record = RecordFile(cache, output, generator()) if cache else None
    with _uncollected() as lasting:
        contents = Contents(
            store,
            Renderer(cache),
            title=title,
            branch=branch,
            hide=hide or Hide(),
            goals=goals or Goals(),
            commit=commit,
            extras=extras or Extras(),
        )
        with workshop(output, record) as shop:
            lasting()
            for part in _PARTS:
                if part in without:
                    continue
                _make(part, contents, shop, progress if part is runs.units else None)
            shop.finish(record)
    files = shop.files()
    return Report(
        output=output,
        commit=commit,
        runs=len(contents.runs),
        experiments=len(contents.groups),
        faults=tuple(contents.sorted_faults()),
        files=len(files),
        bytes=sum(files.values()),
        made=shop.made,
        frame=contents.frame,
    )


@contextmanager
def _uncollected() -> Iterator[Callable[[], None]]:
    """What is read is a million values without a cycle, and stays to the end: the collector would
    walk them over and over. It rests until the function that is given is called, and looks only
    at what came later then."""
    if not gc.isenabled() or gc.get_freeze_count():  # somebody has plans of his own
        yield lambda: None
        return
    gc.disable()

    def lasting() -> None:
        gc.freeze()
        gc.enable()

    try:
        yield lasting
    finally:
        gc.unfreeze()
        gc.enable()


def _make(part: Part, contents: Contents, shop: Workshop, progress: Progress | None) -> None:
    """Every unit of a part, each told what it has become."""
    units = part(contents)
    made: Made | None = None
    done = 0
    while True:
        try:
            unit: Unit = units.send(made) if made is not None else next(units)
        except StopIteration:
            return
        made = shop.unit(unit)
        contents.faults.extend(made.faults)
        contents.pages.update(path for path in made.files if path.endswith(".html"))
        done += 1
        if progress and done <= len(contents.known):
            progress(done, len(contents.known))
