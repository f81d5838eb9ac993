"""What a collection of heavy files leaves on the branch: which contents it removed, and why."""

from __future__ import annotations

import msgspec

from gitrack.model.run import FORMAT


class Collected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`collected/<time>-<random>.yaml`: contents that were removed where all clones fetch them.

    `objects` are the md5s of artifacts (those of folders end in `.dir`). The records of their
    runs stay. `rules` says in words which runs were let go.
    """

    format: int = FORMAT
    time: str
    by: str | None = None
    rules: str | None = None
    bytes: int = 0
    objects: list[str] = []
