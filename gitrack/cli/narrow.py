"""Clones of one branch (`--single-branch`, `--depth`, many CI checkouts): they miss the runs."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitrack.store.git.repository import Repository


def leaves_out(repository: Repository, remote: str, branch: str) -> bool:
    """True if fetching from the remote never brings this branch."""
    if remote not in repository.git("remote").split():
        return False
    refspecs = repository.git("config", "--get-all", f"remote.{remote}.fetch", check=False)
    sources = [refspec.lstrip("+").partition(":")[0] for refspec in refspecs.split()]
    wanted = f"refs/heads/{branch}"
    return not any(fnmatch.fnmatchcase(wanted, source) for source in sources)


def how_to_fetch(remote: str, branch: str) -> str:
    """What to type in such a clone."""
    return f"git remote set-branches --add {remote} {branch} && git fetch {remote} {branch}"
