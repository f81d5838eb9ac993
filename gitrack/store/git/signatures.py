"""Signatures of commits as git judges them, many by one process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from gitrack.errors import GitFailed
from gitrack.store.git.process import first_complaint
from gitrack.store.git.repository import Repository


class Signed(StrEnum):
    """What a signature is worth. `unchecked`: there is one, and nobody asked git about it."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown key"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNSIGNED = "unsigned"
    UNCHECKED = "unchecked"


class Signature(NamedTuple):
    """A commit's signature: what it is worth, whose it is, and by which key."""

    state: Signed
    signer: str | None = None
    key: str | None = None


#: How git's `%G?` reads. N is said of a signature for which git has no means to check it.
_STATES = {
    "G": Signed.GOOD,
    "B": Signed.BAD,
    "U": Signed.UNKNOWN,
    "X": Signed.EXPIRED,
    "Y": Signed.EXPIRED,
    "R": Signed.REVOKED,
    "E": Signed.UNKNOWN,
    "N": Signed.UNKNOWN,
}
_FORMAT = "--format=%H%x1f%G?%x1f%GS%x1f%GF%x1f%GK%x1e"


def verified(repository: Repository, commits: Iterable[str]) -> dict[str, Signature]:
    """The signatures of commits that have one, checked; git starts gpg or ssh-keygen for each."""
    asked = list(dict.fromkeys(commits))
    if not asked:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    # verification waits for other processes: two at a time keep two cores busy
    halves = [half for half in (asked[0::2], asked[1::2]) if half]
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda half: _ask(repository, half), halves))
    return {id: signature for part in parts for id, signature in part.items()}


def _ask(repository: Repository, commits: Sequence[str]) -> dict[str, Signature]:
    done = repository.run(
        *("log", "--no-walk=unsorted", "--stdin", "--no-show-signature", _FORMAT),
        input="".join(f"{id}\n" for id in commits),
    )
    if done.code:
        raise GitFailed(["log"], first_complaint(done.err))
    found: dict[str, Signature] = {}
    for line in done.out.decode("utf-8", "replace").split("\x1e"):
        parts = line.strip("\n").split("\x1f")
        if len(parts) != 5:
            continue
        id, letter, signer, fingerprint, key = parts
        state = _STATES.get(letter, Signed.UNKNOWN)
        found[id] = Signature(state, signer or None, fingerprint or key or None)
    return found
