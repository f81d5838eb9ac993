"""A page and data for every run, and its files."""

from __future__ import annotations

from functools import partial
from typing import Any

from gitrack.site import links, scripts
from gitrack.site.contents import Contents, KnownRun
from gitrack.site.incremental import Made, Unit
from gitrack.site.machine import api
from gitrack.site.pages import compare
from gitrack.site.pages.compare import packages_digest
from gitrack.site.pages.run import run_page
from gitrack.site.parts import Units
from gitrack.site.reading import Reading
from gitrack.site.tables.sparks import sparks


def units(contents: Contents) -> Units:
    """Every run, newest first."""
    owners: dict[str, KnownRun] = {}
    for entry in contents.known:
        made = yield _unit(contents, entry)
        digest, contents.sparks[entry.run.id] = made.note
        if digest is not None:
            owners[digest] = entry
    for digest, entry in sorted(owners.items(), key=lambda item: item[0]):
        yield Unit(f"packages:{digest}", digest, partial(_packages, contents, entry, digest))


def _unit(contents: Contents, entry: KnownRun) -> Unit:
    run = entry.run
    group = contents.group[run.experiment]
    versions = [contents.versions.of(artifact) for artifact in run.artifacts]
    linked = {use.run for use in run.uses} | {v.run for v in versions if v} | {run.parent}
    inputs: tuple[Any, ...] = (
        contents.settings,
        entry.folder,
        entry.tree,
        group.digest,
        [one and (one.id, one.name, one.status) for one in group.neighbours(run)],
        versions,
        contents.became.get(run.id),
        sorted(one for one in linked if one in contents.by_id and one),
    )
    return Unit(f"run:{run.id}", inputs, lambda: _make(contents, entry))


def _make(contents: Contents, entry: KnownRun) -> Made:
    """A run's page, its data and its files; what could not be read of them is a fault."""
    run = entry.run
    group = contents.group[run.experiment]
    reading = Reading(contents, entry)
    files = reading.files()
    page = run_page(
        contents.frame,
        run,
        files,
        group,
        folder=entry.folder,
        versions=contents.versions,
        ids=contents.by_id.keys(),
        became=contents.became.get(run.id, ()),
    )
    path = links.run_page(run.id)
    data = compare.run_data(run, files, group)
    made = {
        **reading.copies,
        path: contents.renderer.page("run.html", page, path),
        links.run_data(run.id): scripts.call("run", data),
        api.run_path(run.id): api.run_document(run, contents.became.get(run.id, ())),
    }
    # a list of packages is a file that runs share: the note says which; tables show the curves
    digest = packages_digest(files.packages) if files.packages else None
    return Made(made, reading.faults, note=(digest, sparks(files.history)))


def _packages(contents: Contents, entry: KnownRun, digest: str) -> Made:
    """A list of packages once, however many runs had it."""
    path = links.packages_data(digest)
    listed = compare.package_pairs(Reading(contents, entry).packages())
    return Made({path: scripts.call("packages", path, listed)})
