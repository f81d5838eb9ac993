"""Builds the site: records in, a folder of pages out, the same bytes for the same commit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from gitrack.errors import GitrackError
from gitrack.model.history import History
from gitrack.model.pipeline import Pipeline
from gitrack.model.profile import TableProfile, load_profile
from gitrack.model.run import Fault, Run
from gitrack.site import charts, libraries, links, scripts
from gitrack.site.exhibits import exhibits
from gitrack.site.goals import Goals
from gitrack.site.hide import Hide
from gitrack.site.output import MARKER, Folder, check_replaceable, replacing
from gitrack.site.pages import compare, experiment, model, overview
from gitrack.site.pages.compare import packages_digest
from gitrack.site.pages.frame import Frame
from gitrack.site.pages.group import Group
from gitrack.site.pages.registry import Membership, registered_as
from gitrack.site.pages.run import Files, run_page
from gitrack.site.render import Renderer
from gitrack.site.source import Source
from gitrack.store import layout
from gitrack.store.codec.records import load_record
from gitrack.store.made import AllVersions
from gitrack.store.registry.whole import KnownModel
from gitrack.tracking.content.datasets import profile_path

#: Told how many of how many runs are done.
Progress = Callable[[int, int], None]

_MOST_TEXT = 1_000_000
_MOST_WHOLE = 10**300


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a build did."""

    output: Path
    commit: str | None
    runs: int
    experiments: int
    faults: tuple[Fault, ...]
    files: int
    bytes: int


class _Known(msgspec.Struct, frozen=True):
    """A run that has a page, its folder on the branch, and the values of its hidden params."""

    folder: str
    run: Run
    hidden: tuple[object, ...] = ()


def build_site(
    store: Source,
    output: Path,
    *,
    title: str,
    hide: Hide | None = None,
    commit: str | None = None,
    branch: str = "gitrack",
    goals: Goals | None = None,
    progress: Progress | None = None,
) -> Report:
    """Write the site of what `store` holds now into `output`, replacing an older site there.

    Raises UsageError for a folder that is something else, MissingExtra without the libraries of
    the `site` extra. Whatever fails, the older site stays as it was.
    """
    check_replaceable(output)
    renderer = Renderer()
    hide = hide or Hide()
    goals = goals or Goals()
    known, faults = _gather(store, hide)
    versions, registered = store.versions(), store.models()
    faults.extend((*versions.faults, *registered.faults))
    models = [hide.model(model) for model in registered.models]
    runs = [entry.run for entry in known]
    groups = _groups(runs, goals)
    frame = Frame(
        title=title,
        branch=branch,
        commit=commit,
        runs=len(runs),
        experiments=len(groups),
        hidden=hide.notice(),
    )
    with replacing(output) as folder:
        _write_assets(folder, renderer)
        became = registered_as(models)
        pages = _Pages(store, folder, renderer, frame, hide, versions, became)
        named = {group.name: group for group in groups}
        ids = {run.id for run in runs}
        for done, entry in enumerate(known):
            faults.extend(pages.run(entry, named[entry.run.experiment], ids))
            if progress:
                progress(done + 1, len(known))
        everything = Group("", runs, goals)
        pages.tables(groups, everything, models)
        pages.models(models, {run.id: run for run in runs}, goals)
        faults.sort(key=lambda fault: (fault.path, fault.why))
        front = overview.overview_page(frame, groups, everything, faults, models)
        folder.write("index.html", renderer.page("overview.html", front, "index.html"))
        _write_marker(folder, frame)
    return Report(
        output=output,
        commit=commit,
        runs=len(runs),
        experiments=len(groups),
        faults=tuple(faults),
        files=folder.files,
        bytes=folder.bytes,
    )


def _gather(store: Source, hide: Hide) -> tuple[list[_Known], list[Fault]]:
    """Every run, newest first, and whatever cannot be shown as one."""
    known: list[_Known] = []
    faults: list[Fault] = []
    seen: dict[str, str] = {}
    for path, found in store.all():
        if isinstance(found, Fault):
            faults.append(found)
            continue
        folder = path.removesuffix("/run.yaml")
        if found.id in seen:
            why = f"run {found.id} is already in {seen[found.id]}"
            faults.append(Fault(path=folder, why=why, hint="give one of them another id"))
            continue
        seen[found.id] = folder
        hidden = tuple(hide.values(found)) if hide.params else ()
        known.append(_Known(folder, hide.of(_tame(found)), hidden))
    known.sort(key=lambda entry: (entry.run.started, entry.run.id), reverse=True)
    return known, faults


