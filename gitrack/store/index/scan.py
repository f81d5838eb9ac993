"""From the files below `runs/` to pieces of the index: all of them, or only what has changed."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from gitrack.errors import UnreadableFile
from gitrack.store.branch import Branch, Entry
from gitrack.store.codec.records import load_record
from gitrack.store.index.rows import Rows
from gitrack.store.index.segment import Segment, pack
from gitrack.store.index.table import Piece, RunTable
from gitrack.store.layout import (
    FORMAT_FILE,
    PIPELINE,
    RECORD,
    RUNS,
    misplaced,
    place_of,
    why_misplaced,
)

FaultRow = tuple[str, str, str | None]

#: Rows of one segment: bounds the memory that a scan takes.
MAX_ROWS = 25_000
_MANY = 500

_MISSING = f"{RECORD} is missing"
_MEND = "restore it from git, or remove what is left of the run"
_STRAY = "remove it: only runs lie below runs/"


class Record(NamedTuple):
    """A run's record, and the id of the pipeline that lies beside it."""

    path: str
    blob: str
    pipeline: str | None = None


class Found(NamedTuple):
    """What was read: pieces with their bytes, and what cannot be read."""

    pieces: list[tuple[Piece, bytes]]
    faults: list[FaultRow]
    #: False if this clone lacked an object: the same commit may read otherwise tomorrow
    lasting: bool


def scan(branch: Branch, commit: str) -> Found:
    """Everything at a commit."""
    records, faults = sort_out(branch.entries(RUNS, at=commit))
    found = read(branch, records)
    return found._replace(faults=sorted([*faults, *found.faults]))


def sort_out(entries: Iterable[Entry]) -> tuple[list[Record], list[FaultRow]]:
    """The records among files sorted by path, and what does not belong."""
    records: list[Record] = []
    faults: list[FaultRow] = []
    pipeline: str | None = None
    inside = "\0"  # the run's folder at which we are, with a slash
    found = True
    for entry in entries:
        path = entry.path
        if path.startswith(inside):
            if path == inside + RECORD:
                records.append(Record(path, entry.id, pipeline))
                found = True
            elif path == inside + PIPELINE:  # sorts before the record
                pipeline = entry.id
            if "/../" not in path and "/./" not in path:
                continue
        place = place_of(path)
        # of nearly every path its place says enough: that is found once, for it costs the most
        clear = place is not None and path.startswith(f"{place.folder}/") and "/." not in path
        why = None if clear else why_misplaced(path)
        if why is not None:
            fault = (misplaced(path), why, _STRAY)
            if fault not in faults[-1:]:
                faults.append(fault)
            continue
        if not found:
            faults.append((inside[:-1], _MISSING, _MEND))
        found = place is None
        inside = "\0" if place is None else f"{place.folder}/"
        pipeline = entry.id if path == inside + PIPELINE else None
        if path == inside + RECORD:
            records.append(Record(path, entry.id))
            found = True
    if not found:
        faults.append((inside[:-1], _MISSING, _MEND))
    return records, faults


def read(branch: Branch, records: Sequence[Record]) -> Found:
    """Records to pieces, each sorted by (id, path), and those that cannot be read."""
    ordered = sorted(records, key=_id_and_path)
    contents = branch.read_many([record.blob for record in ordered])
    made: list[tuple[Piece, bytes]] = []
    faults: list[FaultRow] = []
    lasting = True
    for start in range(0, len(ordered), MAX_ROWS):
        batch = ordered[start : start + MAX_ROWS]
        with _uncollected(len(batch)):
            rows = Rows()
            for path, blob, pipeline in batch:
                data = next(contents)[1]
                if isinstance(data, bytes):
                    rows.add(path, blob, data, pipeline)
                else:
                    lasting = False
                    faults.append((path, data.message, data.hint))
            faults += [(fault.path, fault.why, fault.hint) for fault in rows.faults]
            if rows.count:
                made.append(piece_of(pack(rows.count, rows.columns())))
    return Found(made, faults, lasting)


@contextlib.contextmanager
def _uncollected(records: int) -> Iterator[None]:
    """Values by the million and no cycle among them: collecting would walk them over and over."""
    if records < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _id_and_path(record: Record) -> tuple[str, str]:
    folder = record.path.rpartition("/")[0]
    return folder.rpartition("/")[2], folder


def piece_of(data: bytes) -> tuple[Piece, bytes]:
    """A piece from the bytes of its segment."""
    segment = Segment(data)
    ids, paths = segment.column("id"), segment.column("path")
    return (
        Piece(segment, (str(ids[0]), str(paths[0])), (str(ids[-1]), str(paths[-1]))),
        data,
    )


class _About(msgspec.Struct):
    """What `format.yaml` says."""

    format: int


def strange_format(data: bytes) -> list[FaultRow]:
    """What is wrong with `format.yaml`. Runs are read all the same: each says its own format."""
    try:
        load_record(FORMAT_FILE, data, _About)
    except UnreadableFile as error:
        return [(FORMAT_FILE, error.why, error.hint)]
    return []


