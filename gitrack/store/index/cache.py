"""The index on disk: segments and a manifest that says which of them make up a branch.

Everything here can be deleted at any time. A file is written aside and renamed; its name holds
the version of this reader and the tree that it was made for; whatever is damaged, foreign or
missing makes the index be built again from the branch.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gitrack.store.branch import Branch
from gitrack.store.index.segment import Damaged, Segment
from gitrack.store.index.table import Piece, RunTable
from gitrack.store.layout import FORMAT_FILE, RUNS

#: Goes up with every change of what is read from a record or how it is kept.
READER = 6

#: A segment is joined with its elder when that is not this many times larger.
_RATIO = 3
#: Larger segments than this are left as they are.
_MAX_MERGED = 50_000
#: Unknown files younger than this may be another process's, which is about to name them.
_SWEEP_AFTER = 900.0
_OURS = re.compile(r"(v\d+-|\.tmp-)")
#: Files that nobody needs any more, before they are looked for.
_MAX_LITTER = 24

FaultRow = tuple[str, str, str | None]


class State(NamedTuple):
    """The index of one commit. `files` are the pieces' names on disk, None where not written."""

    commit: str
    tree: str
    pieces: list[Piece]
    files: list[str | None]
    faults: list[FaultRow]
    #: False if an object could not be had: the next process tries again
    lasting: bool = True