def _tame(run: Run) -> Run:
    """The run with numbers that a float can hold: YAML knows whole ones without an end."""

    def number(value: float | int) -> float | int:
        if isinstance(value, float) or abs(value) < _MOST_WHOLE:
            return value
        return math.inf if value > 0 else -math.inf

    monsters = [v for v in (*run.metrics.values(), *run.curves.values()) if isinstance(v, int)]
    if all(abs(value) < _MOST_WHOLE for value in monsters):
        return run
    return msgspec.structs.replace(
        run,
        metrics={name: number(value) for name, value in run.metrics.items()},
        curves={name: number(value) for name, value in run.curves.items()},
    )


def _groups(runs: Sequence[Run], goals: Goals) -> list[Group]:
    """Runs by experiment, experiments by name."""
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(run.experiment, []).append(run)
    return [Group(name, by_name[name], goals) for name in sorted(by_name)]


class _Pages:
    """Writes pages, each with its data."""

    def __init__(
        self,
        store: Source,
        folder: Folder,
        renderer: Renderer,
        frame: Frame,
        hide: Hide,
        versions: AllVersions,
        became: Mapping[str, tuple[Membership, ...]],
    ) -> None:
        self.store = store
        self.versions = versions
        self.became = became
        self.folder = folder
        self.renderer = renderer
        self.frame = frame
        self.hide = hide
        self._packages: set[str] = set()

    def run(self, entry: _Known, group: Group, ids: set[str]) -> Iterator[Fault]:
        """A run's page, its data and its files; gives what could not be read of them."""
        run = entry.run
        reading = _Reading(self.store, entry, self.hide, self.frame.branch)
        files = reading.files()
        for copy, content in reading.copies.items():
            self.folder.write(copy, content)
        self._write_packages(files.packages)
        page = run_page(
            self.frame,
            run,
            files,
            group,
            folder=entry.folder,
            versions=self.versions,
            ids=ids,
            became=self.became.get(run.id, ()),
        )
        path = links.run_page(run.id)
        self.folder.write(path, self.renderer.page("run.html", page, path))
        data = compare.run_data(run, files, group)
        self.folder.write(links.run_data(run.id), scripts.call("run", data))
        yield from reading.faults

    def models(self, models: Sequence[KnownModel], runs: Mapping[str, Run], goals: Goals) -> None:
        """Every registered model's page."""
        for known in models:
            path = links.model_page(known.name)
            page = model.model_page(self.frame, known, runs, goals)
            self.folder.write(path, self.renderer.page("model.html", page, path))

    def tables(
        self, groups: Sequence[Group], everything: Group, models: Sequence[KnownModel]
    ) -> None:
        """Every experiment's page, that of all runs, and that of comparison."""
        for group in groups:
            path = links.experiment_page(group.name)
            page = experiment.experiment_page(self.frame, group)
            self.folder.write(path, self.renderer.page("experiment.html", page, path))
            table = experiment.table_data(group, all_runs=False)
            self.folder.write(page.data, scripts.call("table", table))
        page = experiment.runs_page(self.frame, everything)
        self.folder.write("runs.html", self.renderer.page("experiment.html", page, "runs.html"))
        table = experiment.table_data(everything, all_runs=True)
        self.folder.write(page.data, scripts.call("table", table))
        comparison = compare.compare_page(self.frame)
        html = self.renderer.page("compare.html", comparison, "compare.html")
        self.folder.write("compare.html", html)
        index = {
            "runs": [
                [
                    run.id,
                    run.name or run.id,
                    run.experiment,
                    str(run.status),
                    links.run_page(run.id),
                ]
                for run in everything.runs
            ],
            "experiments": [
                [group.name, links.experiment_page(group.name), len(group.runs)] for group in groups
            ],
            "models": [
                [known.name, links.model_page(known.name), len(known.versions)] for known in models
            ],
        }
        self.folder.write("data/index.js", scripts.call("index", index))

    def _write_packages(self, packages: Sequence[str]) -> None:
        """A list of packages once, however many runs had it."""
        digest = packages_digest(packages)
        if packages and digest not in self._packages:
            self._packages.add(digest)
            listed = compare.package_pairs(packages)
            path = links.packages_data(digest)
            self.folder.write(path, scripts.call("packages", path, listed))


