"""Moments as records have them: UTC, ISO 8601 with milliseconds and a `Z`."""

from __future__ import annotations

from datetime import UTC, datetime


def written(when: datetime) -> str:
    """`2024-11-01T09:30:00.000Z`."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """This moment."""
    return written(datetime.now(UTC))


def read(text: str) -> datetime:
    """A moment from a record, or from a person: a time without a zone is UTC. Raises ValueError."""
    when = datetime.fromisoformat(text)
    try:
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text} lies beyond all calendars in UTC") from error
