"""The reports and charts that can be told of some of the runs."""

from __future__ import annotations

from collections import deque

import msgspec

from gitrack.errors import GitrackError
from gitrack.site.contents import Contents
from gitrack.site.parts import reports
from gitrack.site.reports.written import Written


def tellable(every: Contents, some: Contents) -> tuple[Written | None, tuple[str, ...]]:
    """What can be told of `some` of the contents, and the names of the files that cannot.

    A report that names a run outside of them is left out, with those that link to it. Raises
    ConfigError for what is broken with all runs, too.
    """
    written = every.extras.reports
    if written is None:
        return None, ()
    _ask(every, written)
    charts = {
        file: text
        for file, text in written.charts.items()
        if _answered(some, Written(charts={file: text}))
    }
    kept = msgspec.structs.replace(written, charts=charts)
    while gone := [path for path in kept.texts if not _answered(some, _alone(kept, path))]:
        texts = {path: text for path, text in kept.texts.items() if path not in gone}
        kept = msgspec.structs.replace(kept, texts=texts)
    left = [f".tracking/charts/{file}" for file in written.charts if file not in charts]
    left += [f"reports/{path}" for path in written.texts if path not in kept.texts]
    return kept, tuple(sorted(left))


def _alone(written: Written, path: str) -> Written:
    """One report among others that say nothing, but that it may link to."""
    texts = {other: text if other == path else "" for other, text in written.texts.items()}
    return msgspec.structs.replace(written, texts=texts)


def _answered(contents: Contents, written: Written) -> bool:
    try:
        _ask(contents, written)
    except GitrackError:
        return False
    return True


def _ask(contents: Contents, written: Written) -> None:
    """Look up all that blocks and links ask; nothing is drawn."""
    contents.extras = msgspec.structs.replace(contents.extras, reports=written)
    deque(reports.units(contents), maxlen=0)
