"""The tracking branch: YAML files in git, read, committed and indexed without a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitrack.store.runs import RunStore


def open_store(start: Path | str | None = None) -> RunStore:
    """The store of the repository in which a folder lies, by the settings of its project.

    Raises NoRepository, ConfigError.
    """
    from gitrack.config.project import branch_and_remote
    from gitrack.store.git.branch import GitBranch
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore

    repository = Repository.discover(start)
    root = _root(Path.cwd() if start is None else Path(start), repository.worktree)
    branch, remote = branch_and_remote(root)
    return RunStore(
        GitBranch(repository, branch, remote=remote),
        repository.common_dir / "gitrack" / "cache",
        project=lambda: _project(root),
    )


def _root(start: Path, worktree: Path | None) -> Path | None:
    """The project's folder: the nearest with settings, but none outside of the repository."""
    from gitrack.config.project import project_root

    found = project_root(start)
    if found is None or worktree is None or not found.resolve().is_relative_to(worktree.resolve()):
        return worktree
    return found


def _project(root: Path | None) -> str | None:
    from gitrack.config.settings import load_config  # only the first commit of a branch asks

    return load_config(root).project
