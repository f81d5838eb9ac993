"""Who commits: a name and an address that somebody set on purpose."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import NamedTuple

from gitrack.errors import ConfigError, NoIdentity

_WRITTEN = re.compile(r"\s*([^<>]*?)\s*<\s*([^<>\s]*)\s*>\s*\Z")
# What git itself strips from both ends of a name ("crud"), and what would break a commit's header.
_CRUD = " .,:;<>\"\\'\t"
_BREAKING = re.compile(r"[\x00-\x1f\x7f<>]")


class Author(NamedTuple):
    """A name and an address, as git writes them in a commit."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"

    @classmethod
    def parse(cls, text: str, *, source: str) -> Author:
        """`Name <mail>`; ConfigError names `source` if it is anything else."""
        match = _WRITTEN.match(text)
        name = _clean(match.group(1)) if match else ""
        if match is None or not name or not match.group(2):
            raise ConfigError(
                f"{source} is {text!r}, which is not a name and an address",
                hint=f"write {source}='Your Name <you@example.com>'",
            )
        return cls(name, _clean(match.group(2)))


class Stamp(NamedTuple):
    """A moment as git writes it: seconds and the writer's time zone."""

    seconds: int
    zone: str

    @classmethod
    def now(cls) -> Stamp:
        seconds = int(time.time())
        offset = (time.localtime(seconds).tm_gmtoff or 0) // 60
        sign = "-" if offset < 0 else "+"
        return cls(seconds, f"{sign}{abs(offset) // 60:02d}{abs(offset) % 60:02d}")

    def __str__(self) -> str:
        return f"{self.seconds} {self.zone}"


def find_identity(settings: Mapping[str, str], role: str) -> Author:
    """Who is `author` or `committer`, in git's own order; raises NoIdentity.

    What git would guess from the login and the host name does not count: such a name ends up
    in everybody's history, and is never the one that people meant.
    """
    chosen = os.environ.get("GITRACK_AUTHOR", "").strip()
    if chosen:
        return Author.parse(chosen, source="GITRACK_AUTHOR")
    upper = role.upper()
    name = _first(
        os.environ.get(f"GIT_{upper}_NAME"),
        settings.get(f"{role}.name"),
        settings.get("user.name"),
    )
    email = _first(
        os.environ.get(f"GIT_{upper}_EMAIL"),
        settings.get(f"{role}.email"),
        settings.get("user.email"),
        os.environ.get("EMAIL"),
    )
    if not name or not email:
        raise NoIdentity
    return Author(name, email)


def _first(*candidates: str | None) -> str:
    return next((clean for clean in map(_clean, candidates) if clean), "")


def _clean(text: str | None) -> str:
    return _BREAKING.sub("", text or "").strip(_CRUD)
