"""Run ids: sortable by time, safe as a folder name on every system."""

from __future__ import annotations

import re
from datetime import UTC, datetime

#: Crockford's base 32 without i, l, o, u: nobody misreads or misspells one.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RUN_ID = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-[0-9a-hj-km-np-tv-z]{6}\Z", re.ASCII)


def new_run_id(when: datetime | None = None) -> str:
    """`yyyymmdd-hhmmss-xxxxxx` in UTC, the last part 30 random bits."""
    import secrets  # late: readers of ids need no random numbers

    when = (when or datetime.now(UTC)).astimezone(UTC)
    bits = secrets.randbits(30)
    tail = "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(25, -1, -5))
    return f"{when:%Y%m%d-%H%M%S}-{tail}"


def is_run_id(text: str) -> bool:
    """True for what `new_run_id` makes, and only for that: the date and time are real ones."""
    match = _RUN_ID.match(text)
    if match is None:
        return False
    try:
        datetime(*map(int, match.groups()))  # type: ignore[arg-type]  # six numbers; no time zone
    except ValueError:
        return False
    return True


def day_of(run_id: str) -> tuple[str, str]:
    """(`yyyy-mm`, `dd`) of a run id."""
    return f"{run_id[:4]}-{run_id[4:6]}", run_id[6:8]


def short(run_id: str) -> str:
    """The random part, for people: `7k3f9q`."""
    return run_id.rpartition("-")[2]
