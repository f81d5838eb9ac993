"""The line of first parents: what was published stays on it."""

from __future__ import annotations

from gitrack.store.git.repository import Repository


def continues(repository: Repository, tip: str, former: str) -> bool:
    """Whether a tip's line of first parents leads through a former tip.

    False where somebody merged the former tip into his own side: then the line is his.
    """
    if tip == former:
        return True
    listed = repository.git("rev-list", "--first-parent", "--parents", tip, f"^{former}")
    return any(words.split()[1:2] == [former] for words in reversed(listed.splitlines()))
