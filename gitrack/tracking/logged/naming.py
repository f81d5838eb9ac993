"""What makes an artifact of a run a version of a named one: checked when it is logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gitrack.errors import InvalidName, UsageError
from gitrack.model.names import alias_name, artifact_name
from gitrack.tracking.logged import values

#: Characters of a description.
LONGEST = 10_000


def naming(
    named: str | None, aliases: Iterable[str] | str = (), description: str | None = None
) -> dict[str, Any]:
    """The part of the journal's event that names an artifact. Raises UsageError, InvalidName."""
    event: dict[str, Any] = {}
    if named is not None:
        event["named"] = artifact_name(named)
    wanted = [aliases] if isinstance(aliases, str) else list(aliases)
    if wanted and named is None:
        raise UsageError(
            f"aliases {wanted!r:.60} belong to no named artifact",
            hint="say which: log_artifact(path, named='flights', aliases=['best'])",
        )
    if wanted:
        event["aliases"] = list(dict.fromkeys(map(alias_name, wanted)))
    if description is not None:
        event["description"] = values.text("a description", description, longest=LONGEST)
    return event


def one_word(kind: object) -> str:
    """The kind of an artifact. Raises InvalidName."""
    if not isinstance(kind, str) or not kind.isidentifier():
        raise InvalidName("kind of artifact", kind, "is not one word", hint="use one word")
    return kind
