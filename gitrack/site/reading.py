"""What lies beside a run's record, read for its page."""

from __future__ import annotations

import msgspec

from gitrack.errors import GitrackError
from gitrack.model import evaluation
from gitrack.model.history import History
from gitrack.model.pipeline import Pipeline
from gitrack.model.profile import TableProfile, load_profile
from gitrack.model.run import Fault
from gitrack.site import evaluations, links
from gitrack.site.contents import Contents, KnownRun
from gitrack.site.exhibits import exhibits
from gitrack.site.pages.run import Files
from gitrack.store import layout
from gitrack.store.codec.records import load_record
from gitrack.tracking.content.datasets import profile_path

_MOST_TEXT = 1_000_000
_PACKAGES = "environment.txt"
_PATCH = "code.patch"


class Reading:
    """The files of one run; one that cannot be read becomes a fault, not the end of the build."""

    def __init__(self, contents: Contents, entry: KnownRun) -> None:
        self.store = contents.source
        self.entry = entry
        self.hide = contents.hide
        self.branch = contents.frame.branch
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
        patched = _PATCH in names
        patch = self.patch() if patched else None
        place = f"files/{links.slug(run.id)}/code.patch.txt"
        if patch:
            self.copies[place] = patch.encode("utf-8", "replace")
        return Files(
            exhibits=shown,
            history=self._history() if "history.tsv" in names else None,
            patched=patched,
            patch=patch,
            patch_href=place if patch else None,
            packages=self.packages() if _PACKAGES in names else (),
            console=self._text("output.txt") if "output.txt" in names else None,
            pipeline=self._pipeline() if layout.PIPELINE in names else None,
            evaluation=self._evaluation() if evaluation.FILE in names else None,
            profiles=self._profiles(names) if run.data else {},
        )

    def patch(self) -> str | None:
        """What was not committed, where the site shows it."""
        return None if self.hide.patches else self._text(_PATCH)

    def packages(self) -> tuple[str, ...]:
        """What was installed, as pip lists it."""
        text = self._text(_PACKAGES) or ""
        lines = (line.strip() for line in text.splitlines())
        return tuple(self.hide.package(line) for line in lines if line)

    def _pipeline(self) -> Pipeline | None:
        path = f"{self.entry.folder}/{layout.PIPELINE}"
        try:
            found = load_record(path, self.store.read(path), Pipeline)
        except GitrackError as error:
            self._fault(path, error)
            return None
        return self.hide.pipeline(found, self.entry.hidden)

    def _evaluation(self) -> evaluation.Evaluation | None:
        path = f"{self.entry.folder}/{evaluation.FILE}"
        try:
            found = evaluation.load_evaluation(path, self.store.read(path))
        except GitrackError as error:
            self._fault(path, error)
            return None
        return evaluations.shown(found, self.hide)

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
