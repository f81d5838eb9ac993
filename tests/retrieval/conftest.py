"""A project with runs that have left something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import gitrack
from gitrack.retrieval import Located, locate, obtain
from gitrack.store import open_store
from gitrack.store.git.repository import Repository
from gitrack.tracking import active, notice

HEAVY = bytes(range(256)) * 800


@pytest.fixture(autouse=True)
def _quiet_start() -> Iterator[None]:
    notice.forget()
    yield
    for run in list(active._open):
        run.end("killed")
    active._stack.set(())


class Project(NamedTuple):
    """A folder, and what is asked of it."""

    folder: Path
    run_id: str

    def locate(self, reference: str) -> Located:
        return locate(open_store(self.folder), reference)

    def obtain(self, reference: str, target: Path | None = None) -> Path:
        store, repository = open_store(self.folder), Repository.discover(self.folder)
        return obtain(store, repository, locate(store, reference), target)


@pytest.fixture
def project(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One run, which left a heavy file, a heavy folder, a small file and a small folder."""
    monkeypatch.chdir(repo)
    Path("model/sub").mkdir(parents=True)
    Path("model/weights.bin").write_bytes(HEAVY)
    Path("model/sub/MLmodel").write_text("flavors: {}\n")
    Path("flights.bin").write_bytes(HEAVY + b"1")
    Path("plots/all").mkdir(parents=True)
    Path("plots/all/a.txt").write_text("a")
    Path("plots/b.txt").write_text("b")
    with gitrack.start_run("e", name="first/one") as run:
        run.log_artifact("model", named="clf", aliases=["good"])
        run.log_artifact("flights.bin", named="flights")
        run.log_artifact("plots")
        run.log_text("hello", "notes/n.txt")
        run.log_text("hi", "notes/m.txt")
    return Project(repo, run.id)


Change = Callable[[str, bytes | None], None]


@pytest.fixture
def change(project: Project) -> Change:
    """`change(path below the run, bytes)`: what somebody else puts on the branch."""

    def commit(path: str, data: bytes | None) -> None:
        store = open_store(project.folder)
        top = "" if path.startswith("artifacts/flights/") else f"{store.find(project.run_id)}/"
        store.branch.commit({top + path: data}, "somebody's change")

    return commit
