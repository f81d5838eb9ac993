"""`pull`: what others have pushed comes here, the branch first, then heavy files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.artifacts import cache_of
from gitrack.artifacts.branch_files import remote_in
from gitrack.errors import ArtifactError
from gitrack.sharing.exchange.choice import EVERYTHING, Choice, chosen
from gitrack.sharing.exchange.meeting import Meeting, Parties, parties
from gitrack.sharing.exchange.sending import Objects, failure
from gitrack.sharing.exchange.unite import Side
from gitrack.sharing.heavy import heavy_files
from gitrack.sharing.known import Known
from gitrack.store.collected import collected
from gitrack.tracking.ending import recover
from gitrack.tracking.place import Place, find_place

if TYPE_CHECKING:
    from gitrack.artifacts.cache import Cache
    from gitrack.artifacts.transfer import Progress


class Pulled(msgspec.Struct, kw_only=True):
    """What a pull did. `runs` are new here, `ahead` counts commits that the remote lacks.

    `told` says what of ours is called otherwise since then, or was given up.
    """

    remote: str
    url: str
    branch: str
    commit: str | None = None
    moved: bool = False
    runs: int = 0
    ahead: int = 0
    code_trouble: str | None = None
    told: list[str] = []
    objects: Objects = msgspec.field(default_factory=Objects)

    @property
    def complete(self) -> bool:
        """True if all that was wanted is here."""
        return not (self.objects.failed or self.objects.lost or self.code_trouble)


def pull(
    where: Place | Path | None = None,
    *,
    choice: Choice = EVERYTHING,
    jobs: int | None = None,
    objects: bool = True,
    branch: bool = True,
    prefer: Side | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Unite the remote's branch with ours, then bring the heavy files of its runs.

    `choice` is about heavy files: the branch comes as a whole.
    `prefer` settles what both sides changed in different ways, which else raises MergeConflict.
    Raises UsageError for a time that is none, NotFound for runs and experiments that are not
    there, and StoreError if the git remote cannot be used.
    """
    choice.check()
    place = where if isinstance(where, Place) else find_place(where)
    recover.bring_in(place.folder)
    them = parties(place)
    done = Pulled(remote=them.exchange.remote, url=them.exchange.url, branch=them.branch.name)
    if branch:
        _bring_branch(them, them.meet(), prefer, done)
    done.commit = them.branch.tip()
    if objects and done.commit is not None:
        _bring_objects(them, choice, done.objects, jobs=jobs, progress=progress)
    return done


def _bring_branch(them: Parties, met: Meeting, prefer: Side | None, done: Pulled) -> None:
    done.code_trouble = met.code_trouble
    done.ahead = met.ahead
    if met.theirs is None or (met.ours is not None and not met.behind):
        return
    done.runs = len(them.new_runs(met.ours, met.theirs))
    commit, done.told = them.unite(met.theirs, prefer)
    done.moved = True
    done.ahead = them.exchange.distance(commit, met.theirs)[0]


def _bring_objects(
    them: Parties,
    choice: Choice,
    objects: Objects,
    *,
    jobs: int | None,
    progress: Progress | None,
) -> None:
    table = them.store.table()
    rows: Sequence[int] = range(table.rows)
    if not choice.everything:
        rows = chosen(them.store, table, choice)
    wanted = heavy_files(table, rows, collected(them.branch))
    needed = {file.md5: file for file in wanted}
    cache = cache_of(them.repository.worktree, them.repository.common_dir)
    url, settings = _remote(them)
    objects.url = url
    here = cache.sizes(needed)
    absent = [md5 for md5 in needed if md5 not in here or not _is_whole(md5, cache)]
    objects.present = len(needed) - len(absent)
    if not absent:
        return
    if url is None:
        objects.elsewhere = [needed[md5] for md5 in absent]
        return
    from gitrack.artifacts.remote import RemoteObjects
    from gitrack.artifacts.transfer import download

    try:
        remote = RemoteObjects(url, settings)
        done = download(absent, cache, remote, jobs=jobs, progress=progress)
    except ArtifactError as error:
        objects.failed = [failure(md5, error.message, needed.get(md5)) for md5 in absent]
        return
    objects.count(done)
    objects.failed = [failure(md5, why, needed.get(md5)) for md5, why in done.failed]
    # what came from there need not be sent there
    lacking = {md5 for md5, _ in done.failed}
    if lacking:
        lacking.update(md5 for md5 in absent if md5.endswith(".dir"))
    Known(them.repository.home / "cache", url).add(set(absent) - lacking)


def _is_whole(md5: str, cache: Cache) -> bool:
    """Whether all that the list of a folder names is here; a file always is."""
    if not md5.endswith(".dir"):
        return True
    from gitrack.artifacts.listing import list_folder

    try:
        inside = {inner for _, inner in list_folder(cache.path(md5), md5)}
    except (ArtifactError, OSError):
        return False  # the transfer says what is wrong with it
    return len(cache.sizes(inside)) == len(inside)


def _remote(them: Parties) -> tuple[str | None, dict[str, str]]:
    """Where heavy files come from: what the settings say, else what the branch says."""
    configured = them.place.config.artifacts.remote
    url = configured or remote_in(them.says_on_branch())
    if url is None:
        return None, {}
    from gitrack.artifacts.transfer import settings_for

    top = them.repository.worktree
    return url, settings_for(top, url, only_on_branch=configured is None)
