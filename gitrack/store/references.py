"""How people name a run: id, prefix, random tail, name, `@last`, `@last~2`, `churn@production`."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NoReturn

from gitrack.errors import Ambiguous, NotFound, UnreadableFile
from gitrack.model.ids import is_run_id
from gitrack.model.nearest import nearest
from gitrack.store.branch import Branch
from gitrack.store.index import RunTable
from gitrack.store.layout import place_of

_LAST = re.compile(r"@last(?:~(\d{1,6}))?\Z", re.ASCII)
_SHOWN = 5


def find(table: RunTable, reference: str) -> str:
    """The folder of the one run that is meant. Raises NotFound, Ambiguous, UnreadableFile."""
    rows = _rows(table, reference)
    if len(rows) == 1:
        return table.path(rows[0])
    if not rows:
        _not_found(table, reference)
    ids, names = table.column("id"), table.column("name")
    shown = ", ".join(f"{ids[row]} ({names[row]})" for row in rows[-_SHOWN:])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    raise Ambiguous(
        f"{reference!r} may be {len(rows)} runs: {shown}{more}", hint="give the whole id of one"
    )


def registered(branch: Branch, reference: str) -> str | None:
    """The run of which `churn@production`, `churn@7` or `churn@champion` was made.

    None where no model is called so: the names of runs are free text. Raises NotFound for a model
    without such a version, UnreadableFile.
    """
    name, at, version = reference.partition("@")
    if not (name and at and version) or "/" in reference:
        return None
    from gitrack.store.registry import Registry

    registry = Registry(branch)
    if name not in registry.models():
        return None
    return registry.version(name, version).run


def _rows(table: RunTable, reference: str) -> list[int]:
    """The first of the ways to name a run that finds any."""
    if found := _LAST.match(reference):
        back = int(found[1] or 0)
        return [_by_time(table)[-1 - back]] if back < table.rows else []
    if place := place_of(reference.rstrip("/")):
        return _equal(table, "path", place.folder)
    if is_run_id(reference):  # by halves: the table is sorted by id
        own = table.column("id")
        first = bisect_left(own, reference, key=str)
        if same := list(range(first, bisect_right(own, reference, first, key=str))):
            return same
    ids = [str(id) for id in table.column("id")]
    rows = [row for row, id in enumerate(ids) if id == reference]
    if not rows:
        rows = [row for row, id in enumerate(ids) if id.endswith(f"-{reference}")]
    if not rows:
        rows = _equal(table, "name", reference)
    if not rows and len(reference) >= 3:
        rows = [row for row, id in enumerate(ids) if _begins(id, reference)]
    return rows


def _by_time(table: RunTable) -> list[int]:
    """Rows by start. An id only knows the second; who starts many runs in one means the last."""
    ids, started = table.column("id"), table.column("started")
    return sorted(range(table.rows), key=lambda row: (str(ids[row])[:15], started[row], ids[row]))


def _equal(table: RunTable, column: str, wanted: str) -> list[int]:
    return [row for row, value in enumerate(table.column(column)) if value == wanted]


def _begins(id: str, reference: str) -> bool:
    return id.startswith(reference) or id.rpartition("-")[2].startswith(reference)


def require_experiments(table: RunTable, wanted: Iterable[str]) -> None:
    """Raise NotFound for an experiment without runs: most likely its name is misspelt."""
    known = {str(name) for name in table.column("experiment")}
    for name in wanted:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near!r}?" if near else "type  gitrack ls --columns experiment"
            raise NotFound(f"no run belongs to the experiment {name!r}", hint=hint)


def _not_found(table: RunTable, reference: str) -> NoReturn:
    for fault in table.faults:
        place = place_of(fault.path)
        if place is not None and (
            reference in (place.id, place.folder) or place.id.endswith(f"-{reference}")
        ):
            raise UnreadableFile(fault.path, fault.why, hint=fault.hint)
    import difflib  # only for those who mistyped

    if not table.rows:
        raise NotFound(
            f"there is no run {reference!r}: none was tracked yet",
            hint="type  gitrack demo DIR  to see how, or  gitrack pull  to bring those of others",
        )
    names = [str(name) for name in table.column("name")]
    tails = [str(id).rpartition("-")[2] for id in table.column("id")]
    near = difflib.get_close_matches(reference, [*names[-2000:], *tails[-2000:]], n=3)
    shown = " or ".join(dict.fromkeys(near))
    hint = f"did you mean {shown}?" if near else "type  gitrack ls  to see all runs"
    raise NotFound(f"there is no run {reference!r}", hint=hint)
