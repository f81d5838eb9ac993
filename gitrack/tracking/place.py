"""Where a run lives: its repository, its project's settings, its outbox and the branch."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from gitrack.config import project
from gitrack.errors import GitrackError, NoRepository
from gitrack.tracking import notice

if TYPE_CHECKING:
    from gitrack.config.policy import Policy
    from gitrack.config.settings import Config
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore


@dataclasses.dataclass
class Place:
    """Taken once for all runs that a process starts in one folder."""

    folder: Path
    repository: Repository | None
    root: Path | None
    outbox: Path
    config: Config
    policy: Policy
    _author: str | None = None
    _store: RunStore | None = None
    _lock: threading.RLock = dataclasses.field(default_factory=threading.RLock)

    @property
    def project(self) -> str | None:
        """What tells this project's runs from those of others in a folder that all share."""
        if self.root is not None:
            return str(self.root)
        return None if self.repository is None else str(self.repository.common_dir)

    def author(self) -> str | None:
        """Who runs this; None while git does not know (the commit will say what to type)."""
        with self._lock:
            if self._author is None and self.repository is not None:
                try:
                    self._author = str(self.repository.identity())
                except GitrackError as error:
                    notice.warn_once(f"author {self.root}", f"{error}")
            return self._author

    def store(self) -> RunStore:
        """The runs on this project's branch. Raises NoRepository."""
        with self._lock:
            if self.repository is None:
                raise NoRepository(self.folder)
            if self._store is None:
                from gitrack.store import open_store

                self._store = open_store(self.root or self.repository.git_dir)
            return self._store


def find_place(start: Path | None = None) -> Place:
    """The place of `start`, or of the current folder. Raises ConfigError for wrong settings."""
    folder = _current_folder() if start is None else start.absolute()
    repository = _repository(folder)
    root = _root(folder, repository)
    return _place(folder, root, repository, _stamp(root))


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        notice.warn_once("folder", f"the current folder is gone: {notice.worded(error)}")
        return Path(tempfile.gettempdir())  # in no project: the run waits in the user's folder


_repositories: dict[Path, Repository] = {}


def _repository(folder: Path) -> Repository | None:
    """Found once; where there is none, `git init` may come any moment."""
    from gitrack.store.git.repository import Repository

    known = _repositories.get(folder)
    if known is not None and known.git_dir.is_dir():
        return known
    try:
        _repositories[folder] = Repository.discover(folder)
        return _repositories[folder]
    except NoRepository:
        return None
    except GitrackError as error:  # git is missing, or refuses this folder
        notice.warn_once(f"repository {folder}", str(error))
        return None


def _root(folder: Path, repository: Repository | None) -> Path | None:
    """The folder with `.tracking/`, which never lies above the repository."""
    if repository is None or repository.worktree is None:
        return None
    worktree = repository.worktree
    root = project.project_root(folder)
    return root if root is not None and root.is_relative_to(worktree) else worktree


@functools.lru_cache(maxsize=8)
def _place(folder: Path, root: Path | None, repository: Repository | None, stamp: object) -> Place:
    """`stamp` changes with the settings, so an edited file is read again by the next run."""
    from gitrack.config.policy import load_policy
    from gitrack.config.settings import load_config

    return Place(
        folder=folder,
        repository=repository,
        root=root,
        outbox=project.outbox(repository.worktree if repository else None),
        config=load_config(root),
        policy=load_policy(root),
    )


def _stamp(root: Path | None) -> tuple[tuple[int, int] | None, ...]:
    if root is None:
        return ()
    return tuple(_changed(root / name) for name in (project.CONFIG_FILE, project.POLICY_FILE))


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
