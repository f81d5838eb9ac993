"""`push`: what this clone has tracked goes to the remotes, heavy files first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gitrack.errors import StoreError
from gitrack.sharing.exchange.choice import EVERYTHING, Choice
from gitrack.sharing.exchange.meeting import Meeting, Parties, parties
from gitrack.sharing.exchange.sending import Objects, Sender
from gitrack.store.git.exchange import PATIENCE, attempts
from gitrack.tracking.ending import recover
from gitrack.tracking.place import Place, find_place

if TYPE_CHECKING:
    from gitrack.artifacts.transfer import Progress

#: Runs that end while others are sent bring days that want a file of their own.
_ROUNDS = 4


class Pushed(msgspec.Struct, kw_only=True):
    """What a push did. `runs` are new to the remote, `united` came from there meanwhile.

    `told` says what of ours is called otherwise since then: versions that took another number.
    `held_back` says why the branch was not pushed although it was wanted.
    """

    remote: str
    url: str
    branch: str
    commit: str | None = None
    pushed: bool = False
    runs: int = 0
    united: int = 0
    behind: int = 0
    code: int = 0
    code_failed: dict[str, str] = {}
    held_back: str | None = None
    told: list[str] = []
    objects: Objects = msgspec.field(default_factory=Objects)

    @property
    def complete(self) -> bool:
        """True if all that was wanted is there."""
        objects = self.objects
        return not (objects.failed or objects.lost or self.code_failed or self.held_back)


def push(
    where: Place | Path | None = None,
    *,
    choice: Choice = EVERYTHING,
    jobs: int | None = None,
    objects: bool = True,
    branch: bool = True,
    verify: bool = False,
    progress: Progress | None = None,
) -> Pushed:
    """Send the heavy files of runs to the artifact remote, then the branch to the git remote.

    `choice` is about heavy files: the branch goes as a whole, with what others have pushed
    meanwhile united. It stays here while a heavy file that it points to could be sent and was
    not. `verify` asks the remote again for all that was sent before. Raises UsageError for a time
    that is none, NotFound for runs and experiments that are not there, MergeConflict if both sides
    changed one thing, and StoreError if the git remote cannot be used.
    """
    choice.check()
    place = where if isinstance(where, Place) else find_place(where)
    recover.bring_in(place.folder)
    them = parties(place)
    done = Pushed(remote=them.exchange.remote, url=them.exchange.url, branch=them.branch.name)
    sender = None
    if objects:
        sender = Sender(them, choice, jobs=jobs, verify=verify, progress=progress)
        done.objects = sender.objects
    met = them.meet()
    moved: str | None = None
    for _ in attempts():
        if met.ours is None:
            return done  # nothing was ever tracked here
        if branch and met.ahead and (met.behind or not them.continued(met)):
            _unite(them, met, done)
        commit = _ready(them, met, sender)
        if not branch:
            return done
        moved = _send(them, met, commit, done, owed=sender.owed if sender else 0)
        if moved is None:
            return done
        met = them.meet()
    raise StoreError(
        f"{done.branch} could not be pushed to {done.remote} in {PATIENCE:g} s, for others were "
        f"first each time ({moved})",
        hint="nothing is lost: type  gitrack push  again when fewer push at once",
    )


def _unite(them: Parties, met: Meeting, done: Pushed) -> None:
    assert met.theirs is not None
    done.united += len(them.new_runs(met.ours, met.theirs))
    done.told += them.unite(met.theirs, None)[1]


def _ready(them: Parties, met: Meeting, sender: Sender | None) -> str:
    """A commit of ours of which all heavy files were sent, so far as that was possible."""
    commit = them.exchange.ours()
    for _ in range(_ROUNDS):
        assert commit is not None
        changes = sender.send(commit, met.theirs) if sender is not None else {}
        if not changes:
            return commit
        message = "heavy files are on their remote, where plain DVC finds them now"
        them.store.commit_files(changes, message)
        commit = them.exchange.ours()
    assert commit is not None
    return commit


def _send(them: Parties, met: Meeting, commit: str, done: Pushed, *, owed: int) -> str | None:
    """Push a commit and the code of its runs; why it has to be tried again, if so."""
    ahead, behind = them.exchange.distance(commit, met.theirs) if met.theirs else (1, 0)
    if ahead and behind:
        return "runs were committed here meanwhile"
    done.commit, done.behind = commit, behind
    code = them.exchange.code() - met.seen.code
    if owed and ahead:
        files = "heavy file" if owed == 1 else "heavy files"
        done.held_back = f"it points to {owed} {files} that could not be sent"
        return None
    if not ahead and not code:
        return None
    sent = them.exchange.push(commit if ahead else None, code)
    done.code += len(sent.code)
    done.code_failed = dict(sent.refused)
    if ahead and not sent.moved:
        done.pushed = True
        done.runs = len(them.new_runs(met.theirs, commit))
    return sent.moved
