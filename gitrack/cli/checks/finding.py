"""What a check is given, and what it gives back."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from gitrack.config.settings import Config
    from gitrack.errors import GitrackError
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing stands. `mend` is what to type or to change."""

    name: str
    state: Literal["ok", "warn", "fail"] = "ok"
    message: str
    mend: str | None = None

    @classmethod
    def of_error(cls, name: str, error: GitrackError) -> Finding:
        return cls(name=name, state="fail", message=error.message, mend=error.hint)


@dataclasses.dataclass
class Patient:
    """The folder that is examined, and what was found around it."""

    folder: Path
    repository: Repository | None = None

    @property
    def repo(self) -> Repository:
        """The repository, for checks that are only made where there is one."""
        assert self.repository is not None
        return self.repository

    @functools.cached_property
    def root(self) -> Path | None:
        """The folder with `.tracking/`, inside the repository."""
        from gitrack.config.project import project_root

        top = self.repo.worktree
        found = project_root(self.folder)
        if found is None or top is None or not found.resolve().is_relative_to(top.resolve()):
            return None
        return found

    @functools.cached_property
    def config(self) -> Config:
        """The settings, or the defaults where they cannot be read: another check says so."""
        from gitrack.config.settings import Config, load_config
        from gitrack.errors import ConfigError

        try:
            return load_config(self.root)
        except ConfigError:
            return Config()

    @functools.cached_property
    def store(self) -> RunStore:
        from gitrack.store.git.branch import GitBranch
        from gitrack.store.runs import RunStore

        branch = GitBranch(self.repo, self.config.branch, remote=self.config.remote)
        return RunStore(branch, self.repo.home / "cache")
