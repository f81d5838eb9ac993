"""Which heavy files runs have: from the index, without opening a record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from gitrack.model.md5 import is_md5
from gitrack.store.index import RunTable

_DVC = '"dvc"'


class HeavyFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder of a run whose bytes are not on the branch. `folder` is the run's."""

    run: str
    folder: str
    path: str
    md5: str
    size: int | None = None


def heavy_files(
    table: RunTable, rows: Iterable[int], gone: Collection[tuple[str, str]] = ()
) -> Iterator[HeavyFile]:
    """Those of some runs, but for the (run, md5) that a collection has removed for good.

    One whose md5 is none is left to `gitrack doctor`.
    """
    texts, ids = table.column("artifacts"), table.column("id")
    for row in rows:
        text = texts[row]
        if text is None or _DVC not in str(text):
            continue
        for artifact in table.artifacts(row):
            if artifact.store != "dvc" or not is_md5(artifact.md5):
                continue
            if (ids[row], artifact.md5) not in gone:
                yield HeavyFile(
                    run=str(ids[row]),
                    folder=table.path(row),
                    path=artifact.path,
                    md5=artifact.md5,
                    size=artifact.size,
                )
