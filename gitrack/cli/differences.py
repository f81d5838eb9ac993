"""Differences as people read them: a table, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec import UNSET

from gitrack.cli.output import print_json
from gitrack.cli.table import Column, both_ends, draw, give_way, terminal_width
from gitrack.model.display import cut, number, safe, size, width

if TYPE_CHECKING:
    from gitrack.analysis.run_diff import Change, DataChange, RunDiff
    from gitrack.model.run import Dataset
    from gitrack.project.files_diff import Differences, FilesDiff
    from gitrack.store.runs import RunStore

Form = Literal["json", "md", "table"]
Row = tuple[str, ...]

#: What stands where there is nothing, as in DVC's tables.
_NONE = "-"
_WIDEST = 60


def show_files(found: FilesDiff, form: Form) -> None:
    """Metrics and params files of two commits."""
    for fault in found.faults:
        click.echo(f"warning: {safe(fault)}", err=True)
    kinds = {"metrics": found.metrics, "params": found.params}
    known = {kind: files for kind, files in kinds.items() if files is not None}
    if form == "json":
        print_json(known)
        return
    empty = True
    for kind, files in known.items():
        rows = list(_file_rows(files))
        if rows:
            head = ("file", kind.removesuffix("s"), found.old, found.new, "change")
            print_rows(head, rows, form, first=empty)
            empty = False
    if empty:
        click.echo(f"no {' or '.join(known)} differ in {safe(found.old)} and {safe(found.new)}")


def _file_rows(files: Differences) -> Iterator[Row]:
    for path, changes in sorted(files.items()):
        for name, change in sorted(changes.items()):
            old, new = change.get("old"), change.get("new")
            yield path, name, _text(old), _text(new), _change(old, change.get("diff"))


def show_runs(
    store: RunStore, old: str, new: str, form: Form, *, only: str | None, everything: bool
) -> None:
    """Two runs, by their records."""
    from gitrack.analysis.run_diff import diff_runs

    folders = store.find(old), store.find(new)
    runs = store.run(folders[0]), store.run(folders[1])
    packages = _packages_of(store, folders[0]), _packages_of(store, folders[1])
    found = diff_runs(*runs, packages=packages, everything=everything)
    if only is not None:
        parts = {"old": found.old, "new": found.new, only: getattr(found, only)}
        found = type(found)(**parts)
    if form == "json":
        print_json(found)
        return
    if found.empty:
        click.echo(f"nothing differs in {found.old} and {found.new}")
        return
    print_rows(("", "", found.old, found.new, "change"), list(run_rows(found)), form, first=True)


def _packages_of(store: RunStore, folder: str) -> str | None:
    """What was installed when a run ran, if that was kept."""
    from gitrack.errors import NotFound

    try:
        return store.read(f"{folder}/environment.txt").decode("utf-8", "replace")
    except NotFound:
        return None


def run_rows(found: RunDiff) -> Iterator[Row]:
    """What differs, a row each: which part of the record, the name, both values, the change."""
    parts: list[tuple[str, list[Change]]] = [
        ("run", found.other),
        ("param", found.params),
        ("metric", found.metrics),
        ("tag", found.tags),
    ]
    yield from _changes(parts)
    for data in found.data:
        yield "data", _named(data), _data(data.old), _data(data.new), ""
    yield from _changes(
        [
            ("code", found.code),
            ("environment", found.environment),
            ("package", found.packages),
            ("seed", found.seeds),
        ]
    )


def _changes(parts: Iterable[tuple[str, list[Change]]]) -> Iterator[Row]:
    for what, changes in parts:
        for change in changes:
            old, new = (None if side is UNSET else side for side in (change.old, change.new))
            before = _NONE if change.old is UNSET else _text(old, null="null")
            after = _NONE if change.new is UNSET else _text(new, null="null")
            yield what, change.name, before, after, _change(old, change.diff)


def _named(data: DataChange) -> str:
    return data.name if data.role is None else f"{data.name} ({data.role})"


def _data(data: Dataset | None) -> str:
    """What tells one version of data from another."""
    if data is None:
        return _NONE
    said = [data.version, (data.dvc or "").removeprefix("md5:")[:10] or None, data.uri]
    if data.rows is not None:
        said.append(f"{data.rows} rows")
    elif data.size is not None:
        said.append(size(data.size))
    return ", ".join(part for part in said if part) or data.path or "known by name only"


def _text(value: Any, *, null: str = _NONE) -> str:
    if value is None:
        return null
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    return str(value)


def _change(old: Any, difference: Any) -> str:
    """`+0.012 (+1.4%)`; nothing where there is nothing to subtract."""
    if difference is None or isinstance(difference, bool):
        return ""
    sign = "+" if difference > 0 else ""
    said = f"{sign}{number(difference)}"
    if not old or difference == 0 or difference != difference:
        return said
    percent = 100 * difference / abs(old)
    return f"{said} ({percent:+.3g}%)" if abs(percent) < 1e6 else said


def print_rows(head: Row, rows: Sequence[Row], form: Form, *, first: bool) -> None:
    """A table, or one in Markdown."""
    if not first:
        click.echo()
    if form == "md":
        click.echo("\n".join(_markdown(head, rows)))
        return
    columns = []
    for place, title in enumerate(head):
        texts = [cut(safe(row[place]), _WIDEST) for row in rows]
        if any(texts) or place in (2, 3):
            columns.append(Column(title, safe(title), texts, is_number=place > 1))
    draw(_that_fit(columns, terminal_width()))


def _that_fit(columns: list[Column], room: int | None) -> list[Column]:
    """On a terminal: cut to its width, names and runs in their middle, so that both sides stay."""
    if room is None:
        return columns
    widths = [max(map(width, (column.header, *column.texts))) for column in columns]
    return [
        column._replace(
            header=both_ends(column.header, wide),
            texts=[both_ends(text, wide) for text in column.texts],
        )
        for column, wide in zip(columns, give_way(widths, room), strict=True)
    ]


def _markdown(head: Row, rows: Sequence[Row]) -> Iterator[str]:
    yield f"| {' | '.join(map(_cell, head))} |"
    yield f"|{'|'.join('---' if place < 2 else '--:' for place in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    """Text in a cell of Markdown, where it may be neither markup nor another cell."""
    shown = safe(text).replace("\\", "\\\\")
    for character in "|`*_<>[]":
        shown = shown.replace(character, f"\\{character}")
    return shown
