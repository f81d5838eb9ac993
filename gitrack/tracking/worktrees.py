"""The working trees of a repository, each with an outbox of its own, found without running git."""

from __future__ import annotations

import os
from pathlib import Path

from gitrack.config.project import outbox
from gitrack.model.ids import is_run_id


def worktrees(common_dir: Path) -> list[Path]:
    """The main working tree and the linked ones, as far as they are there."""
    found = [common_dir.parent] if common_dir.name == ".git" else []
    try:
        linked = sorted((common_dir / "worktrees").iterdir())
    except OSError:
        linked = []
    for about in linked:
        link = _first_line(about / "gitdir")
        if link:
            found.append((about / link).parent)
    return [folder for folder in found if folder.is_dir()]


def out_of_reach(common_dir: Path) -> list[Path]:
    """Working trees that are not there and are to stay: on a disk that is not mounted, say."""
    return [
        Path(_first_line(lock.parent / "gitdir")).parent
        for lock in sorted((common_dir / "worktrees").glob("*/locked"))
        if not (lock.parent / _first_line(lock.parent / "gitdir")).parent.is_dir()
    ]


def something_waits(start: Path | None = None) -> bool:
    """Whether any outbox around `start` holds a run: the look that every command can afford."""
    folder = (start or Path.cwd()).absolute()
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            boxes = map(outbox, dict.fromkeys((place, *worktrees(_common_dir(place / ".git")))))
            return any(map(_holds_a_run, boxes))
    return False


def _common_dir(git: Path) -> Path:
    """Of a `.git`: a folder, or in a linked working tree a file that leads to one."""
    line = "" if git.is_dir() else _first_line(git)
    git_dir = git.parent / line.removeprefix("gitdir:").strip() if line else git
    shared = _first_line(git_dir / "commondir")
    return Path(os.path.normpath(git_dir / shared)) if shared else git_dir


def _holds_a_run(box: Path) -> bool:
    try:
        return any(map(is_run_id, os.listdir(box)))  # noqa: PTH208 - the cheapest look
    except OSError:
        return False


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape").partition("\n")[0].strip()
    except OSError:
        return ""
