"""Objects between the cache and a remote: many at once, only what is missing, each one whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from gitrack.artifacts.branch_files import REMOTE
from gitrack.artifacts.cache import Cache
from gitrack.artifacts.copying import no_bars
from gitrack.artifacts.listing import list_folder
from gitrack.artifacts.project import read_settings
from gitrack.artifacts.remote import RemoteObjects, Unreachable, is_folder
from gitrack.errors import ArtifactError

#: So many failures in a row mean that the other end is gone: the rest is not tried.
_GIVE_UP = 12

#: Called after each object: how many are done, of how many, and the bytes sent so far.
Progress = Callable[[int, int, int], object]


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What a transfer did, in objects: the files of folders and the lists of folders count.

    `present` were there already. `failed` says why for each; the others arrived all the same.
    `hint` says what to do about the first of the failed.
    """

    sent: int = 0
    bytes: int = 0
    present: int = 0
    failed: list[tuple[str, str]] = []
    hint: str | None = None

    def __add__(self, other: Transfer) -> Transfer:
        return Transfer(
            sent=self.sent + other.sent,
            bytes=self.bytes + other.bytes,
            present=self.present + other.present,
            failed=self.failed + other.failed,
            hint=self.hint if self.failed else other.hint,
        )

    def must_be_whole(self) -> Transfer:
        """Itself, or ArtifactError that names what failed."""
        if not self.failed:
            return self
        md5, why = self.failed[0]
        more = f" (and {len(self.failed) - 1} more objects)" if len(self.failed) > 1 else ""
        raise ArtifactError((why if md5 in why else f"{md5}: {why}") + more, hint=self.hint)


