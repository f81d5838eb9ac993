"""What a collection of heavy files leaves on the branch: what it removed from whom, and why."""

from __future__ import annotations

import msgspec

from gitrack.model.run import FORMAT


class Collected(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`collected/<time>-<random>.yaml`: artifacts that were removed where all clones fetch them.

    `runs` maps the id of a run to the md5s of its artifacts (those of folders end in `.dir`).
    The records of the runs stay. `rules` says in words why they were let go. Another run may
    have the same contents, and have brought them back since.
    """

    format: int = FORMAT
    time: str
    by: str | None = None
    rules: str | None = None
    bytes: int = 0
    runs: dict[str, list[str]] = {}
