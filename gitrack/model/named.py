"""Named artifacts: contents that runs share under one name, numbered, with free pointers."""

from __future__ import annotations

import msgspec

from gitrack.model.run import FORMAT


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Version N of a named artifact: what one run left at one path.

    It lies on the branch at `artifacts/<name>/versions/<n>.yaml`. The same contents logged again
    are the same version. `created` is UTC, ISO 8601.
    """

    format: int = FORMAT
    name: str
    version: int
    run: str
    path: str
    kind: str = "file"
    md5: str | None = None
    uri: str | None = None
    size: int | None = None
    created: str
    by: str | None = None
    description: str | None = None


class ArtifactAlias(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pointer that may move, at `artifacts/<name>/aliases/<alias>.yaml`.

    `latest` is no file: it always is the highest version.
    """

    format: int = FORMAT
    version: int
    set: str | None = None
    by: str | None = None