def upload(
    md5s: Iterable[str],
    cache: Cache,
    remote: RemoteObjects,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Transfer:
    """Bring what the remote lacks there.

    The list of a folder goes last: whoever sees it may rely on all that it names. Raises
    ArtifactError if the remote cannot be reached at all.
    """
    legacy = remote.legacy
    folders, files, failed = _expanded(dict.fromkeys(md5s), cache, legacy)
    sizes = cache.sizes([*files, *folders, *failed], legacy=legacy)
    wanted = {md5: sizes.get(md5) for md5 in (*files, *folders, *failed)}
    there = remote.present(wanted, jobs=jobs)
    for md5 in files:
        if md5 not in sizes and md5 not in there:
            failed[md5] = _nowhere(md5, cache, remote)

    def send(md5: str) -> int:
        return remote.upload(md5, cache.path(md5, legacy=legacy))

    move = partial(_each, send, jobs=jobs or remote.jobs)
    missing = [md5 for md5 in files if md5 not in there and md5 not in failed]
    lists = [md5 for md5 in folders if md5 not in there]
    total = len(missing) + len(lists)
    first = move(missing, total=total, done=0, progress=progress)
    lost = {md5 for md5, _ in first.failed} | (failed.keys() - there)
    whole = [md5 for md5 in lists if not lost & folders[md5]]
    second = move(whole, total=total, done=len(missing), progress=progress)
    for md5 in set(lists) - set(whole):
        count = len(lost & folders[md5])
        failed[md5] = f"the list of a folder is held back, for {count} of its files are missing"
    refused = [(md5, why) for md5, why in failed.items() if md5 not in there]
    hint = "push it from where the run was made" if refused else None
    return first + second + Transfer(present=len(there), failed=refused, hint=hint)


def download(
    md5s: Iterable[str],
    cache: Cache,
    remote: RemoteObjects,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    alone: bool = False,
) -> Transfer:
    """Bring what the cache lacks here, each object checked by its md5 before it has a name.

    The lists of folders come first, for they say what else is wanted; `alone` brings nothing
    but them. Raises ArtifactError if the remote cannot be reached at all.
    """
    legacy = remote.legacy

    def bring(md5: str) -> int:
        if md5 not in there:
            raise remote.lacks(md5)
        return cache.receive(md5, partial(remote.download, md5), remote.path(md5), legacy=legacy)

    def move(md5s: list[str], *, total: int, done: int) -> Transfer:
        there.update(remote.present(dict.fromkeys(md5s), jobs=jobs))
        return _each(
            bring, md5s, jobs=jobs or remote.jobs, total=total, done=done, progress=progress
        )

    there: set[str] = set()
    wanted = dict.fromkeys(md5s)
    lists = [md5 for md5 in wanted if md5.endswith(".dir")]
    absent = [md5 for md5 in lists if not cache.has(md5, legacy=legacy)]
    first = move(absent, total=len(absent), done=0)
    if alone:
        return first
    lost = {md5 for md5, _ in first.failed}
    folders, files, failed = _expanded([md5 for md5 in wanted if md5 not in lost], cache, legacy)
    here = cache.sizes(files, legacy=legacy)
    missing = [md5 for md5 in files if md5 not in here]
    second = move(missing, total=len(missing) + len(absent), done=len(absent))
    present = len(here) + len(folders) - first.sent
    return first + second + Transfer(present=present, failed=list(failed.items()))


def settings_for(
    worktree: Path | None, url: str, *, only_on_branch: bool = False
) -> dict[str, str]:
    """The settings of a remote in the checkout's DVC config: endpoint, credentials, ….

    Those of the remote with this URL, or of the one named `gitrack` if it names no other place.
    A URL that is `only_on_branch` may be anybody's, and gets no password but its own.
    """
    settings = read_settings(worktree)
    same = [remote for remote in settings.remotes.values() if _same(remote.url, url)]
    same.sort(key=lambda remote: remote.name != REMOTE)
    if same or only_on_branch:
        return dict(same[0].settings) if same else {}
    return dict(settings.without_url.get(REMOTE, {}))


def deliver(md5s: Iterable[str], cache: Cache, url: str | None) -> bool:
    """True if a remote has these objects now: a remote that is a folder gets them at once.

    One at a URL is left alone, since the end of a training must not wait for a network. Only
    for what is delivered may a day's folder point DVC at the remote: until then plain DVC finds
    the bytes in the cache of the checkout, and would look there no more.
    """
    if url is None or not is_folder(url):
        return False
    upload(md5s, cache, RemoteObjects(url)).must_be_whole()
    return True


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def _nowhere(md5: str, cache: Cache, remote: RemoteObjects) -> str:
    return f"{md5} is neither in the DVC cache {cache.folder} nor in {remote.url}"


def _expanded(
    md5s: Iterable[str], cache: Cache, legacy: bool
) -> tuple[dict[str, set[str]], dict[str, None], dict[str, str]]:
    """The folders with what they hold, all files, and why some lists cannot be read."""
    folders: dict[str, set[str]] = {}
    files: dict[str, None] = {}
    failed: dict[str, str] = {}
    for md5 in md5s:
        if not md5.endswith(".dir"):
            files[md5] = None
            continue
        try:
            inside = [inner for _, inner in list_folder(cache.path(md5, legacy=legacy), md5)]
        except FileNotFoundError:
            failed[md5] = f"the list {md5} of a folder's files is not in {cache.folder}"
        except ArtifactError as error:
            failed[md5] = error.message
        else:
            folders[md5] = set(inside)
            files.update(dict.fromkeys(inside))
    return folders, files, failed


def _each(
    work: Callable[[str], int],
    md5s: Iterable[str],
    *,
    jobs: int,
    total: int,
    done: int,
    progress: Progress | None,
) -> Transfer:
    """`work`, which gives the size, on each object; a failure of one does not hide the others."""
    size = sent = 0
    failed: list[tuple[str, str]] = []
    skipped: list[tuple[str, str]] = []
    outcome: int | ArtifactError = 0
    hint: str | None = None
    in_a_row = 0
    waiting = iter(md5s)
    for md5, outcome in _in_parallel(work, waiting, jobs):
        if isinstance(outcome, int):
            sent, size, in_a_row = sent + 1, size + outcome, 0
        else:
            failed.append((md5, outcome.message))
            hint = hint or outcome.hint
            in_a_row += isinstance(outcome, Unreachable)
        if progress is not None:
            progress(done + sent + len(failed), total, size)
        if isinstance(outcome, Unreachable) and in_a_row >= max(_GIVE_UP, jobs):
            why = f"not tried after {in_a_row} failures in a row, the last: {outcome.message}"
            skipped += [(md5, why) for md5 in waiting]
    if isinstance(outcome, Unreachable) and in_a_row == len(failed) and not sent:
        raise outcome  # nothing has worked: there is no remote
    failed += skipped
    return Transfer(sent=sent, bytes=size, failed=failed, hint=hint)


def _in_parallel(
    work: Callable[[str], int], md5s: Iterator[str], jobs: int
) -> Iterator[tuple[str, int | ArtifactError]]:
    """Each md5 with its size or why it failed, as they come; few are under way at a time."""
    first = list(islice(md5s, 2))
    if len(first) < 2:  # a thread costs more than it saves
        yield from ((md5, _outcome(work, md5)) for md5 in first)
        return
    with no_bars(), ThreadPoolExecutor(max_workers=jobs) as threads:
        running: dict[Future[int | ArtifactError], str] = {}
        try:
            for md5 in first:
                running[threads.submit(_outcome, work, md5)] = md5
            while running:
                done = wait(running, return_when=FIRST_COMPLETED).done
                # before any is given away: all may be done at once, and more may be waiting
                for md5 in islice(md5s, max(jobs + len(done) - len(running), 0)):
                    running[threads.submit(_outcome, work, md5)] = md5
                for future in done:
                    yield running.pop(future), future.result()
        finally:  # an interrupt waits for what is under way, and for nothing more
            threads.shutdown(cancel_futures=True)


def _outcome(work: Callable[[str], int], md5: str) -> int | ArtifactError:
    try:
        return work(md5)
    except ArtifactError as error:
        return error
