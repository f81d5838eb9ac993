"""Every error that gitrack raises on purpose.

GitrackError                    what happened, and a hint of what to do
├── UsageError                  the API or a command was used wrongly
│   ├── InvalidName             a name of a run, metric, artifact … that cannot be kept
│   ├── InvalidFilter           a filter string that cannot be understood
│   └── MissingExtra            an optional library is needed and not installed
├── ConfigError                 a file in .tracking/ is wrong
├── PolicyViolation             a naming or tag rule of policy.yaml was broken
├── PromotionRefused            a version may not enter a stage, or not in this way, or not by you
├── NotFound                    no such run, artifact, file …
│   └── Ambiguous               a prefix or a name that several runs share
├── StoreError                  the tracking branch cannot be read or written
│   ├── NoRepository            not inside a git repository
│   ├── NoIdentity              git does not know who commits
│   ├── GitFailed               a git command ended with an error
│   ├── BranchMoved             somebody committed between our read and our write
│   ├── MergeConflict           two sides changed one file, and only people can tell which is right
│   └── LockTimeout             another program holds the branch's lock
├── UnreadableFile              a file on the branch is broken, foreign or hostile
├── SecretFound                 something that must not reach history
└── ArtifactError               heavy bytes cannot be stored or fetched
"""

from __future__ import annotations

from collections.abc import Sequence


class GitrackError(Exception):
    """What happened, in a sentence; `hint` says what to do about it."""

    hint: str | None

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}; {self.hint}" if self.hint else message

    @property
    def message(self) -> str:
        """The sentence without the hint."""
        return str(self.args[0])


class UsageError(GitrackError, ValueError):
    """The API or a command was used wrongly; nothing was written."""


class InvalidName(UsageError):
    """A name that cannot be kept safely on every system."""

    def __init__(self, kind: str, name: object, why: str, *, hint: str | None = None) -> None:
        shown = repr(name) if len(repr(name)) <= 120 else repr(name)[:117] + "…"
        super().__init__(f"{kind} {shown} {why}", hint=hint)


class InvalidFilter(UsageError):
    """A filter string that cannot be understood."""


class MissingExtra(UsageError):
    """An optional library is needed and not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {library}, which is not installed",
            hint=f"pip install 'gitrack-ml[{extra}]'",
        )


class ConfigError(GitrackError):
    """A file in .tracking/ is wrong; the message names file, line and place."""


class PolicyViolation(GitrackError):
    """A naming or tag rule of policy.yaml was broken and the policy refuses."""


class PromotionRefused(GitrackError):
    """A version may not enter a stage: `verdicts` says what each gate said, if any was asked."""

    def __init__(
        self, message: str, *, hint: str | None = None, verdicts: Sequence[object] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.verdicts = list(verdicts)


class NotFound(GitrackError, LookupError):
    """No such run, artifact, file …"""


class Ambiguous(NotFound):
    """A prefix or a name that several runs share."""


class StoreError(GitrackError):
    """The tracking branch cannot be read or written."""


class NoRepository(StoreError):
    """Not inside a git repository."""

    def __init__(self, path: object) -> None:
        super().__init__(f"{path} is not inside a git repository", hint="run 'git init' first")


class NoIdentity(StoreError):
    """Git does not know who commits."""

    def __init__(self) -> None:
        super().__init__(
            "git does not know who you are, so nothing can be committed",
            hint=(
                'type  git config --global user.name "Your Name"  and  '
                "git config --global user.email you@example.com , "
                "or set GITRACK_AUTHOR='Your Name <you@example.com>'"
            ),
        )


class GitFailed(StoreError):
    """A git command ended with an error; the sentence is git's own."""

    def __init__(self, arguments: Sequence[str], why: str, *, hint: str | None = None) -> None:
        command = next((word for word in arguments if not word.startswith("-")), "")
        super().__init__(f"git {command}: {why}", hint=hint)


class BranchMoved(StoreError):
    """Somebody else committed between our read and our write."""

    def __init__(self, branch: str) -> None:
        super().__init__(
            f"{branch} moved while this change was being written",
            hint="nothing was saved; run the command again",
        )


class MergeConflict(StoreError):
    """Two sides changed one file, and only people can tell which is right."""

    def __init__(
        self,
        paths: Sequence[str],
        *,
        ours: str = "here",
        theirs: str = "there",
        hint: str = "nothing was touched; make one side like the other, then try again",
        said: str | None = None,
    ) -> None:
        shown = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
        super().__init__(
            said or f"{shown} changed both {ours} and {theirs}, in different ways",
            hint=hint,
        )
        self.paths = list(paths)


class LockTimeout(StoreError):
    """Another program holds the branch's lock."""


class UnreadableFile(GitrackError):
    """A file on the branch is broken, foreign or hostile."""

    def __init__(self, path: str, why: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path}: {why}", hint=hint)
        self.path = path
        self.why = why


class SecretFound(GitrackError):
    """Something that looks like a secret was about to reach history, and the settings refuse."""


class ArtifactError(GitrackError):
    """Heavy bytes cannot be stored or fetched."""
