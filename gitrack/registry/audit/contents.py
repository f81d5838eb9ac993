"""Records of the history, read once each, whatever state of a file they were."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from gitrack.errors import GitrackError, UnreadableFile
from gitrack.model.promotion import Promotion
from gitrack.model.run import Run
from gitrack.registry.audit.kinds import Kind, what_is
from gitrack.registry.audit.trail import Trail
from gitrack.store.codec.records import load_record, load_run
from gitrack.store.registry.checks import promotes

Record = TypeVar("Record", bound=msgspec.Struct)


class Contents:
    """Gives the record of a path and an id, or the sentence that says why there is none."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self._read: dict[tuple[str, str], msgspec.Struct | str] = {}

    def data(self, id: str) -> bytes | None:
        """The bytes of a file; None if they cannot be read."""
        found = self.trail.read(id)
        return found if isinstance(found, bytes) else None

    def record(self, path: str, id: str, type: type[Record]) -> Record | str:
        """A record, or why it is none."""
        key = (path, id)
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = self._load(path, id, type)
        assert isinstance(known, type | str)
        return known

    def run(self, path: str, id: str | None) -> Run | None:
        """A run, if it can be read."""
        found = self.record(path, id, Run) if id is not None else None
        return found if isinstance(found, Run) else None

    def promotion(self, path: str, id: str | None) -> Promotion | None:
        """A promotion, if it can be read."""
        found = self.record(path, id, Promotion) if id is not None else None
        return found if isinstance(found, Promotion) else None

    def _load(self, path: str, id: str, type: type[msgspec.Struct]) -> msgspec.Struct | str:
        data = self.trail.read(id)
        if isinstance(data, GitrackError):
            return data.message
        try:
            if type is Run:
                return load_run(path, data)
            record = load_record(path, data, type)
        except UnreadableFile as error:
            return error.why
        if isinstance(record, Promotion):
            what = what_is(path)
            if what.kind is Kind.PROMOTION:
                return promotes(what.name, what.item)(record) or record
        return record
