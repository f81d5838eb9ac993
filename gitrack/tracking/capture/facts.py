"""What is the same for all runs of a process: taken once, and again when the checkout moved."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import msgspec

from gitrack.config.settings import Capture as Settings
from gitrack.model.run import Code, Environment
from gitrack.store.git.repository import Repository
from gitrack.tracking.capture.command import command_line, interactive


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Code, machine, packages and command. Fields are filled in this order as they get known."""

    code: Code | None = None
    environment: Environment | None = None
    command: str = ""
    patch: bytes | None = None
    packages: bytes | None = None
    warnings: list[str] = []


class _Key(NamedTuple):
    """What must be equal for facts to be used again."""

    pid: int
    git_dir: str
    subfolder: str
    patch: bool
    packages: bool
    stamp: tuple[tuple[int, int] | str | None, ...]


_lock = threading.Lock()
_known: dict[str, tuple[_Key, Facts]] = {}


def known_facts(repository: Repository | None, settings: Settings) -> Facts | None:
    """The facts if they were taken before and nothing says that they are outdated."""
    if interactive():
        return None
    key = _key(repository, settings)
    with _lock:
        found = _known.get(key.git_dir)
    return found[1] if found is not None and found[0] == key else None


def take_facts(
    folder: Path,
    repository: Repository | None,
    settings: Settings,
    *,
    tell: Callable[[Facts], None],
) -> Facts:
    """Find everything out; `tell` hears what is known after each step. Raises nothing of git's."""
    # before looking: what changes while we look makes the facts outdated
    key = _key(repository, settings)
    top = repository.worktree if repository is not None else None
    facts = Facts(command=command_line(top or folder))
    facts = _with_commit(facts, repository)
    tell(facts)
    # first what cannot be found out later: a run may end before all is known
    facts = _with_changes(facts, repository, settings)
    tell(facts)
    facts = _with_environment(facts, settings, key)
    tell(facts)
    with _lock:
        _known[key.git_dir] = (key, facts)
    return facts


def _with_commit(facts: Facts, repository: Repository | None) -> Facts:
    from gitrack.tracking.capture.code import code_head

    if repository is None:
        return facts
    try:
        return msgspec.structs.replace(facts, code=code_head(repository))
    except Exception as trouble:  # noqa: BLE001 - a run goes on whatever git says
        return _warned(facts, f"the commit could not be found out: {trouble}")


def _with_changes(facts: Facts, repository: Repository | None, settings: Settings) -> Facts:
    from gitrack.tracking.capture.code import code_state

    if repository is None or facts.code is None:
        return facts
    try:
        state = code_state(repository, facts.code, patch=settings.patch)
    except Exception as trouble:  # noqa: BLE001 - a run goes on whatever git says
        return _warned(facts, f"uncommitted changes could not be captured: {trouble}")
    return msgspec.structs.replace(
        facts, code=state.code, patch=state.patch, warnings=[*facts.warnings, *state.warnings]
    )


def _with_environment(facts: Facts, settings: Settings, key: _Key) -> Facts:
    from gitrack.tracking.capture.machine import describe_machine
    from gitrack.tracking.capture.packages import digest, environment_txt

    with _lock:
        before = _known.get(key.git_dir)
    if before is not None and before[0].pid == key.pid and not interactive():
        # the checkout moved; machine and packages did not
        old = before[1]
        return msgspec.structs.replace(facts, environment=old.environment, packages=old.packages)
    try:
        environment = describe_machine()
        packages = environment_txt() if settings.packages else None
    except Exception as trouble:  # noqa: BLE001 - odd machines must not end a run
        return _warned(facts, f"the environment could not be captured: {trouble}")
    if packages is not None:
        environment = msgspec.structs.replace(environment, packages=digest(packages))
    return msgspec.structs.replace(facts, environment=environment, packages=packages)


def _warned(facts: Facts, warning: str) -> Facts:
    return msgspec.structs.replace(facts, warnings=[*facts.warnings, warning])


def _key(repository: Repository | None, settings: Settings) -> _Key:
    stamp: tuple[tuple[int, int] | str | None, ...] = ()
    if repository is not None:
        head = _head(repository.git_dir / "HEAD")
        branch = head.removeprefix("ref:").strip() if head and head.startswith("ref:") else None
        stamp = (
            head,
            _stamp(repository.git_dir / "index"),
            _stamp(repository.common_dir / branch) if branch else None,
            # the branch may be among the packed ones
            _stamp(repository.common_dir / "packed-refs"),
        )
    return _Key(
        pid=os.getpid(),
        git_dir=str(repository.git_dir) if repository else "",
        subfolder=repository.subfolder if repository else "",
        patch=settings.patch,
        packages=settings.packages,
        stamp=stamp,
    )


def _head(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def forget() -> None:
    """Find everything out anew."""
    with _lock:
        _known.clear()
