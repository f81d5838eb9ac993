"""A page and data for every run, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from gitrack.model.run import Run
from gitrack.site import display, links, scripts
from gitrack.site.contents import Contents, KnownRun
from gitrack.site.incremental import Made, Unit
from gitrack.site.machine import api
from gitrack.site.pages import compare
from gitrack.site.pages.artifact import artifact_page
from gitrack.site.pages.group import Group
from gitrack.site.pages.run import Files, packages_digest, run_page
from gitrack.site.parts import Units
from gitrack.site.places import places
from gitrack.site.reading import Reading
from gitrack.site.tables.sparks import sparks


def units(contents: Contents) -> Units:
    """Every run, newest first."""
    owners: dict[str, KnownRun] = {}
    changed: dict[str, KnownRun] = {}
    for entry in contents.known:
        made = yield _unit(contents, entry)
        digest, contents.sparks[entry.run.id], patch = made.note
        if digest is not None:
            owners[digest] = entry
        if patch is not None:
            changed[patch] = entry
    for digest, entry in sorted(owners.items(), key=lambda item: item[0]):
        yield Unit(f"packages:{digest}", digest, partial(_packages, contents, entry, digest))
    for digest, entry in sorted(changed.items(), key=lambda item: item[0]):
        yield Unit(f"patch:{digest}", digest, partial(_patch, contents, entry, digest))
    for group in contents.groups:
        inputs = (contents.settings, group.digest, contents.trees(group.runs))
        yield Unit(f"places:{group.name}", inputs, partial(_places, group))


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
        contents.extras.lineage is not None,
        contents.tried_for.get(run.id, ()),
        run.id in contents.wholes,
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
        lineage=contents.extras.lineage is not None,
        sweeps=contents.tried_for.get(run.id, ()),
        within=run.id in contents.wholes,
    )
    path = links.run_page(run.id)
    data = compare.run_data(run, files, group)
    made = {
        **reading.copies,
        path: contents.renderer.page("run.html", page, path),
        links.run_data(run.id): scripts.call("run", data),
        **_documents(contents, run, files, reading.copies),
        api.run_path(run.id): api.run_document(run, contents.became.get(run.id, ())),
    }
    # packages and patches are files that runs share: the note says which; tables show the curves
    digest = packages_digest(files.packages) if files.packages else None
    patch = compare.patch_digest(files.patch) if files.patch else None
    return Made(made, reading.faults, note=(digest, sparks(files.history), patch))


def _documents(
    contents: Contents, run: Run, files: Files, copies: Mapping[str, bytes]
) -> dict[str, bytes]:
    """A page around each HTML file that the run left: it is shown there without any power."""
    made = {}
    for text in files.exhibits.texts:
        if text.page is not None:
            page = artifact_page(contents.frame, run, text, copies[text.href].decode("utf-8"))
            made[text.page] = contents.renderer.page("artifact.html", page, text.page)
    return made


def _packages(contents: Contents, entry: KnownRun, digest: str) -> Made:
    """A list of packages once, however many runs had it."""
    path = links.packages_data(digest)
    packages = Reading(contents, entry).packages()
    data = scripts.call("packages", path, compare.package_pairs(packages))
    text = "".join(f"{display.visible(line)}\n" for line in packages)
    return Made({path: data, links.packages_text(digest): text.encode("utf-8", "replace")})


def _patch(contents: Contents, entry: KnownRun, digest: str) -> Made:
    """What was not committed, once, however many runs had it."""
    path = links.patch_data(digest)
    files = compare.patch_files(Reading(contents, entry).patch() or "")
    return Made({path: scripts.call("patch", path, files)})


def _places(group: Group) -> Made:
    """How the runs of an experiment stand: for a page of one of them, so it holds no word of it."""
    return Made({links.places_data(group.name): scripts.call("places", places(group))})
