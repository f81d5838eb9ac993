"""The tables of runs: that of all runs, and one for each experiment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from gitrack.model.run import Run
from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.pages.group import Group
from gitrack.site.parts import Units
from gitrack.site.tables import chunks
from gitrack.site.tables.chunks import ChunkNote
from gitrack.site.tables.head import head


def units(contents: Contents) -> Units:
    """After the runs, which leave their curves. Every table's pieces, then its header."""
    yield from _table(contents, links.ALL_RUNS, contents.everything, all_runs=True)
    for group in contents.groups:
        yield from _table(contents, links.experiment_table(group.name), group, all_runs=False)


def _table(contents: Contents, place: str, group: Group, *, all_runs: bool) -> Units:
    oldest_first = group.runs[::-1]
    notes = []
    for number, start in enumerate(range(0, len(oldest_first), chunks.SIZE)):
        runs = oldest_first[start : start + chunks.SIZE]
        # what the curves follow from lies in the folders of the runs
        inputs = (contents.settings, contents.trees(runs))
        make = partial(_chunk, contents, place, number, runs)
        made = yield Unit(f"table:{place}:{number}", inputs, make)
        notes.append(msgspec.convert(made.note, ChunkNote))
    told = (contents.settings, group.metrics, group.measure, notes, all_runs)
    yield Unit(f"table:{place}", told, partial(_head, contents, place, group, notes, all_runs))


def _chunk(contents: Contents, place: str, number: int, runs: Sequence[Run]) -> Made:
    files, note = chunks.chunk(place, number, runs, contents.sparks)
    return Made(files, note=msgspec.to_builtins(note))


def _head(
    contents: Contents, place: str, group: Group, notes: Sequence[ChunkNote], all_runs: bool
) -> Made:
    data = head(
        place,
        notes,
        metrics=group.metrics,
        measure=group.measure,
        goals=contents.goals,
        all_runs=all_runs,
    )
    return Made({f"{place}/head.js": data})
