"""All commits below some tips with what each changed, read by three git processes in all."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gitrack.errors import GitFailed, StoreError
from gitrack.store.git.objects import HASHES
from gitrack.store.git.process import clean_environment, first_complaint, git_missing
from gitrack.store.git.repository import Repository
from gitrack.store.git.trees import decode

_WHO = re.compile(rb"(.*?) ?<([^>]*)> (-?\d+) [-+]\d+\Z", re.DOTALL)
#: What stands for true ancestry: neither grafts nor a cache of the graph have a say.
_TRUE = {"GIT_GRAFT_FILE": os.devnull}
_TRULY = ("-c", "core.commitGraph=false")


class PastCommit(NamedTuple):
    """A commit as it is written, without what replacements and grafts make of it."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    authored: int
    committer: str
    committed: int
    message: str
    signed: bool


class Change(NamedTuple):
    """A file that differs between two trees. None: it is not there. `mode` is the newer one."""

    path: str
    old: str | None
    new: str | None
    mode: str


def commits_below(repository: Repository, tips: Sequence[str]) -> list[PastCommit]:
    """All commits that can be reached from some tips, parents before children."""
    if not tips:
        return []
    listed = _git(
        repository,
        [*_TRULY, "rev-list", "--topo-order", "--reverse", "--stdin"],
        "".join(f"{tip}\n" for tip in tips).encode("ascii"),
    )
    return past_commits(repository, listed.decode("ascii").split())


def past_commits(repository: Repository, ids: Sequence[str]) -> list[PastCommit]:
    """These commits, in the order in which they are asked for."""
    found = dict(_objects(repository, ids, b"commit"))
    cut = shallow_commits(repository)
    return [_commit(id, found[id], cut=id in cut) for id in ids if id in found]


def first_parents(repository: Repository, tip: str) -> list[str]:
    """The commits of the first-parent line below a tip, the oldest first."""
    arguments = [*_TRULY, "rev-list", "--first-parent", "--reverse", tip]
    return _git(repository, arguments, b"").decode("ascii").split()


def tree_changes(
    repository: Repository, pairs: Sequence[tuple[str | None, str]]
) -> Iterator[list[Change]]:
    """The files that differ between each two trees (None: an empty one), in the order asked."""
    empty = HASHES[repository.object_format].of(b"tree", b"").hex()
    asked = "".join(f"{before or empty} {after}\n" for before, after in pairs).encode("ascii")
    arguments = ["diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"]
    parts = _git(repository, arguments, asked).split(b"\0")
    changes: list[Change] | None = None
    for at in range(0, len(parts), 2):
        *headers, about = parts[at].split(b"\n")
        for _ in headers:
            if changes is not None:
                yield changes
            changes = []
        if not about:
            continue
        assert changes is not None
        _, mode, old, new, _ = about[1:].split(b" ")
        changes.append(
            Change(decode(parts[at + 1]), _id(old), _id(new), mode.decode("ascii", "replace"))
        )
    if changes is not None:
        yield changes


def sizes(repository: Repository, ids: Sequence[str]) -> dict[str, int]:
    """How large objects are, without reading them; those that are not here are left away."""
    asked = "".join(f"{id}\n" for id in ids).encode("ascii")
    # a partial clone must not bring each of them for this question
    arguments = ["cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"]
    lines = _git(repository, arguments, asked).decode("ascii", "replace").splitlines()
    pairs = (line.split() for line in lines)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def damaged(repository: Repository, id: str, data: bytes) -> bool:
    """True if contents are not those that an id names: git does not look when it reads."""
    return HASHES[repository.object_format].of(b"blob", data).hex() != id


def _id(raw: bytes) -> str | None:
    return raw.decode("ascii") if raw.strip(b"0") else None


def _commit(id: str, data: bytes, *, cut: bool) -> PastCommit:
    head, _, message = data.partition(b"\n\n")
    tree = author = committer = b""
    parents: list[str] = []
    signed = False
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"tree":
            tree = value
        elif name == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif name == b"author":
            author = value
        elif name == b"committer":
            committer = value
        elif name in (b"gpgsig", b"gpgsig-sha256"):
            signed = True
    who, authored = _who(author)
    by, committed = _who(committer)
    return PastCommit(
        id,
        tree.decode("ascii", "replace"),
        () if cut else tuple(parents),
        who,
        authored,
        by,
        committed,
        message.decode("utf-8", "replace"),
        signed,
    )


def shallow_commits(repository: Repository) -> frozenset[str]:
    """The commits at which a shallow clone is cut off."""
    if not repository.shallow:
        return frozenset()
    try:
        text = (repository.common_dir / "shallow").read_text("ascii")
    except FileNotFoundError:
        return frozenset()
    return frozenset(text.split())


def _who(raw: bytes) -> tuple[str, int]:
    found = _WHO.match(raw)
    if found is None:
        return raw.decode("utf-8", "replace"), 0
    name, email, seconds = found.groups()
    return f"{name.decode('utf-8', 'replace')} <{email.decode('utf-8', 'replace')}>", int(seconds)


def _objects(
    repository: Repository, ids: Iterable[str], kind: bytes
) -> Iterator[tuple[str, bytes]]:
    asked = "".join(f"{id}\n" for id in ids).encode("ascii")
    data = _git(repository, ["cat-file", "--batch", "--buffer"], asked)
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        head = data[at:end].split()
        if len(head) != 3:  # a shallow or partial clone lacks it
            at = end + 1
            continue
        size = int(head[2])
        if head[1] != kind:
            raise StoreError(f"{head[0].decode()} is a {head[1].decode()}, not a {kind.decode()}")
        yield head[0].decode("ascii"), data[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(repository: Repository, arguments: Sequence[str], asked: bytes) -> bytes:
    """What git says of a long list; the list comes from a file, for a full pipe would block."""
    with tempfile.TemporaryFile() as questions:
        questions.write(asked)
        questions.seek(0)
        try:
            done = subprocess.run(
                ["git", *arguments],
                cwd=repository.git_dir,
                stdin=questions,
                capture_output=True,
                env=clean_environment(GIT_DIR=str(repository.git_dir), **_TRUE),
                check=False,
            )
        except FileNotFoundError as error:
            raise git_missing() from error
    if done.returncode:
        raise GitFailed(arguments[2:], first_complaint(done.stderr.decode("utf-8", "replace")))
    return done.stdout