class _Reading:
    """The files of one run; one that cannot be read becomes a fault, not the end of the build."""

    def __init__(self, store: Source, entry: _Known, hide: Hide, branch: str) -> None:
        self.store = store
        self.entry = entry
        self.hide = hide
        self.branch = branch
        self.faults: list[Fault] = []
        self.copies: dict[str, bytes] = {}

    def files(self) -> Files:
        """Everything beside the record."""
        folder, run = self.entry.folder, self.entry.run
        try:
            paths = [file.path for file in self.store.files(folder)]
            names = {path.removeprefix(f"{folder}/") for path in paths}
            shown = exhibits(self.store, folder, run, paths, branch=self.branch)
        except GitrackError as error:
            self._fault(folder, error)
            return Files()
        self.copies.update(shown.copies)
        patch = self._text("code.patch") if "code.patch" in names else None
        packages = self._text("environment.txt") if "environment.txt" in names else None
        place = f"files/{links.slug(run.id)}/code.patch.txt"
        if patch:
            self.copies[place] = patch.encode("utf-8", "replace")
        return Files(
            exhibits=shown,
            history=self._history() if "history.tsv" in names else None,
            patch=patch,
            patch_href=place if patch else None,
            packages=tuple(line.strip() for line in (packages or "").splitlines() if line.strip()),
            console=self._text("output.txt") if "output.txt" in names else None,
            pipeline=self._pipeline() if layout.PIPELINE in names else None,
            profiles=self._profiles(names) if run.data else {},
        )

    def _pipeline(self) -> Pipeline | None:
        path = f"{self.entry.folder}/{layout.PIPELINE}"
        try:
            found = load_record(path, self.store.read(path), Pipeline)
        except GitrackError as error:
            self._fault(path, error)
            return None
        return self.hide.pipeline(found, self.entry.hidden)

    def _profiles(self, names: set[str]) -> dict[tuple[str, str], TableProfile]:
        """By name and role of their data sets, each file read once."""
        found: dict[tuple[str, str], TableProfile] = {}
        read: dict[str, TableProfile | None] = {}
        for dataset in self.entry.run.data:
            name = profile_path(dataset)
            if name in names and name not in read:
                read[name] = self._profile(f"{self.entry.folder}/{name}")
            if profile := read.get(name):
                found[dataset.name, dataset.role or ""] = profile
        return found

    def _profile(self, path: str) -> TableProfile | None:
        try:
            return self.hide.profile(load_profile(path, self.store.read(path)))
        except GitrackError as error:
            self._fault(path, error)
            return None

    def _text(self, name: str) -> str | None:
        path = f"{self.entry.folder}/{name}"
        try:
            return self.store.read(path)[:_MOST_TEXT].decode("utf-8", "replace")
        except GitrackError as error:
            self._fault(path, error)
            return None

    def _history(self) -> History | None:
        try:
            history = self.store.history(self.entry.folder)
        except GitrackError as error:
            self._fault(f"{self.entry.folder}/history.tsv", error)
            return None
        if history is None or not any(self.hide.metric(name) for name in history.columns):
            return history
        shown = {n: c for n, c in history.columns.items() if not self.hide.metric(n)}
        return msgspec.structs.replace(history, columns=shown)

    def _fault(self, path: str, error: GitrackError) -> None:
        self.faults.append(Fault(path=path, why=error.message, hint=error.hint))


def _write_assets(folder: Folder, renderer: Renderer) -> None:
    for path, data in renderer.assets().items():
        folder.write(path, data)
    folder.write("assets/datatables.js", libraries.tables())
    folder.write("assets/vega.js", libraries.charts())
    folder.write("assets/specs.js", scripts.call("specs", charts.specifications()))


def _write_marker(folder: Folder, frame: Frame) -> None:
    """For the next build, for whoever serves the site, and for a page that wants to be fresh."""
    marker = {
        "generator": "gitrack",
        "format": 1,
        "branch": frame.branch,
        "commit": frame.commit,
        "runs": frame.runs,
    }
    text = json.dumps(marker, indent=1, sort_keys=True) + "\n"
    folder.write(MARKER, text.encode("utf-8"))
    folder.write("data/build.js", scripts.call("build", frame.commit or "none"))
