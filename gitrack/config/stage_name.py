"""What a stage may be called: a word in lower case that nobody takes for a version or a pointer."""

from __future__ import annotations

import re

from gitrack.errors import InvalidName

#: Where a version stands before it enters any stage, as `from:` of the policy names it.
NO_STAGE = "none"
#: A stage of every model, whether the policy says so or not.
ARCHIVE = "archived"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}\Z", re.ASCII)
_TAKEN = re.compile(rf"(?:{NO_STAGE}|latest|dvc|v\d+|con|prn|aux|nul|com\d|lpt\d|git)\Z", re.ASCII)


def stage_name(name: object) -> str:
    """The name in lower case (`Production` is `production`, as in MLflow). Raises InvalidName."""
    text = name.strip().lower() if isinstance(name, str) else ""
    hint = "write a word such as production or shadow-eu"
    if not _NAME.match(text):
        why = "is no lower-case word of letters, digits, dashes and underscores, 60 at most"
        raise InvalidName("stage", name, why, hint=hint)
    if text == NO_STAGE:
        why = "is where a version is before it enters any"
        raise InvalidName("stage", name, why, hint=f"one that is out of use goes to {ARCHIVE}")
    if _TAKEN.match(text):
        raise InvalidName("stage", name, "means something else already", hint=hint)
    return text
