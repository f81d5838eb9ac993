"""What a check has found, each as a sentence for a reviewer and what to type."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from gitrack.errors import GitrackError, UnreadableFile
from gitrack.model.promotion import Promotion, Verdict

_LINE = re.compile(r"line (\d{1,9})\b")


class Level(StrEnum):
    """An error refuses the pull request; a warning and a note are only told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing about a pull request. `rule` is a word for programs, `do` what to type or change.

    Both sentences may quote what strangers wrote: whoever prints them makes them harmless.
    """

    rule: str
    says: str
    level: Level = Level.ERROR
    do: str | None = None
    path: str | None = None
    line: int | None = None


class JudgedPromotion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A promotion of the pull request, and what its gates say on the base branch."""

    id: str
    path: str
    promotion: Promotion
    author: str | None = None
    signed: str | None = None
    verdicts: list[Verdict] = []
    unjudged: list[str] = []


class Reverted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A promotion that the pull request takes back, as `git revert` does. `verdicts` are those of
    the rollback gates of the versions that come back."""

    id: str
    path: str
    promotion: Promotion
    author: str | None = None
    verdicts: list[Verdict] = []


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request, judged. `counts` says how many files of each kind it changes."""

    base: str
    head: str
    merge_base: str | None
    base_name: str
    head_name: str
    policy: str | None
    findings: list[Finding]
    promotions: list[JudgedPromotion]
    reverted: list[Reverted]
    counts: dict[str, int]

    @property
    def errors(self) -> list[Finding]:
        """What refuses it."""
        return [finding for finding in self.findings if finding.level is Level.ERROR]

    @property
    def passed(self) -> bool:
        """True if nothing refuses it."""
        return not self.errors


def unreadable(error: GitrackError, path: str, *, rule: str = "unreadable") -> Finding:
    """A file that a strict reader refuses, with its line where the reader knows it."""
    why = error.why if isinstance(error, UnreadableFile) else error.message
    found = _LINE.match(why)
    return Finding(
        rule=rule,
        says=why,
        do=error.hint or "mend the file, or leave it out of this pull request",
        path=path,
        line=int(found[1]) if found else None,
    )
