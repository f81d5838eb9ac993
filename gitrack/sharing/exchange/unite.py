"""Two sides of the branch put together: what was changed on both, judged file by file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from gitrack.artifacts.branch_files import remote_in
from gitrack.errors import MergeConflict, UnreadableFile
from gitrack.model.run import Run
from gitrack.sharing.exchange.models import Models
from gitrack.sharing.exchange.numbers import Renumbering
from gitrack.sharing.exchange.standing import Standing
from gitrack.store.branch import Branch
from gitrack.store.codec.records import dump_run, load_run
from gitrack.store.git.merge import Clash
from gitrack.store.git.repository import Repository
from gitrack.store.layout import FORMAT_FILE, RECORD, place_of

Side = Literal["ours", "theirs"]

#: What both clones wrote when each began the branch: whoever pushed first is followed.
_FURNITURE = {"README.md", ".gitignore", ".dvc/.gitignore"}
_FORMAT = re.compile(rb"format: (\d+)\n")
_LONGEST = 200
#: Tags and notes are labels that people change later; the rest of a record says what was.
_LABELS = {"notes", "name"}


class Uniting:
    """Decides one try to unite our commit with theirs. `prefer` settles what people must see."""

    def __init__(
        self,
        branch: Branch,
        repository: Repository,
        ours: str,
        theirs: str,
        *,
        source: str,
        prefer: Side | None = None,
    ) -> None:
        self._repository = repository
        self._ours, self._theirs = ours, theirs
        self._source = source
        self._prefer = prefer
        self._numbers = Renumbering(branch, ours, theirs, prefer)
        self._models = Models(branch, ours, theirs, prefer)
        self._standing = Standing(branch, repository, ours, theirs, prefer)
        self._told: list[str] = []

    @property
    def told(self) -> list[str]:
        """What was given up for what, and what is called otherwise now; asked for last."""
        return list(dict.fromkeys(self._told))

    def resolve(self, clash: Clash) -> bytes | None:
        """The contents that unite both sides; MergeConflict if only people can tell."""
        path = clash.path
        if path in _FURNITURE:
            return clash.theirs
        if path == FORMAT_FILE and _formats_agree(clash):
            return clash.theirs
        if path.endswith(".dvc/config") and clash.ours is not None and clash.theirs is not None:
            return self._remote(path, clash.ours, clash.theirs)
        place = place_of(path)
        if place is not None and path == f"{place.folder}/{RECORD}":
            united = self._record(clash)
            if united is not None:
                return united
        if self._standing.sees(clash):
            return clash.theirs
        if self._numbers.takes(clash) or self._models.takes(clash):
            return clash.theirs
        return self._by_people(clash)

    def more(self) -> Mapping[str, bytes | None]:
        """Versions of ours, of named artifacts and of models, that take another number."""
        given_up = self._standing.settled()  # first: it says best what has happened
        moved = {**self._numbers.changes(), **self._models.changes()}
        changes = {path: moved[path] for path in moved if not self._standing.covers(path)}
        changes |= given_up
        self._told += [*self._numbers.told, *self._models.told, *self._standing.told]
        return changes

    def message(self) -> str:
        """One line, and what was given up for what."""
        lines = "\n".join(f"- {line}" for line in self.told)
        return f"merge {self._source}\n" + (f"\n{lines}\n" if lines else "")

    def _by_people(self, clash: Clash) -> bytes | None:
        if self._prefer is None:
            raise MergeConflict([clash.path])
        self._told.append(f"{clash.path}: {self._prefer} were asked for")
        return clash.ours if self._prefer == "ours" else clash.theirs

    def _remote(self, path: str, ours: bytes, theirs: bytes) -> bytes:
        """A side that names a remote wins over one that names none, else the pushed one."""
        if remote_in(theirs) is None and remote_in(ours) is not None:
            return ours
        self._told.append(
            f"{path}: kept theirs, ours was {_shown(ours.decode('utf-8', 'replace'))}"
        )
        return theirs

    def _record(self, clash: Clash) -> bytes | None:
        """A run whose tags or notes were changed; None if there is more to it."""
        if clash.ours is None or clash.theirs is None:
            return None
        try:
            ours, theirs = load_run(clash.path, clash.ours), load_run(clash.path, clash.theirs)
            base = None if clash.base is None else load_run(clash.path, clash.base)
        except UnreadableFile:
            return None
        changed: dict[str, Any] = {}
        told: list[str] = []
        for field in Run.__struct_fields__:
            mine, other = getattr(ours, field), getattr(theirs, field)
            before = getattr(base, field) if base is not None else _Missing
            if mine == other or other == before:
                continue
            if mine == before:
                changed[field] = other
            elif field == "tags":
                old = before if isinstance(before, dict) else {}
                changed[field] = self._tags(clash.path, ours.id, old, mine, other, told)
            elif field in _LABELS:
                changed[field] = self._later(clash.path, f"{ours.id} {field}", mine, other, told)
            else:
                return None
        self._told += told
        return dump_run(msgspec.structs.replace(ours, **changed))

    def _tags(
        self,
        path: str,
        run: str,
        before: Mapping[str, Any],
        mine: Mapping[str, Any],
        other: Mapping[str, Any],
        told: list[str],
    ) -> dict[str, Any]:
        united: dict[str, Any] = {}
        for key in sorted({*mine, *other}):
            old, a, b = (side.get(key, _Missing) for side in (before, mine, other))
            if a == b or b == old:
                chosen = a
            elif a == old:
                chosen = b
            else:
                chosen = self._later(path, f"{run} tags.{key}", a, b, told)
            if chosen is not _Missing:
                united[key] = chosen
        return united

    def _later(self, path: str, what: str, mine: Any, other: Any, told: list[str]) -> Any:
        """The value that was set later; the other one is told."""
        later = self._prefer or self._later_side(path)
        kept, lost = (mine, other) if later == "ours" else (other, mine)
        told.append(f"run {what}: {_shown(kept)} is later than {_shown(lost)}")
        return kept

    def _later_side(self, path: str) -> Side:
        return (
            "ours"
            if self._touched(self._ours, path) > self._touched(self._theirs, path)
            else "theirs"
        )

    def _touched(self, side: str, path: str) -> int:
        """When a side last changed a file, in seconds since 1970."""
        other = self._theirs if side == self._ours else self._ours
        literal = f":(literal){path}"
        said = self._repository.git("log", "-1", "--format=%at", side, f"^{other}", "--", literal)
        return int(said or 0)


class _Missing:
    """A key that is not there, which `None` would be a value of."""


def _formats_agree(clash: Clash) -> bool:
    """True if the two differ in the project's name at most."""
    sides = [_FORMAT.match(side or b"") for side in (clash.ours, clash.theirs)]
    return all(sides) and len({side[1] for side in sides if side}) == 1


def _shown(value: Any) -> str:
    if value is _Missing:
        return "its removal"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
