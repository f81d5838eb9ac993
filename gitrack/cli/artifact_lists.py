"""What `gitrack artifact ls` lists: all names, the versions of one, a run's artifacts, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.cli.table import give_way
from gitrack.errors import Ambiguous, NotFound
from gitrack.model.display import cut, day_and_time, safe, size, width
from gitrack.model.ids import short
from gitrack.store.named import NamedArtifacts

if TYPE_CHECKING:
    from gitrack.model.named import ArtifactAlias, ArtifactVersion
    from gitrack.model.run import Artifact, Fault
    from gitrack.retrieval import Located
    from gitrack.store.git.repository import Repository
    from gitrack.store.runs import RunStore

_WIDEST = 60
#: Columns that a pipe gets whole, those that are cut to fit, and those a narrow terminal spares.
_WHOLE = ("NAME", "PATH")
_SOFT = ("NAME", "PATH", "ALIASES", "ABOUT", "APPROVED BY")
#: On a terminal people go by their names; a pipe and `--json` have their addresses.
_PEOPLE = ("BY", "APPROVED BY")
_ADDRESS = re.compile(r"(?<=\S) <[^<>]*>")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*(?:e[+-]?\d+)?|[+-]?(?:nan|inf)", re.ASCII)
_SPARE = ("CREATED (UTC)", "COMMIT")
_LITTLE_ROOM = 100
#: Files of a folder that a terminal is shown; `--json` has all of them.
_MOST_FILES = 1_000


class Listing(msgspec.Struct, kw_only=True):
    """Rows for people, the same for programs, and what could not be read."""

    headers: Sequence[str]
    rows: list[Sequence[str]]
    records: list[dict[str, Any]]
    faults: list[Fault] = []
    next: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Every record whole, and the faults."""
        return {"items": self.records, "faults": msgspec.to_builtins(self.faults)}

    def lines(self, room: int | None = None) -> Iterator[str]:
        """A table with as many columns as have anything to say.

        `room` is the width of a terminal, to which it is cut; whoever reads a pipe needs whole
        names and paths.
        """
        shown = [
            number for number in range(len(self.headers)) if any(row[number] for row in self.rows)
        ]
        if room is not None and room < _LITTLE_ROOM:
            shown = [number for number in shown if self.headers[number] not in _SPARE]
        table = [[self.headers[number] for number in shown]]
        table += [[self._cell(row, number, room) for number in shown] for row in self.rows]
        widths = [max(map(width, column)) for column in zip(*table, strict=True)]
        if room is not None:
            rigid = {place for place, name in enumerate(table[0]) if name not in _SOFT}
            widths = give_way(widths, room, rigid=rigid)
            table = [
                [cut(text, wide) for text, wide in zip(row, widths, strict=True)] for row in table
            ]
        numeric = [all(map(_is_number, column[1:])) for column in zip(*table, strict=True)]
        for row in table if self.rows else []:
            cells = []
            for text, wide, right in zip(row, widths, numeric, strict=True):
                blank = " " * (wide - width(text))
                cells.append(blank + text if right else text + blank)
            yield "  ".join(cells).rstrip()

    def _cell(self, row: Sequence[str], number: int, room: int | None) -> str:
        text = safe(row[number])
        if room is not None and self.headers[number] in _PEOPLE:
            text = _ADDRESS.sub("", text)
        return text if room is None and self.headers[number] in _WHOLE else cut(text, _WIDEST)


def _is_number(text: str) -> bool:
    return not text or _NUMBER.fullmatch(text) is not None


def listing_of(store: RunStore, repository: Repository, what: str | None) -> Listing:
    """Raises NotFound, with near names, for what is neither a name, a run nor a folder."""
    known = NamedArtifacts(store.branch, contents=store.contents)
    if what is None:
        return _names(known)
    if known.numbers(what):
        return _versions(known, what)
    try:
        path = store.find(what)
    except Ambiguous:
        raise
    except NotFound:
        return _files(store, repository, what)
    return _artifacts(known, store, path)


def _names(known: NamedArtifacts) -> Listing:
    rows: list[Sequence[str]] = []
    records = []
    for name in known.names():
        numbers = known.numbers(name)
        if not numbers:
            continue
        aliases, _ = known.aliases(name)
        latest = _version_or_none(known, name, numbers[-1])
        rows.append((
            name,
            str(len(numbers)),
            f"v{numbers[-1]}",
            "" if latest is None else latest.kind,
            _size(latest.size if latest else None),
            day_and_time(latest.created) if latest else "",
            ", ".join(f"{alias}=v{record.version}" for alias, record in aliases.items()),
        ))  # fmt: skip
        records.append({
            "name": name,
            "versions": len(numbers),
            "latest": None if latest is None else msgspec.to_builtins(latest),
            "aliases": {alias: record.version for alias, record in aliases.items()},
        })  # fmt: skip
    headers = ("NAME", "VERSIONS", "LATEST", "KIND", "SIZE", "CREATED (UTC)", "ALIASES")
    mend = "gitrack artifact add FILE NAME" if not rows else None
    following = f"gitrack artifact ls {shlex.quote(rows[0][0])}" if rows else mend
    return Listing(
        headers=headers, rows=rows, records=records, faults=known.faults(), next=following
    )


