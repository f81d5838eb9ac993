"""The recorded change of a stage, with the verdict of every gate."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal

import msgspec

from gitrack.model.run import FORMAT, Scalar

#: Folders that go without saying where a version is spoken of: its run's, and its model's.
_FOLDERS = re.compile(r"(?<![^ ])(?:runs/[^:, ]+/\d{8}-\d{6}-[0-9a-z]{6}/|registry/[^/:, ]+/)")


class Outcome(StrEnum):
    """How a gate ended. `waiting` is for approvals, which reviewers give to the pull request."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gate said, and from what.

    `gate` words the rule (`test_auc_roc >= 0.88`) and tells it from others of the stage; `kind` is
    its first key in the policy (`metric`). `margin` is how far a number is on the right side of its
    limit, negative on the wrong one. `source` is where the value came from: a path of the branch,
    or of the code, with the key behind a colon. `via` is the stage whose gates asked for it, where
    that is another one.
    """

    gate: str
    kind: str
    outcome: Outcome
    says: str
    value: Scalar = None
    required: Scalar = None
    margin: float | None = None
    baseline: float | None = None
    source: str | None = None
    via: str | None = None

    @property
    def nearby(self) -> str:
        """The source as a table shows it: without the folder that all of it lies in."""
        source = self.source or ""
        folders = set(_FOLDERS.findall(source))
        return _FOLDERS.sub("", source) if len(folders) == 1 else source


class PolicyUsed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which `policy.yaml` judged: its digest, and the commit of the code that had it.

    Without a commit it lay in the working tree only.
    """

    sha256: str
    commit: str | None = None


class Follows(msgspec.Struct, frozen=True, kw_only=True):
    """The promotion to the same stage that came before: its file without the ending, and digest.

    A chain: who removes or rewrites one promotion has to rewrite all that follow.
    """

    promotion: str
    sha256: str


class Promotion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`registry/<model>/promotions/<time>-v<n>-<stage>.yaml`. Never changed.

    `source` (`from:` in the file) is where the version stood before, None for no stage. `expected`
    are the versions that stood in the stage; `archived` those of them that went to the archive,
    `kept` those that stay beside the new one. `base` is the commit of the tracking branch that was
    judged, `record` the sha256 of the run's `run.yaml` there. `at` is UTC.
    """

    format: int = FORMAT
    model: str
    version: int
    run: str
    kind: Literal["promotion", "rollback"]
    source: str | None = msgspec.field(name="from", default=None)
    to: str
    at: str
    by: str
    why: str
    expected: list[int] = []
    archived: list[int] = []
    kept: list[int] = []
    base: str
    record: str
    policy: PolicyUsed | None = None
    follows: Follows | None = None
    draft: bool = False
    tag: str | None = None
    verdicts: list[Verdict] = []
