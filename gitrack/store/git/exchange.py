"""The branch and its counterpart on a git remote: looked at, fetched, pushed; nothing else is."""

from __future__ import annotations

import os
import random
import re
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from gitrack.errors import StoreError
from gitrack.store.git.process import Done, first_complaint
from gitrack.store.git.refs import Ref
from gitrack.store.git.repository import Repository
from gitrack.store.git.seen import see
from gitrack.store.git.trouble import plain_url, remote_words, trouble

CODE = "refs/gitrack/code/"

#: How long two clones may push into each other's way before one of them gives up.
PATIENCE = 120.0
_LONGEST_PAUSE = 4.0
#: Refs of one push: they are words of a command line.
_MANY = 500
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
#: What git says of a branch `a` where `a/b` is wanted, or the other way round.
_IN_THE_WAY = "exists; cannot create"
#: What a remote says when somebody else was first, or is at it this very moment.
_MOVED = re.compile(
    r"fetch first|non-fast-forward|stale info|cannot lock ref|failed to (?:update|lock)|"
    r"incorrect old value|reference already exists|but expected",
    re.IGNORECASE,
)
#: Nothing beside the refs that are named: no tags, no FETCH_HEAD, no collection, no hooks.
_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
    *("--no-recurse-submodules", "--no-prune", "--refmap=", "--stdin"),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")


class Seen(NamedTuple):
    """What a remote has: where the branch stands, and the code that it keeps."""

    tip: str | None
    code: frozenset[str]


class Sent(NamedTuple):
    """What a remote made of a push. `moved` says why to try again: somebody else was first."""

    moved: str | None
    code: frozenset[str] = frozenset()
    #: (commit, why) of the code that it would not take
    refused: tuple[tuple[str, str], ...] = ()