def _version_or_none(known: NamedArtifacts, name: str, number: int) -> ArtifactVersion | None:
    from gitrack.errors import UnreadableFile

    try:
        return known.version(name, number)
    except UnreadableFile:
        return None  # it is among the faults


def _versions(known: NamedArtifacts, name: str) -> Listing:
    versions, faults = known.versions(name)
    aliases, more = known.aliases(name)
    latest = known.numbers(name)[-1]
    rows: list[Sequence[str]] = []
    records = []
    for version in reversed(versions):
        own = _pointing(aliases, version.version)
        if version.version == latest:
            own = ["latest", *own]
        rows.append((
            f"v{version.version}",
            day_and_time(version.created),
            version.kind,
            _size(version.size),
            short(version.run),
            version.path,
            ", ".join(own),
            version.uri or version.description or "",
        ))  # fmt: skip
        records.append({**msgspec.to_builtins(version), "aliases": own})
    headers = ("VERSION", "CREATED (UTC)", "KIND", "SIZE", "RUN", "PATH", "ALIASES", "ABOUT")
    reference = shlex.quote(f"{name}:latest")
    return Listing(
        headers=headers,
        rows=rows,
        records=records,
        faults=[*faults, *more],
        next=f"gitrack artifact get {reference}",
    )


def _pointing(aliases: dict[str, ArtifactAlias], number: int) -> list[str]:
    return [alias for alias, record in aliases.items() if record.version == number]


def _artifacts(known: NamedArtifacts, store: RunStore, path: str) -> Listing:
    run = store.run(path)
    rows: list[Sequence[str]] = []
    records = []
    for artifact in run.artifacts:
        version = _version_of(known, artifact)
        rows.append((
            artifact.path,
            artifact.kind if artifact.flavor is None else f"{artifact.flavor} {artifact.kind}",
            _size(artifact.size),
            "" if artifact.files is None else str(artifact.files),
            {"git": "branch", "dvc": "DVC"}.get(artifact.store) or artifact.uri or "",
            version or "",
            artifact.description or "",
        ))  # fmt: skip
        record = msgspec.to_builtins(artifact)
        records.append({"run": run.id, "store": artifact.store, **record, "version": version})
    headers = ("PATH", "KIND", "SIZE", "FILES", "WHERE", "VERSION", "ABOUT")
    following = f"gitrack show {run.id}"
    if run.artifacts:
        first = shlex.quote(f"{run.id}/{run.artifacts[0].path}")
        following = f"gitrack artifact get {first}"
    return Listing(headers=headers, rows=rows, records=records, next=following)


def _version_of(known: NamedArtifacts, artifact: Artifact) -> str | None:
    if artifact.name is None:
        return None
    found = known.find(artifact.name, md5=artifact.md5, uri=artifact.uri)
    return artifact.name if found is None else f"{artifact.name}:v{found.version}"


def _files(store: RunStore, repository: Repository, reference: str) -> Listing:
    from gitrack.retrieval import locate

    located = locate(store, reference)
    inside = _inside(store, repository, located)
    rows: list[Sequence[str]] = [
        (name, _size(length), md5 or "") for name, md5, length in inside[:_MOST_FILES]
    ]
    if len(inside) > _MOST_FILES:
        rows.append((f"… and {len(inside) - _MOST_FILES:,} more", "", ""))
    records = [{"path": name, "md5": md5, "size": length} for name, md5, length in inside]
    following = f"gitrack artifact get {shlex.quote(reference)}"
    headers = ("PATH", "SIZE", "MD5")
    return Listing(headers=headers, rows=rows, records=records, next=following)


def _inside(
    store: RunStore, repository: Repository, located: Located
) -> list[tuple[str, str | None, int | None]]:
    """(path, md5, size) of the files of an artifact; of itself if it is one file."""
    from gitrack.retrieval.obtain import files_of

    if not (located.artifact.md5 or "").endswith(".dir"):
        artifact = located.artifact
        return [(artifact.path, artifact.md5, artifact.size)]
    found = files_of(store, repository, located)
    if located.inner is None:
        return found
    inner = located.inner
    below = [one for one in found if one[0] == inner or one[0].startswith(f"{inner}/")]
    if not below:
        raise NotFound(
            f"{located.artifact.path!r} holds no {inner!r}",
            hint=f"gitrack artifact ls {shlex.quote(located.reference.removesuffix('/' + inner))}",
        )
    return below


def _size(number: int | None) -> str:
    return "" if number is None else size(number)
