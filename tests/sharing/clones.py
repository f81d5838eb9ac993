"""Clones of one bare remote, and runs in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

import gitrack
from gitrack.model.run import Run
from gitrack.store import open_store

EXPERIMENT = "shared-runs-20241022"


def git(folder: Path, *arguments: str) -> str:
    """What git printed."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


@contextmanager
def standing_in(folder: Path):
    """For a while, the folder is where we are."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _without_settings(clone: Path):
    """Where the remote is a folder the end of a run sends heavy files at once; not at a URL."""
    config = clone / ".tracking/config.yaml"
    aside = config.with_suffix(".aside")
    if config.exists():
        config.rename(aside)
    try:
        yield
    finally:
        if aside.exists():
            aside.rename(config)


class Clones:
    """`hub.git`, `objects/` for heavy files, and clones with settings that name both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub = folder / "hub.git"
        self.objects = folder / "objects"
        git(folder, "init", "-q", "--bare", str(self.hub))
        seed = folder / "seed"
        git(folder, "clone", "-q", str(self.hub), str(seed))
        (seed / "train.py").write_text("print('hi')\n")
        git(seed, "add", ".")
        git(seed, "commit", "-q", "-m", "start")
        git(seed, "push", "-q", "origin", "HEAD")

    def share_objects(self, clone: Path, url: str | None = None) -> None:
        """Write the settings of a clone: its heavy files go to `url`, or to `objects/`."""
        (clone / ".tracking").mkdir(exist_ok=True)
        text = f"artifacts: {{remote: '{url or self.objects}'}}\n"
        (clone / ".tracking/config.yaml").write_text(text)

    def new(self, name: str, *options: str) -> Path:
        """One more clone."""
        git(self.folder, "clone", "-q", *options, f"file://{self.hub}", name)
        return self.folder / name

    def train(self, clone: Path, name: str = "r", **more: object) -> str:
        """A run with what `more` says: `files` by name, `params`, `experiment`; its id."""
        files: Mapping[str, bytes] = more.pop("files", {})  # type: ignore[assignment]
        experiment = str(more.pop("experiment", EXPERIMENT))
        with standing_in(clone), _without_settings(clone):
            with gitrack.start_run(experiment, name=name, **more) as run:
                for path, data in files.items():
                    run.log_bytes(data, path)
            return str(run.id)


def runs_of(clone: Path) -> dict[str, Run]:
    """Runs by id; fails for one that cannot be read."""
    found = {}
    for path, run in open_store(clone).all():
        assert isinstance(run, Run), (path, run)
        found[run.id] = run
    return found


def fsck(folder: Path) -> None:
    """Fails unless git finds nothing wrong."""
    done = subprocess.run(
        ["git", "-C", str(folder), "fsck", "--strict", "--no-dangling"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if not line.startswith("notice:")]
    assert (done.returncode, told) == (0, [])


def objects_in(folder: Path) -> set[str]:
    """The md5s in a cache or a remote."""
    return {
        path.parent.name + path.name
        for path in (folder / "files/md5").glob("??/*")
        if not path.name.startswith(".")
    }
