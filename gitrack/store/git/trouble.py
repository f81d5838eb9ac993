"""What git says about a remote that it cannot use, in words that help."""

from __future__ import annotations

import re

from gitrack.errors import StoreError
from gitrack.store.git.process import first_complaint

_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")
#: Progress of the other side, and its advertisements.
_NOISE = re.compile(r"(?:resolving deltas|counting objects|compressing objects|enumerating)", re.I)

_CASES = (
    (
        r"'refs/remotes/[^']+' exists; cannot create",
        "what {remote} has as {branch} finds no place here: {why}",
        "if that branch is gone from {remote}, type  git remote prune {remote}",
    ),
    (
        r"'refs/heads/(?P<other>[^']+)' exists; cannot create",
        "{remote} has a branch {other}, beside which git keeps no branch {branch}",
        "rename or delete the branch {other} there, and type the command again",
    ),
    (
        r"protected branch|protected ref|GH006|GH013|hook declined|not allowed to push|TF402455",
        "{remote} does not let you push the branch {branch}: {why}",
        "ask whoever administers {remote} to let {branch} be pushed to (it holds no code), or "
        "push it as another branch and open a pull request:  git push {remote} "
        "{branch}:refs/heads/NAME",
    ),
    (
        r"hash algorithm|object format",
        "{remote} ({url}) names its objects in another way than this repository: {why}",
        "make it anew with  git init --bare --object-format=sha1  (or sha256, as it is here)",
    ),
    (
        r"currently checked out",
        "{remote} has the branch {branch} checked out, and would fall behind: {why}",
        "make it a bare repository, or check out another branch there",
    ),
    (
        r"authentication failed|could not read (?:username|password)|terminal prompts disabled|"
        r"permission denied|access denied|invalid (?:username|credentials)|error: 40[13]|"
        r"host key verification|not authorized|write access to repository not granted",
        "{remote} ({url}) does not let you in: {why}",
        "see that  git fetch {remote}  works in a terminal; where nobody can type a password, "
        "give git a token or a key",
    ),
    (
        r"does not appear to be a git repository|repository .*not found|not a git repository|"
        r"no such file or directory|does not exist",
        "there is no repository at {url}: {why}",
        "see  git remote -v , and mend it by  git remote set-url {remote} URL",
    ),
    (
        r"could not resolve|unable to access|connection (?:refused|timed out|reset|closed)|"
        r"network is unreachable|no route to host|operation timed out|early eof|hung up|"
        r"failed to connect|could not read from remote",
        "{remote} ({url}) cannot be reached: {why}",
        "nothing is lost: type the command again when there is a network",
    ),
    (
        r"no space left|disk quota|exceeds|too large|pack-objects died|unpacker error",
        "{remote} could not keep what was sent: {why}",
        "free some space there",
    ),
    (
        r"shallow update not allowed",
        "this clone is shallow, and {remote} lacks what it does not have: {why}",
        "type  git fetch --unshallow {remote}",
    ),
)


def plain_url(text: str) -> str:
    """A URL, or a text with URLs in it, without passwords and tokens."""
    return _PASSWORD.sub("…@", text)


def remote_words(err: str) -> str:
    """What the other side said for people, on one line; empty if it said nothing."""
    lines = [
        line.removeprefix("remote:").strip()
        for line in err.splitlines()
        if line.startswith("remote:")
    ]
    kept = [line for line in lines if re.search(r"\w", line) and not _NOISE.match(line)]
    return " · ".join(kept[:4])


def trouble(remote: str, url: str, said: str, *, branch: str, summary: str = "") -> StoreError:
    """The error for what git or the remote said; `summary` is what git makes of it in a word."""
    why = plain_url(remote_words(said) or first_complaint(said))
    for pattern, message, hint in _CASES:
        if found := re.search(pattern, f"{said}\n{summary}", re.IGNORECASE):
            words = {"remote": remote, "url": url, "branch": branch, "why": why}
            words |= found.groupdict()
            return StoreError(message.format(**words), hint=hint.format(**words))
    return StoreError(f"{remote} ({url}) refused: {why}")