class Index:
    """Gives the table of a branch, and keeps what it read for the next time."""

    def __init__(self, branch: Branch, folder: Path | None) -> None:
        self._branch = branch
        self._folder = folder
        self._state: State | None = None
        self._table: RunTable | None = None
        self._format_unread = False

    def table(self) -> RunTable:
        """All runs at the present tip."""
        tip = self._branch.tip()
        if tip is None:
            return RunTable(())
        if self._table is not None and self._table.commit == tip:
            return self._table
        state = self._state or self._load()
        if state is None or state.commit != tip:
            try:
                state = self._fresh(state, tip)
            except Damaged:
                self._delete()
                state = self._fresh(None, tip)
        self._state = state
        self._table = RunTable(
            state.pieces,
            state.faults,
            commit=tip,
            rebuild=lambda: self._again(tip),
            before=self._table,
        )
        return self._table

    def _again(self, commit: str) -> list[Piece]:
        """The pieces of a commit from the branch itself: those on disk are damaged."""
        self._delete()
        state = self._fresh(None, commit)
        if self._branch.tip() == commit:
            self._state = state
        return state.pieces

    def _fresh(self, old: State | None, commit: str) -> State:
        tree = self._branch.tree(RUNS, at=commit)
        strange = self._strange_format(commit)
        if tree is None:
            return State(commit, "", [], [], strange)
        if old is not None and old.tree == tree:
            faults = strange + [fault for fault in old.faults if fault[0] != FORMAT_FILE]
            same = old._replace(commit=commit, faults=faults)
            # only the registry has moved: the next process sees so as quickly as this one
            return same if faults == old.faults else self._save(same)
        # parsing, and all that it imports, is needed only when something has changed
        from gitrack.errors import GitrackError
        from gitrack.store.index import scan

        if old is not None and old.tree:
            try:
                changes = self._branch.changed(old.tree, tree, under=RUNS)
            except GitrackError:
                old = None  # the old tree was collected as garbage
        if old is None or not old.tree:
            found = scan.scan(self._branch, commit)
            pieces, files = [], []
            for piece, data in found.pieces:
                pieces.append(piece)
                files.append(self._write(tree, data))
            faults = strange + found.faults
            return self._save(State(commit, tree, pieces, files, faults, found.lasting))
        known = [fault for fault in old.faults if fault[0] != FORMAT_FILE]
        update = scan.Update(self._branch, commit, old.pieces, known, changes)
        made = update.apply()
        pieces = update.pieces + [piece for piece, _ in made]
        contents = [None] * len(update.pieces) + [data for _, data in made]
        files = old.files + [None] * len(made)
        pieces, files, contents = _compacted(pieces, files, contents)
        files = [
            name if data is None else self._write(tree, data)
            for name, data in zip(files, contents, strict=True)
        ]
        faults = strange + update.faults
        lasting = old.lasting and update.lasting
        return self._save(State(commit, tree, pieces, files, faults, lasting))

    def _strange_format(self, commit: str) -> list[FaultRow]:
        """A fault if the branch says that it is of a format that this reader does not know."""
        from gitrack.errors import NotFound, StoreError

        self._format_unread = False
        try:
            data = self._branch.read(FORMAT_FILE, at=commit)
        except NotFound:
            return []
        except StoreError as error:  # damaged, or not to be had by this clone
            self._format_unread = True
            return [(FORMAT_FILE, error.message, error.hint)]
        if data.startswith(b"format: 1\n"):
            return []
        from gitrack.store.index.scan import strange_format

        return strange_format(data)

    # -- on disk ----------------------------------------------------------------------------

    def _manifest(self) -> str:
        return f"v{READER}-{self._branch.name.replace('/', '%2F')}.json"

    def _load(self) -> State | None:
        if self._folder is None:
            return None
        try:
            return self._read(self._folder)
        except FileNotFoundError:
            return None
        except (OSError, Damaged, ValueError, LookupError, TypeError):
            self._delete()
            return None

    def _read(self, folder: Path) -> State:
        checksum, _, text = (folder / self._manifest()).read_bytes().partition(b"\n")
        if b"%08x" % zlib.crc32(text) != checksum:
            raise Damaged("the manifest is not what was written")
        about = json.loads(text)
        pieces = [
            Piece(
                Segment.open(folder / one["file"]),
                tuple(one["first"]),
                tuple(one["last"]),
                frozenset(one["dead"]),
            )
            for one in about["segments"]
        ]
        return State(
            about["commit"],
            about["tree"],
            pieces,
            [one["file"] for one in about["segments"]],
            [(path, why, hint) for path, why, hint in about["faults"]],
        )

    def _write(self, tree: str, data: bytes) -> str | None:
        """A segment's file; None if the disk refuses, and the index then lives in memory."""
        name = f"v{READER}-{tree}-{zlib.crc32(data):08x}.seg"
        return name if self._put(name, data) else None

    def _save(self, state: State) -> State:
        if None in state.files or not state.lasting or self._format_unread:
            return state
        about = {
            "commit": state.commit,
            "tree": state.tree,
            "segments": [
                {
                    "file": name,
                    "first": piece.first,
                    "last": piece.last,
                    "dead": sorted(piece.dead),
                }
                for piece, name in zip(state.pieces, state.files, strict=True)
            ],
            "faults": state.faults,
        }
        text = json.dumps(about, separators=(",", ":")).encode()
        if self._put(self._manifest(), b"%08x\n%b" % (zlib.crc32(text), text)):
            self._sweep(state)
        return state

    def _put(self, name: str, data: bytes) -> bool:
        """False where the cache cannot be written: then everything works without it."""
        if self._folder is None:
            return False
        aside = self._folder / f".tmp-{os.getpid()}-{time.monotonic_ns()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(data)
            aside.replace(self._folder / name)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()
            return False
        return True

    def _sweep(self, state: State) -> None:
        """Remove files of older trees and readers, and what died half-written."""
        assert self._folder is not None
        used = {self._manifest(), *filter(None, state.files)}
        with contextlib.suppress(OSError):
            names = {file.name for file in self._folder.iterdir()} - used
            if len(names) > _MAX_LITTER:
                self._remove(self._folder, names)

    def _remove(self, folder: Path, names: set[str]) -> None:
        limit = time.time() - _SWEEP_AFTER
        manifests = [name for name in names if _is_manifest(name)]
        # other branches of this repository keep their segments here too
        others = "".join((folder / name).read_text(errors="replace") for name in manifests)
        for name in names.difference(manifests):
            file = folder / name
            if _OURS.match(name) and name not in others and file.stat().st_mtime < limit:
                file.unlink()

    def _delete(self) -> None:
        """Forget the manifest: what it named is swept in time."""
        self._state = self._table = None
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / self._manifest()).unlink()


def _is_manifest(name: str) -> bool:
    return name.startswith(f"v{READER}-") and name.endswith(".json")


def _compacted(
    pieces: Sequence[Piece], files: Sequence[str | None], contents: Sequence[bytes | None]
) -> tuple[list[Piece], list[str | None], list[bytes | None]]:
    """Small segments at the end joined, so that their number grows with the logarithm of runs."""
    from gitrack.store.index.scan import merged

    kept = [
        (piece, name, data)
        for piece, name, data in zip(pieces, files, contents, strict=True)
        if piece.rows
    ]
    while len(kept) > 1:
        elder, younger = kept[-2][0], kept[-1][0]
        if elder.rows > _RATIO * younger.rows or elder.rows + younger.rows > _MAX_MERGED:
            break
        piece, data = merged([elder, younger])
        kept[-2:] = [(piece, None, data)]
    return [k[0] for k in kept], [k[1] for k in kept], [k[2] for k in kept]
