"""What commits say for themselves: who, when, in which words, and who signed them off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gitrack.store.git.repository import Repository

#: Who says so has looked at it, and takes a share of the blame.
APPROVING = ("Approved-by", "Reviewed-by", "Acked-by")

_FIELDS = 5


class Said(NamedTuple):
    """A commit. `author` and `committer` are `Name <address>`; `approvers` are of its trailers."""

    commit: str
    parents: list[str]
    author: str
    committer: str
    message: str
    approvers: list[str]


def said(repository: Repository, commits: Iterable[str]) -> dict[str, Said]:
    """What each of some commits says, by one git process."""
    ids = list(dict.fromkeys(commits))
    if not ids:
        return {}
    keys = "".join(f"key={key}," for key in APPROVING)
    trailers = f"%(trailers:{keys}valueonly=true,unfold=true,separator=%x0a)"
    listed = repository.git_bytes(
        *("log", "--no-walk=unsorted", "--stdin", "--no-patch", "--no-color", "--no-notes"),
        *("--no-show-signature", "--encoding=UTF-8"),
        f"--format=tformat:%H %P%x00%an <%ae>%x00%cn <%ce>%x00%B%x00{trailers}%x00",
        input="".join(f"{id}\n" for id in ids),
    )
    words = listed.decode("utf-8", "replace").split("\0")
    found: dict[str, Said] = {}
    for place in range(0, len(words) - _FIELDS, _FIELDS):
        head, author, committer, message, approvers = words[place : place + _FIELDS]
        commit, *parents = head.split()
        names = [name.strip() for name in approvers.splitlines() if name.strip()]
        found[commit] = Said(
            commit, parents, author, committer, message.strip("\n"), list(dict.fromkeys(names))
        )
    return found


def brought(repository: Repository, tip: str, folder: str) -> dict[str, str]:
    """By path: the commit, of whatever line, that first wrote a file of a folder.

    A merge brings what its second parent has; this is who made it.
    """
    listed = repository.git_bytes(
        *("log", "--full-history", "--root", "--no-show-signature"),
        *("--diff-filter=A", "--raw", "-r", "-z", "--no-renames", "--no-abbrev", "--no-color"),
        *("--no-notes", "--no-ext-diff", "--no-relative", "--format=tformat:@%H", "--no-merges"),
        *(tip, "--", f":(top,literal){folder}"),
    )
    words = listed.split(b"\0")
    found: dict[str, str] = {}
    commit, place = "", 0
    while place < len(words):
        word = words[place].lstrip(b"\n")
        place += 1
        if word.startswith(b"@"):
            commit = word[1:].decode("ascii")
        elif word.startswith(b":") and place < len(words):
            # the newest comes first, and the first who wrote it is the one
            found[words[place].decode("utf-8", "surrogateescape")] = commit
            place += 1
    return found
