"""What people write about models: checked, spelled as it is there already, and without secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from gitrack.errors import UsageError
from gitrack.model.run import Scalar
from gitrack.tracking import notice
from gitrack.tracking.logged import values
from gitrack.tracking.place import Place

#: Characters of a description or a note.
LONGEST = 10_000

T = TypeVar("T")


def prose(place: Place, what: str, text: object) -> str | None:
    """A description or a note; None for one that is empty. Raises UsageError, SecretFound."""
    checked = values.text(what, text, longest=LONGEST).strip()
    return harmless(place, what, checked) if checked else None


def labels(place: Place, tags: object) -> dict[str, Scalar]:
    """Tags, flat. Raises UsageError, InvalidName, SecretFound."""
    return harmless(place, "tags", values.flat(tags, kind="tag"))


def harmless(place: Place, where: str, value: T) -> T:
    """Texts, or a dict or list of them, without secrets; what was cut out is told, not shown."""
    mode = place.config.capture.secrets
    if mode == "off" or not value:
        return value
    from gitrack.tracking.capture.secrets import Scanner

    scanner = Scanner(mode)
    cleaned: T = scanner.clean(where, value)
    if scanner.findings:
        notice.warn_once(f"{scanner.findings}", f"secrets were cut out: {scanner.findings[0]}")
    return cleaned


def spelled(name: str, known: Iterable[str]) -> str:
    """As it is spelled already: names that differ by case alone are one file on some systems."""
    have = set(known)
    if name in have:
        return name
    folded = {other.casefold(): other for other in sorted(have)}
    return folded.get(name.casefold(), name)


def changed_tags(
    before: Mapping[str, Scalar], tags: Mapping[str, Scalar], gone: Iterable[str]
) -> dict[str, Scalar]:
    """Tags with some set and some removed. Raises UsageError for one that is not there."""
    after: dict[str, Any] = {**before, **tags}
    for key in gone:
        if key not in before:
            have = ", ".join(list(before)[:5])
            hint = f"it has {have}" if have else "it has no tags"
            raise UsageError(f"there is no tag {key!r} to remove", hint=hint)
        del after[key]
    return after
