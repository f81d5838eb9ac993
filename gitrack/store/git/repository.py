"""Where a git repository's parts lie, and git run in it with a cleaned environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from gitrack.errors import GitFailed, NoIdentity, NoRepository, StoreError
from gitrack.store.git.identity import Author, find_identity
from gitrack.store.git.process import Done, first_complaint, run_git

_TRUE = frozenset({"true", "yes", "on", "1", ""})
_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*')


class Repository:
    """A git repository, wherever in it we stand: worktree, bare, submodule, sub-folder.

    `common_dir` holds refs and objects (worktrees share it), `git_dir` this worktree's HEAD and
    index. Nothing here is kept open: a Repository may cross threads and forks.
    """

    def __init__(
        self,
        *,
        git_dir: Path,
        common_dir: Path,
        worktree: Path | None,
        subfolder: str = "",
        object_format: str = "sha1",
        shallow: bool = False,
        bare: bool = False,
    ) -> None:
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.worktree = worktree
        self.subfolder = subfolder
        self.object_format = object_format
        self.shallow = shallow
        self.bare = bare
        own = _own_settings(common_dir / "config")
        self.ref_storage = own.get("extensions.refstorage", "files").lower()
        #: The remote that lends the objects which a partial clone left behind.
        self.promisor = _promisor(own)
        self._settings: dict[str, str] | None = None

    @property
    def partial(self) -> bool:
        """True if objects may be missing here and are fetched when they are asked for."""
        return self.promisor is not None

    @classmethod
    def discover(cls, start: Path | str | None = None) -> Repository:
        """The repository around `start` (a folder or a file; default: where we are)."""
        place = Path(start) if start is not None else Path.cwd()
        folder = place if place.is_dir() else place.parent
        if not folder.is_dir():
            raise NoRepository(place)
        # --show-toplevel comes last: without a worktree git prints all the rest, then complains
        asked = ["--git-dir", "--git-common-dir", "--show-prefix", "--show-object-format"]
        asked += ["--is-shallow-repository", "--is-bare-repository", "--show-toplevel"]
        done = run_git(folder, ["rev-parse", "--path-format=absolute", *asked])
        lines = done.out.decode("utf-8", "surrogateescape").split("\n")[:-1]
        if len(lines) not in (6, 7):
            raise _not_found(place, done)
        git_dir, common_dir, prefix, object_format, shallow, bare = lines[:6]
        return cls(
            git_dir=Path(git_dir),
            common_dir=Path(common_dir),
            worktree=Path(lines[6]) if len(lines) == 7 else None,
            subfolder=prefix.rstrip("/"),
            object_format=object_format,
            shallow=shallow == "true",
            bare=bare == "true",
        )

    @cached_property
    def home(self) -> Path:
        """The folder that gitrack keeps for itself, shared by all worktrees."""
        return self.common_dir / "gitrack"

    @cached_property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    def run(
        self,
        *arguments: str,
        input: bytes | str | None = None,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Run git here to its end, whatever its exit code."""
        data = input.encode("utf-8", "surrogateescape") if isinstance(input, str) else input
        folder = self.worktree or self.git_dir
        return run_git(folder, arguments, input=data, timeout=timeout, environment=environment)

    def git_bytes(
        self,
        *arguments: str,
        input: bytes | str | None = None,
        check: bool = True,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """What git printed, to the byte. Raises GitFailed unless `check` is off."""
        done = self.run(*arguments, input=input, timeout=timeout, environment=environment)
        if check and done.code:
            raise GitFailed(arguments, first_complaint(done.err))
        return done.out

    def git(
        self,
        *arguments: str,
        input: bytes | str | None = None,
        check: bool = True,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What git printed, as text without the newlines at its end."""
        out = self.git_bytes(
            *arguments, input=input, check=check, timeout=timeout, environment=environment
        )
        return out.decode("utf-8", "surrogateescape").rstrip("\n")

    def setting(self, name: str) -> str | None:
        """The value in force of a git setting, from all of git's configuration files."""
        return self._all_settings().get(name.lower())

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes-or-no setting."""
        value = self.setting(name)
        return default if value is None else value.lower() in _TRUE

    def identity(self) -> Author:
        """Who is the author of what is committed here. Raises NoIdentity, or ConfigError."""
        return self._identity("author")

    def committer(self) -> Author:
        """Who commits here. Raises NoIdentity, or ConfigError."""
        return self._identity("committer")

    def _identity(self, role: str) -> Author:
        try:
            return find_identity(self._all_settings(), role)
        except NoIdentity:
            # a notebook lives on while its user types the commands that the error named
            self._settings = None
            return find_identity(self._all_settings(), role)

    def _all_settings(self) -> dict[str, str]:
        if self._settings is None:
            listed = self.git_bytes("config", "--list", "-z").decode("utf-8", "surrogateescape")
            settings: dict[str, str] = {}
            for line in listed.split("\0")[:-1]:
                name, _, value = line.partition("\n")
                settings[name.lower()] = value
            self._settings = settings
        return self._settings

    def __repr__(self) -> str:
        return f"Repository({str(self.worktree or self.git_dir)!r})"


def _not_found(place: Path, done: Done) -> StoreError:
    if "not a git repository" in done.err:
        return NoRepository(place)
    complaint = first_complaint(done.err)
    if "dubious ownership" in complaint:
        return StoreError(
            f"{place}: {complaint}",
            hint=f"type  git config --global --add safe.directory {shlex.quote(str(place))}",
        )
    return StoreError(f"{place}: {complaint}")


def _own_settings(config: Path) -> dict[str, str]:
    """The settings that git takes from the repository's own file alone, read without git."""
    try:
        text = config.read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return {}
    settings: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        header = _SECTION.match(line)
        if header:
            section = header.group(1).lower()
            if header.group(2) is not None:
                section += f".{header.group(2)}"
            line = line[header.end() :]
        name, _, value = line.partition("=")
        name = name.strip().lower()
        if name and name[0] not in "#;":
            settings[f"{section}.{name}"] = value.strip().strip('"')
    return settings


def _promisor(own: Mapping[str, str]) -> str | None:
    named = own.get("extensions.partialclone")
    if named:
        return named
    for name, value in own.items():
        if name.startswith("remote.") and name.endswith(".promisor") and value.lower() in _TRUE:
            return name.removeprefix("remote.").removesuffix(".promisor")
    return None
