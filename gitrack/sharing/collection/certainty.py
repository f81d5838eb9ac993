"""Whether a clone knows enough to say that nobody needs something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitrack.errors import ArtifactError, StoreError
from gitrack.tracking.worktrees import out_of_reach, worktrees

if TYPE_CHECKING:
    from gitrack.artifacts import Cache
    from gitrack.store.git.exchange import Exchange
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore
    from gitrack.tracking.place import Place


def refuse_ignorance(place: Place, store: RunStore, *, offline: bool = False) -> None:
    """Raise StoreError where history is cut off, or the remote has runs that are not here.

    Runs in another clone that has not pushed them are beyond anybody's knowledge. `offline`
    believes what was fetched last.
    """
    from gitrack.store.git.exchange import Exchange

    repository = place.repository
    assert repository is not None
    if repository.shallow:
        raise StoreError(
            "this clone is shallow: commits that are not here may need what would be removed",
            hint="type  git fetch --unshallow",
        )
    for tree in out_of_reach(repository.common_dir):
        raise StoreError(
            f"the working tree {tree} is locked and not there: its DVC files are not known",
            hint=f"mount it; if it is gone for good:  git worktree unlock {tree}",
        )
    remote = place.config.remote
    if remote not in repository.git("remote").split():
        return
    exchange = Exchange(repository, store.branch.name, remote)
    tips = [exchange.known()]
    if not offline:
        tips.append(_asked(exchange))
    for tip in tips:
        if tip is not None and not _has(repository, store.branch.tip(), tip):
            raise StoreError(
                f"{remote} has runs that are not here, and they may need what would be removed",
                hint="type  gitrack pull",
            )


def _asked(exchange: Exchange) -> str | None:
    try:
        return exchange.look().tip
    except StoreError as error:
        raise StoreError(
            f"it is not known whether {exchange.remote} has other runs: {error.message}",
            hint="add --offline to rely on what was fetched last",
        ) from error


def _has(repository: Repository, ours: str | None, theirs: str) -> bool:
    if ours is None:
        return False
    return repository.run("merge-base", "--is-ancestor", theirs, ours).code == 0


def refuse_shared_cache(place: Place, cache: Cache) -> None:
    """Raise ArtifactError if other projects may keep their bytes in this cache, too."""
    repository = place.repository
    assert repository is not None
    homes = [repository.common_dir, *worktrees(repository.common_dir)]
    folder = cache.folder.resolve()
    if not any(folder.is_relative_to(home.resolve()) for home in homes):
        raise ArtifactError(
            f"the DVC cache {cache.folder} lies outside of this repository, so others may use it",
            hint="if nobody else does, add --shared-cache",
        )


def refuse_shared_remote(place: Place, url: str) -> None:
    """Raise ArtifactError if the user's own DVC data lies in the remote, too."""
    from gitrack.artifacts.neighbours import neighbours
    from gitrack.artifacts.project import read_settings

    repository = place.repository
    assert repository is not None
    for worktree in worktrees(repository.common_dir):
        shared = neighbours(read_settings(worktree), url)
        if not shared:
            continue
        raise ArtifactError(
            f"{url} shares its place with DVC's remote {shared[0].name} ({shared[0].url}), whose "
            "contents gitrack does not know",
            hint="give gitrack a place of its own: artifacts.remote in .tracking/config.yaml",
        )
