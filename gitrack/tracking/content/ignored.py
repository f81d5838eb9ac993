"""What DVC leaves out of a folder: its own files, sub-projects, and what `.dvcignore` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.config.regular import read_regular
from gitrack.tracking import notice

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE = ".dvcignore"
#: What DVC never looks into.
_NEVER = frozenset({".dvc", ".git", ".hg"})


def dvc_root(path: Path) -> Path | None:
    """The DVC project in which a path lies: the nearest folder above it with `.dvc/`."""
    return next((folder for folder in path.parents if (folder / ".dvc").is_dir()), None)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that DVC would take, with its relative path.

    A link to a file counts as the file. Like DVC it does not follow links to folders, and says so.
    """
    waiting = [(folder, _rules_above(folder.absolute()))]
    while waiting:
        place, rules = waiting.pop()
        rules = [*rules, *_rules_in(place)] if rules is not None else None
        for path in sorted(place.iterdir()):
            is_folder = path.is_dir()
            if path.name in _NEVER or (rules and _ignored(path, rules, is_folder)):
                continue
            if is_folder:
                if path.is_symlink():
                    notice.warn_once(
                        f"linked {path}",
                        f"{path} is a link to a folder: DVC leaves it out, and so does gitrack",
                    )
                elif not (path / ".dvc").is_dir():
                    waiting.append((path, rules))
            elif path.is_file():
                yield path.relative_to(folder).as_posix(), path


Rules = list[tuple[Path, "GitIgnoreSpec"]]


def _rules_above(folder: Path) -> Rules | None:
    """Of the folders from the DVC project down to this one; None outside of a project."""
    root = dvc_root(folder)
    if root is None:
        return None
    between = [place for place in reversed(folder.parents) if place.is_relative_to(root)]
    return [rule for place in between for rule in _rules_in(place)]


def _rules_in(folder: Path) -> Rules:
    try:
        text = read_regular(folder / FILE).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return []
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        return []
    from pathspec import GitIgnoreSpec  # late: most projects ignore nothing

    return [(folder.absolute(), GitIgnoreSpec.from_lines(lines))]


def _ignored(path: Path, rules: Rules, is_folder: bool) -> bool:
    """The nearest file that has a word on the path decides; in it, the last line that has."""
    for base, spec in reversed(rules):
        relative = path.absolute().relative_to(base).as_posix()
        verdict = spec.check_file(f"{relative}/" if is_folder else relative).include
        if verdict is not None:
            return verdict
    return False
