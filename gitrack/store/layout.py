"""Where things lie on the tracking branch, and what a new one holds."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitrack.errors import InvalidName
from gitrack.model.ids import day_of, is_run_id
from gitrack.model.names import experiment_name

RUNS = "runs"
#: How many folders below `runs/` the folder of a run lies.
DEPTH = 4
FORMAT_FILE = "format.yaml"
RECORD = "run.yaml"
HISTORY = "history.tsv"
PIPELINE = "pipeline.yaml"
ARTIFACTS = "artifacts"

#: A full day goes on in `<dd>-2`: hosts list at most 1,000 entries of a folder, and plain DVC reads
#: every pointer of a day to find one (2 s with 250 runs of two heavy files each).
DAY_FULL = 250

_DAY_FOLDER = re.compile(r"(\d\d)(?:-([2-9]|[1-9]\d{1,3}))?\Z", re.ASCII)
_RUN_PATH = re.compile(
    rf"{RUNS}/([^/]+)/(\d{{4}}-\d\d)/(\d\d(?:-(?:[2-9]|[1-9]\d{{1,3}}))?)/([0-9a-z-]{{22}})(?:/|\Z)",
    re.ASCII,
)


class Place(NamedTuple):
    """The folder of a run, taken apart."""

    experiment: str
    month: str
    day: str
    id: str

    @property
    def folder(self) -> str:
        """`runs/<experiment>/<yyyy-mm>/<dd>/<id>`."""
        return f"{RUNS}/{self.experiment}/{self.month}/{self.day}/{self.id}"


def run_folder(experiment: str, run_id: str, *, part: int = 1) -> str:
    """`runs/<experiment>/<yyyy-mm>/<dd>/<id>`; `part` 2 is the day's first overflow."""
    month, day = day_of(run_id)
    if not is_run_id(run_id):
        raise InvalidName("run id", run_id, "is not one that gitrack makes")
    if experiment_name(experiment) != experiment:
        mend = f"write {experiment_name(experiment)!r}"
        raise InvalidName("experiment name", experiment, "is not in composed form", hint=mend)
    suffix = "" if part == 1 else f"-{part}"
    return f"{RUNS}/{experiment}/{month}/{day}{suffix}/{run_id}"


def part_of_day(name: str, day: str) -> int | None:
    """1 for `22`, 2 for `22-2`, of day `22`; None for any other folder."""
    found = _DAY_FOLDER.match(name.rstrip("/"))
    if found is None or found[1] != day:
        return None
    return int(found[2] or 1)


def place_of(path: str) -> Place | None:
    """The run to which a path belongs (its folder or a file in it), or None."""
    found = _RUN_PATH.match(path)
    if found is None:
        return None
    experiment, month, day, run_id = found.groups()
    if not is_run_id(run_id) or (month, day[:2]) != day_of(run_id) or experiment in (".", ".."):
        return None
    return Place(experiment, month, day, run_id)


def is_day_file(path: str) -> bool:
    """True for what a day folder holds beside its runs: its own DVC settings."""
    parts = path.split("/")
    return len(parts) > 4 and parts[4].startswith(".dvc")


def why_misplaced(path: str) -> str | None:
    """Why a file below `runs/` is no part of a run, or None if it is (or may lie there)."""
    parts = path.split("/")
    if any(map(_climbs, parts)):
        return "the path climbs out of its folder"
    if place_of(path) is not None:
        return None if len(parts) > 5 else "a file lies where a run's folder should be"
    if is_day_file(path):
        return None
    if len(parts) < 5:
        return "a file lies where a folder of runs should be"
    if not is_run_id(parts[4]):
        return f"{parts[4][:80]!r} is not a run id"
    return f"{parts[4]} does not belong into the folder {'/'.join(parts[2:4])}"


def misplaced(path: str) -> str:
    """What of a misplaced path to name: the outermost folder that should not be there, or it."""
    parts = path.split("/")
    for number, part in enumerate(parts):
        if _climbs(part) or (number == 4 and not is_run_id(part) and not is_day_file(path)):
            return "/".join(parts[: number + 1])
    return path


def _climbs(part: str) -> bool:
    return part in ("", ".", "..") or part.lower() == ".git"


def first_files(project: str | None = None) -> dict[str, bytes]:
    """What the first commit of a branch holds beside the first run."""
    from gitrack.model.run import FORMAT
    from gitrack.store.codec.emitter import dump

    about = {"format": FORMAT} if project is None else {"format": FORMAT, "project": project}
    return {"README.md": _README.encode(), FORMAT_FILE: dump(about).encode()}


_README = """\
# Experiment runs

This branch is written by gitrack (`pip install gitrack-ml`). It shares no history with the
code: every commit adds runs of experiments, or changes the registry of models.

    runs/<experiment>/<yyyy-mm>/<dd>/<run-id>/
        run.yaml        settings, metrics, tags, code, data and environment of one run
        history.tsv     its metrics by step
        artifacts/      small files; a name that ends in .dvc points to a heavy one
    artifacts/<name>/   versions of what runs share by a name, and pointers to them
    registry/<model>/   versions of models, and where each of them stands

Everything is plain text. `git log`, `git show` and `dvc get` are enough to read it; with gitrack
installed, `gitrack ls` lists the runs and `gitrack site build` makes a website of them.

Do not merge this branch into the code, nor check it out to edit it: gitrack does without.
"""