class Update:
    """What changed between two trees, applied to the pieces of the older one."""

    def __init__(
        self,
        branch: Branch,
        commit: str,
        pieces: Sequence[Piece],
        faults: Sequence[FaultRow],
        changes: Sequence[tuple[str, Entry | None]],
    ) -> None:
        self.branch = branch
        self.commit = commit
        self.changes = changes
        self.pieces = list(pieces)
        self.faults = list(faults)
        self.lasting = True

    def apply(self) -> list[tuple[Piece, bytes]]:
        """New pieces; `pieces` and `faults` are then those of the newer tree without them."""
        records: list[Record] = []
        pipelines: dict[str, str | None] = {}
        touched: set[str] = set()
        gone: set[str] = set()
        for path, entry in self.changes:
            place = place_of(path)
            if place is None or why_misplaced(path) is not None:
                self._stray(path, entry)
            elif path == f"{place.folder}/{RECORD}":
                gone.add(place.folder)
                touched.add(place.folder)
                if entry is not None:
                    records.append(Record(path, entry.id))
            else:
                touched.add(place.folder)
                if path == f"{place.folder}/{PIPELINE}":
                    pipelines[place.folder] = None if entry is None else entry.id
        records = self._with_pipelines(records, pipelines, gone)
        found = read(self.branch, records)
        faults = found.faults
        self.lasting = found.lasting
        self._bury(gone)
        self._forget(touched)
        with_record = {record.path.rpartition("/")[0] for record in records}
        faults += self._without_record(touched - with_record)
        self.faults = sorted([*self.faults, *faults])
        return found.pieces

    def _with_pipelines(
        self, records: list[Record], changed: dict[str, str | None], gone: set[str]
    ) -> list[Record]:
        """The records with what lies beside them, and those beside which a pipeline changed."""
        by_folder = {record.path.rpartition("/")[0]: record for record in records}
        # of a run that is committed again, the file of before may still lie there
        again = self._known(by_folder.keys() - changed.keys()) | (changed.keys() - gone)
        found = [
            record._replace(pipeline=changed.get(folder))
            for folder, record in by_folder.items()
            if folder not in again
        ]
        for folder in sorted(again):
            found += sort_out(self.branch.entries(folder, at=self.commit))[0]
        gone |= again
        return found

    def _known(self, folders: set[str]) -> set[str]:
        """Those of the folders that the older tree had; a new run is younger than all others."""
        known = {path.rpartition("/")[0] for path, *_ in self.faults} & folders
        ids = [folder.rpartition("/")[2] for folder in folders]
        for piece in self.pieces:
            if any(piece.first[0] <= id <= piece.last[0] for id in ids):
                known.update(folders.intersection(piece.segment.column("path")))
        return known

    def _stray(self, path: str, entry: Entry | None) -> None:
        named = misplaced(path)
        self.faults = [fault for fault in self.faults if fault[0] != named]
        why = why_misplaced(path)
        still = entry is not None or self.branch.tree(named, at=self.commit) is not None
        if still and why is not None:
            self.faults.append((named, why, _STRAY))

    def _forget(self, folders: set[str]) -> None:
        """Faults of the folders that were touched: whatever is still wrong is found again."""
        kept = []
        for fault in self.faults:
            place = place_of(fault[0])
            if place is None or place.folder not in folders:
                kept.append(fault)
        self.faults = kept

    def _bury(self, folders: set[str]) -> None:
        """Rows of runs whose record changed or went."""
        ids = sorted(folder.rpartition("/")[2] for folder in folders)
        for number, piece in enumerate(self.pieces):
            # a new run is younger than all others, so that nothing need be read
            if not any(piece.first[0] <= id <= piece.last[0] for id in ids):
                continue
            rows = _rows_of(piece, folders)
            if rows:
                self.pieces[number] = piece._replace(dead=piece.dead.union(rows))

    def _without_record(self, folders: set[str]) -> Iterator[FaultRow]:
        """Folders in which something changed, but not the record: is there one, and is it good?"""
        for folder in sorted(folders):
            if any(_rows_of(piece, {folder}) for piece in self.pieces):
                continue
            names = self.branch.children(folder, at=self.commit)
            if RECORD in names:
                path = f"{folder}/{RECORD}"
                entry = next(
                    e for e in self.branch.entries(folder, at=self.commit) if e.path == path
                )
                again = read(self.branch, [Record(path, entry.id)])
                self.lasting = self.lasting and again.lasting
                yield from again.faults
            elif names:
                yield folder, _MISSING, _MEND


def _rows_of(piece: Piece, folders: set[str]) -> list[int]:
    return [
        row
        for row, path in enumerate(piece.segment.column("path"))
        if path in folders and row not in piece.dead
    ]


def merged(pieces: Sequence[Piece]) -> tuple[Piece, bytes]:
    """Several pieces as one, without their dead rows."""
    table = RunTable(pieces)
    names = {name for piece in pieces for name in piece.segment.names()}
    columns = {name: table.column(name) for name in sorted(names)}
    present = {name: c for name, c in columns.items() if any(v is not None for v in c)}
    return piece_of(pack(table.rows, present))
