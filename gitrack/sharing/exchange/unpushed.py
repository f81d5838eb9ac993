"""What only this clone has, told without asking a remote."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gitrack.artifacts import Cache, cache_of
from gitrack.artifacts.remote import is_folder
from gitrack.sharing.exchange.meeting import new_runs
from gitrack.sharing.heavy import heavy_files
from gitrack.sharing.known import Known
from gitrack.store.git.branch import GitBranch
from gitrack.store.layout import RUNS
from gitrack.tracking.place import Place


class Unpushed(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that the git remote lacked when it was last seen, and heavy files that were not sent.

    `heavy` is None where there is no artifact remote to send them to.
    """

    runs: int
    heavy: int | None


def unpushed(place: Place) -> Unpushed | None:
    """None where the repository does not have the remote that the settings name."""
    repository = place.repository
    if repository is None or repository.setting(f"remote.{place.config.remote}.url") is None:
        return None
    branch = place.store().branch
    assert isinstance(branch, GitBranch)
    ours, theirs = branch.local_and_remote()
    if ours is None:
        return Unpushed(runs=0, heavy=_heavy(place) if theirs else None)
    if theirs is None:
        return Unpushed(runs=place.store().table().rows, heavy=_heavy(place))
    return Unpushed(runs=len(new_runs(branch, theirs, ours)), heavy=_heavy(place))


def _heavy(place: Place) -> int | None:
    repository, url = place.repository, place.config.artifacts.remote
    if repository is None or url is None:
        return None
    known = Known(repository.home / "cache", url)
    branch, table = place.store().branch, place.store().table()
    if known.tree is not None and known.tree == branch.tree(RUNS):
        return 0
    files = {file.md5 for file in heavy_files(table, range(table.rows))} - known.md5s
    here = cache_of(repository.worktree, repository.common_dir).sizes(files)
    if is_folder(url):
        # it has the layout of a cache, and the end of a run may have brought them there
        return len(here.keys() - Cache(Path(url)).sizes(here).keys())
    return len(here)