class Exchange:
    """One branch of a repository, and a git remote of it. Raises StoreError if there is none."""

    def __init__(self, repository: Repository, branch: str, remote: str) -> None:
        self.repository = repository
        self.branch = branch
        self.remote = remote
        self._ref = Ref(repository, branch, remote)
        self.tracking = f"refs/remotes/{remote}/{branch}"
        done = repository.run("remote", "get-url", "--push", remote)
        if done.code:
            raise _no_remote(repository, remote)
        #: where it is pushed to, without a password
        self.url = plain_url(done.out.decode("utf-8", "replace").strip())

    def ours(self) -> str | None:
        """Where the branch stands here; None in a clone that has it on its remote only."""
        return self._ref.read()

    def known(self) -> str | None:
        """Where the branch stood on the remote when it was last seen."""
        return self._ref.read_remote()

    def code(self) -> frozenset[str]:
        """The code that this repository keeps for its runs."""
        listed = self.repository.git("for-each-ref", "--format=%(refname) %(objectname)", CODE)
        return _code(line.partition(" ")[::2] for line in listed.splitlines())

    def look(self) -> Seen:
        """Ask the remote. Raises StoreError that says why it does not answer."""
        done = self._talk(
            "ls-remote", "--refs", self.remote, f"refs/heads/{self.branch}", CODE + "*"
        )
        refs = [
            line.partition("\t")[::2] for line in done.out.decode("utf-8", "replace").splitlines()
        ]
        tips = [id for id, name in refs if name == f"refs/heads/{self.branch}" and _ID.match(id)]
        return Seen(tips[0] if tips else None, _code((name, id) for id, name in refs))

    def fetch(self, seen: Seen) -> str | None:
        """Bring the branch and the code of its runs here; why the code could not come, if so."""
        branch: list[str] = []
        if seen.tip is not None and seen.tip != self.known():
            branch = [f"+refs/heads/{self.branch}:{self.tracking}"]
        # a ref that holds something else than its name says was never ours
        wanted = [f"{CODE}{id}:{CODE}{id}" for id in sorted(seen.code - self.code())]
        if not branch and not wanted:
            return None
        done = self._fetch(branch + wanted)
        if done.code and wanted:
            why = first_complaint(done.err)
            if branch:
                self._need(self._fetch(branch))
                see(self.repository, self.remote, self.branch, self.known())
            return why
        self._need(done)
        if branch:
            see(self.repository, self.remote, self.branch, self.known())
        return None

    def _fetch(self, refspecs: Iterable[str]) -> Done:
        lines = "".join(f"{line}\n" for line in refspecs)
        for _ in range(20):
            done = self._run(*_FETCH, self.remote, input=lines)
            if not done.code or "cannot lock ref" not in done.err or _IN_THE_WAY in done.err:
                break
            time.sleep(random.uniform(0.02, 0.2))  # another process of this clone is at it
        return done

    def distance(self, ours: str, theirs: str) -> tuple[int, int]:
        """Commits that only we have, and that only they have: (0, 0) is even."""
        if ours == theirs:
            return 0, 0
        counted = self.repository.git("rev-list", "--left-right", "--count", f"{ours}...{theirs}")
        ahead, behind = counted.split()
        return int(ahead), int(behind)

    def refuse_cut_history(self, ours: str, theirs: str) -> None:
        """Raise StoreError where a shallow clone lacks the commit at which two sides parted."""
        if not self.repository.shallow:
            return
        if self.repository.run("merge-base", ours, theirs).code == 0:
            return
        cut = set((self.repository.common_dir / "shallow").read_text("ascii").split())
        roots = self.repository.git("rev-list", "--max-parents=0", ours, theirs).split()
        if cut.intersection(roots):
            raise StoreError(
                f"this clone is shallow and lacks the commit at which {self.branch} here and on "
                f"{self.remote} parted",
                hint=f"type  git fetch --unshallow {self.remote}",
            )

    def push(
        self, commit: str | None, code: Collection[str] = (), *, replaces: str | None = None
    ) -> Sent:
        """Send the branch as it stands at `commit` (None: only code), and code along with it.

        With `replaces` it takes the place of that commit, if the remote still has it. Raises
        StoreError with the remote's own words if it refuses the branch.
        """
        refs = [f"{id}:{CODE}{id}" for id in sorted(code)]
        first = [] if commit is None else [f"{commit}:refs/heads/{self.branch}"]
        taken: set[str] = set()
        refused: list[tuple[str, str]] = []
        moved: str | None = None
        for start in range(0, max(len(refs), 1), _MANY):
            some = first + refs[start : start + _MANY]
            if not some:
                break
            moved = self._push(some, taken, refused, replaces) or moved
            first = []
        if commit is not None and not moved and self.known() != commit:
            # git does it only in clones that fetch this branch by default
            self._need(
                self.repository.run("update-ref", "-m", "gitrack push", self.tracking, commit)
            )
        if commit is not None and not moved:
            see(self.repository, self.remote, self.branch, commit)
        return Sent(moved, frozenset(taken), tuple(refused))

    def _push(
        self,
        refspecs: list[str],
        taken: set[str],
        refused: list[tuple[str, str]],
        replaces: str | None,
    ) -> str | None:
        lease = [f"--force-with-lease=refs/heads/{self.branch}:{replaces}"] if replaces else []
        done = self._run(*_PUSH, *lease, self.remote, *refspecs)
        answers = list(_answers(done.out.decode("utf-8", "replace")))
        if done.code and not answers:
            raise self._trouble(done)
        moved = None
        for flag, ref, why in answers:
            if ref.startswith(CODE):
                id = ref.removeprefix(CODE)
                if flag == "!":
                    refused.append((id, why))
                else:
                    taken.add(id)
            elif flag == "!":
                said = remote_words(done.err) or why
                if _IN_THE_WAY in said or not _MOVED.search(why):
                    raise trouble(self.remote, self.url, said, branch=self.branch, summary=why)
                moved = why
        return moved

    def _talk(self, *arguments: str) -> Done:
        return self._need(self._run(*arguments))

    def _need(self, done: Done) -> Done:
        if done.code:
            raise self._trouble(done)
        return done

    def _trouble(self, done: Done) -> StoreError:
        return trouble(self.remote, self.url, done.err, branch=self.branch)

    def _run(self, *arguments: str, input: str | None = None) -> Done:
        return self.repository.run(*arguments, input=input, environment=self._quiet())

    def _quiet(self) -> dict[str, str]:
        """Where nobody sits at a terminal, a question would wait for ever."""
        if sys.stdin is not None and sys.stdin.isatty():
            return {}
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
        chosen = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH")
        if not chosen and not self.repository.setting("core.sshcommand"):
            quiet["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
        return quiet


def attempts(seconds: float = PATIENCE) -> Iterator[int]:
    """Numbers of tries, with longer and longer pauses of random length between them.

    Clones that met once must not meet again, so each waits anything up to the pause.
    """
    until = time.monotonic() + seconds
    pause = 0.1
    number = 0
    while True:
        yield number
        number += 1
        wait = random.uniform(0, pause)
        if time.monotonic() + wait > until:
            return
        time.sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _code(refs: Iterable[tuple[str, ...]]) -> frozenset[str]:
    """The commits of `refs/gitrack/code/<commit>`, each of which must be what its name says."""
    found = (name.removeprefix(CODE) for name, id in refs if name == CODE + id)
    return frozenset(id for id in found if _ID.match(id))


def _answers(out: str) -> Iterator[tuple[str, str, str]]:
    """(flag, ref there, why) of each line that `git push --porcelain` says about a ref."""
    for line in out.splitlines():
        flag, _, rest = line.partition("\t")
        pair, tab, summary = rest.partition("\t")
        if tab and len(flag) == 1:
            why = re.sub(r"\A\[[^\]]*\]\s*", "", summary).strip()
            yield flag, pair.rpartition(":")[2], why.removeprefix("(").removesuffix(")")


def _no_remote(repository: Repository, remote: str) -> StoreError:
    names = repository.git("remote").split()
    if names:
        hint = (
            f"type  git remote add {remote} URL , or write  remote: {names[0]}  in "
            ".tracking/config.yaml"
        )
    else:
        hint = f"type  git remote add {remote} URL"
    return StoreError(f"this repository has no remote {remote}", hint=hint)
