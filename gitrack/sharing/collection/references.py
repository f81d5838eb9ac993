"""Which contents somebody refers to: the branch, the user's own DVC files, runs on their way."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitrack.errors import ArtifactError, GitFailed
from gitrack.store.layout import PIPELINE, RECORD, RUNS, place_of

if TYPE_CHECKING:
    from gitrack.store.branch import Branch, Entry
    from gitrack.store.git.repository import Repository
    from gitrack.tracking.place import Place

#: An md5 as DVC writes it; not a part of a longer digest.
_MD5 = re.compile(rb"(?<![0-9a-zA-Z])[0-9a-f]{32}(?:\.dir)?(?![0-9a-zA-Z])")
_POINTER = ".dvc"
#: Files of a run that say what it relies on.
_SPEAKING = frozenset({RECORD, PIPELINE})
#: Where DVC, of whatever age, keeps hashes of a user's data.
_DVC_FILES = ("*.dvc", ":(glob)**/dvc.lock", ":(glob)**/Dvcfile")


def md5s_in(data: bytes) -> set[str]:
    """Everything that looks like an md5: in doubt, one more is referred to."""
    return {found.decode() for found in _MD5.findall(data)}


class Referred(NamedTuple):
    """What the runs of a branch refer to at one commit.

    `pointers` maps the path of each pointer to its md5s, by the folder of its run (the empty one
    for a pointer in no run's folder); `others` has those of a run's record and pipeline.
    """

    pointers: dict[str, dict[str, set[str]]]
    others: dict[str, set[str]]


def on_branch(branch: Branch, tip: str) -> Referred:
    """What lies below `runs/`. Raises GitrackError if a file of it cannot be read."""
    pointers: dict[str, dict[str, set[str]]] = defaultdict(dict)
    others: dict[str, set[str]] = defaultdict(set)
    entries = [entry for entry in branch.entries(RUNS, at=tip) if _speaks(entry)]
    contents = branch.read_many([entry.id for entry in entries])
    for entry, (_, data) in zip(entries, contents, strict=True):
        if not isinstance(data, bytes):
            raise data
        place = place_of(entry.path)
        folder = place.folder if place else ""
        if entry.path.endswith(_POINTER):
            pointers[folder][entry.path] = md5s_in(data)
        else:
            others[folder] |= md5s_in(data)
    return Referred(dict(pointers), dict(others))


def _speaks(entry: Entry) -> bool:
    name = entry.path.rpartition("/")[2]
    return name.endswith(_POINTER) or name in _SPEAKING


def ever_on_branch(repository: Repository, branch: Branch, refs: list[str]) -> dict[str, list[str]]:
    """md5 → paths of the pointers to it, of all pointers that the branch has ever had."""
    found: dict[str, list[str]] = defaultdict(list)
    commits = repository.git_bytes("rev-list", *refs)
    versions = dict.fromkeys(_versions(repository, commits, [f":(glob){RUNS}/**/*{_POINTER}"]))
    contents = branch.read_many([id for id, _ in versions])
    for (_, path), (_, data) in zip(versions, contents, strict=True):
        if isinstance(data, bytes):  # what cannot be read makes nothing a candidate
            for md5 in md5s_in(data):
                found[md5].append(path)
    return found


def tracking_refs(repository: Repository, name: str) -> list[str]:
    """The branch here and on every remote, as far as they have been seen."""
    listed = repository.git(
        "for-each-ref", "--format=%(refname)", f"refs/heads/{name}", f"refs/remotes/*/{name}"
    )
    return listed.splitlines()


def other_tips(repository: Repository, name: str, tip: str) -> list[tuple[str, str]]:
    """(ref, commit) of the branch here or on a remote where it has what `tip` has not."""
    found = []
    for ref in tracking_refs(repository, name):
        commit = repository.git("rev-parse", "--verify", f"{ref}^{{commit}}")
        if repository.run("merge-base", "--is-ancestor", commit, tip).code:
            found.append((ref.removeprefix("refs/heads/").removeprefix("refs/remotes/"), commit))
    return found


def of_the_user(
    repository: Repository,
    branch: Branch,
    tracking: list[str],
    worktrees: list[Path],
    cache: Path,
    seen: frozenset[Path] = frozenset(),
) -> set[str]:
    """Every md5 in a DVC file of any commit, stash, index or working tree but the tracking branch.

    Commits that only a reflog knows count, also where the tracking branch has been before. So
    does every repository inside of a working tree: a submodule, or what DVC tries experiments in.
    """
    mine = ["--not", *tracking] if tracking else []
    commits = repository.git_bytes("rev-list", "--all", "--reflog", *mine)
    ids = {id for id, _ in _versions(repository, commits, _DVC_FILES)}
    found: set[str] = set()
    for worktree in worktrees:
        ids.update(_in_index(worktree))
        for path in _in_worktree(worktree):
            found |= md5s_in(path.read_bytes())
        for nested in _nested(worktree):
            found |= _of_nested(nested, cache, seen | {repository.common_dir})
    for _, data in branch.read_many(sorted(ids)):
        if not isinstance(data, bytes):
            raise data
        found |= md5s_in(data)
    for path in (cache / "runs").glob("*/*/*"):  # what DVC knows of stages it need not run again
        found |= md5s_in(path.read_bytes())
    return found


def _versions(
    repository: Repository, commits: bytes, paths: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """(blob, path) of every version of some files that these commits have brought.

    Each commit against each of its parents, without git's simplification of history: whatever
    a tree holds has come with some commit.
    """
    listed = repository.git_bytes(
        "diff-tree", "--stdin", "-r", "-m", "--root", "--no-commit-id", "--raw", "-z",
        "--no-renames", "--no-abbrev", "--diff-filter=AMT", "--", *paths,
        input=commits,
    )  # fmt: skip
    parts = listed.split(b"\0")
    for head, path in zip(parts[0:-1:2], parts[1:-1:2], strict=True):
        _, mode, _, id, _ = head.split(b" ")
        if mode != b"160000":
            yield id.decode(), os.fsdecode(path)


def _in_index(worktree: Path) -> Iterator[str]:
    listed = _git(worktree, "ls-files", "--stage", "-z", "--", *_DVC_FILES)
    for line in listed.split(b"\0")[:-1]:
        yield line.split(b" ", 2)[1].decode()


def _in_worktree(worktree: Path) -> Iterator[Path]:
    """DVC files as they are on disk, also those that git has never seen, or ignores."""
    listed = _git(worktree, "ls-files", "--cached", "--others", "-z", "--", *_DVC_FILES)
    for name in set(listed.split(b"\0")[:-1]):
        path = worktree / os.fsdecode(name)
        if path.is_file():
            yield path


def _nested(worktree: Path) -> Iterator[Path]:
    """Repositories in a working tree, of which its own git sees nothing but the folder."""
    listed = _git(worktree, "ls-files", "--others", "-z")
    names = {name for name in listed.split(b"\0")[:-1] if name.endswith(b"/")}
    for line in _git(worktree, "ls-files", "--stage", "-z").split(b"\0")[:-1]:
        if line.startswith(b"160000 "):
            names.add(line.partition(b"\t")[2])
    for name in sorted(names):
        if (folder := worktree / os.fsdecode(name) / ".git").exists():
            yield folder.parent


def _of_nested(folder: Path, cache: Path, seen: frozenset[Path]) -> set[str]:
    from gitrack.store.git.branch import GitBranch
    from gitrack.store.git.repository import Repository
    from gitrack.tracking.worktrees import worktrees

    repository = Repository.discover(folder)
    if repository.common_dir in seen:
        return set()  # one more working tree of what has been looked at
    trees = dict.fromkeys([folder, *worktrees(repository.common_dir)])
    return of_the_user(repository, GitBranch(repository), [], list(trees), cache, seen)


def _git(worktree: Path, *arguments: str) -> bytes:
    from gitrack.store.git.process import first_complaint, run_git

    done = run_git(worktree, list(arguments))
    if done.code:
        raise GitFailed(arguments, f"{worktree}: {first_complaint(done.err)}")
    return done.out


def named_by_journals(place: Place) -> set[str]:
    """What runs that are being written or wait have read, and what DVC keeps for them.

    Raises ArtifactError where a journal cannot be read: what it names is not known.
    """
    from gitrack.tracking.ending.recover import waiting
    from gitrack.tracking.journals.fold import fold
    from gitrack.tracking.journals.journal import DamagedJournal

    found: set[str | None] = set()
    for run in waiting(place):
        try:
            folded = fold(run.folder)
        except FileNotFoundError:
            continue  # committed meanwhile: the guard keeps what it names
        except (DamagedJournal, OSError) as error:
            raise ArtifactError(
                f"run {run.id} waits in {run.folder}, and what it needs is not known: {error}",
                hint=f"look at {run.folder}; 'rm -r' removes it for good",
            ) from error
        found.update(file.md5 for file in folded.artifacts.values())
        found.update(use.md5 for use in folded.uses)
    return {md5 for md5 in found if md5 is not None}


def on_their_way(place: Place, sizes: Collection[int]) -> set[str]:
    """The contents of runs that are being written or wait, of those that have one of `sizes`."""
    from gitrack.artifacts.copying import md5_of_file
    from gitrack.tracking.ending.recover import waiting
    from gitrack.tracking.logged.files import ARTIFACTS

    found: set[str] = set()
    for run in waiting(place):
        for path in (run.folder / ARTIFACTS).rglob("*"):
            try:
                if path.is_file() and path.stat().st_size in sizes:
                    found.add(md5_of_file(path))
            except FileNotFoundError:
                continue  # committed meanwhile: the branch is read after this
    return found
