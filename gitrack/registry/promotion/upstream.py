"""On which commit a promotion is judged: the remote's tracking branch, where there is a remote."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gitrack.errors import GitrackError, NotFound, StoreError
from gitrack.registry.opened import OpenRegistry
from gitrack.store.git.exchange import Exchange
from gitrack.store.registry import Registry
from gitrack.store.registry.paths import REGISTRY


class Base(NamedTuple):
    """A commit of the tracking branch, and the remote that has it; `trouble` if nobody answered."""

    commit: str | None
    remote: str | None = None
    trouble: str | None = None


def base_of(opened: OpenRegistry, *, ask: bool) -> Base:
    """Where the tracking branch stands for everybody. With `ask`, the remote is asked first."""
    branch = opened.branch
    remote = opened.place.config.remote
    if not has_remote(opened):
        return Base(branch.local_and_remote()[0])
    trouble = None
    if ask:
        trouble = _asked(opened, remote)
    there = branch.local_and_remote()[1]
    if there is None and trouble is not None:
        raise trouble
    if there is None:
        raise NotFound(
            f"{remote} has no branch {branch.name} yet, on which a pull request could begin",
            hint="type  gitrack push",
        )
    return Base(there, remote, None if trouble is None else trouble.message)


def has_remote(opened: OpenRegistry) -> bool:
    """Is there a git remote of the name that the settings say?"""
    remote = opened.place.config.remote
    return opened.repository.setting(f"remote.{remote}.url") is not None


def _asked(opened: OpenRegistry, remote: str) -> StoreError | None:
    exchange = Exchange(opened.repository, opened.branch.name, remote)
    try:
        exchange.fetch(exchange.look()._replace(code=frozenset()))
    except StoreError as error:
        return error
    return None


def refuse_unpushed(
    opened: OpenRegistry, name: str, target: Callable[[Registry], int | str], base: Base
) -> None:
    """Raise NotFound if what is to be promoted, or what speaks for it, is only in this clone."""
    here = opened.branch.local_and_remote()[0]
    if base.remote is None or base.commit is None or here is None or here == base.commit:
        return
    reader = opened.reader(at=here)
    try:
        version = reader.version(name, target(reader))
    except NotFound:
        return  # somebody else's, which this clone has not united with yet
    folder = f"{REGISTRY}/{name}"
    only_here = _changed_here(opened, folder, here, base.commit)
    number = version.version
    about = (
        f"{folder}/versions/{number}.yaml",
        f"{folder}/evidence/{number}/",
        f"{folder}/stages/",
        f"{folder}/promotions/",
    )
    missing = [path for path in only_here if path.startswith(about)]
    if not missing:
        try:
            opened.store.at(base.commit).find(version.run)
        except NotFound:
            missing = [f"run {version.run}"]
    if missing:
        where = f"{base.remote}/{opened.branch.name}"
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotFound(
            f"{missing[0]}{more} of {name} v{number} is not on {where} yet, so a pull request "
            "would be judged without it",
            hint="type  gitrack push",
        )


def _changed_here(opened: OpenRegistry, folder: str, here: str, there: str) -> list[str]:
    """Files below a folder that this clone has changed since it parted from the remote."""
    branch = opened.branch
    mine = branch.tree(folder, at=here)
    if mine is None or mine == branch.tree(folder, at=there):
        return []
    parted = opened.repository.git("merge-base", here, there, check=False).partition("\n")[0]
    before = branch.tree(folder, at=parted) if parted else None
    if before == mine:
        return []
    if before is None:
        paths = [entry.path for entry in branch.entries(folder, at=here)]
    else:
        paths = [path for path, entry in branch.changed(before, mine, under=folder) if entry]
    return [path for path in paths if not _alike(opened, path, here, there)]


def _alike(opened: OpenRegistry, path: str, here: str, there: str) -> bool:
    try:
        return opened.branch.read(path, at=here) == opened.branch.read(path, at=there)
    except GitrackError:
        return False
