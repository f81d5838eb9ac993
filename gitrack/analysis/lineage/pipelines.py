"""What pipelines read and wrote, found by the bytes of their files before one is taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from gitrack.errors import GitrackError, UnreadableFile
from gitrack.model.lineage import identity_of_file
from gitrack.model.pipeline import Pipeline, StageRun
from gitrack.store.branch import Branch
from gitrack.store.codec.records import load_record
from gitrack.store.index import RunTable
from gitrack.store.layout import PIPELINE

#: How a pipeline's file begins that was written by gitrack, and what its lines say.
_PLAIN = b"format: 1\nstages:\n- name:"
_LIST_OR_MD5 = re.compile(rb"^  (deps|outs):$|([0-9a-f]{32}(?:\.dir)?)", re.MULTILINE)


class Pipelines:
    """The `pipeline.yaml` of all runs of a table."""

    def __init__(
        self, table: RunTable, branch: Branch, note: Callable[[UnreadableFile], None]
    ) -> None:
        self._table = table
        self._branch = branch
        self._note = note
        self._pipelines: dict[str, Pipeline] = {}
        self._touched: dict[str, frozenset[str]] = {}

    def of(self, row: int) -> list[StageRun]:
        """The stages that a run ran; none if it was no pipeline, or its file is broken."""
        blob = self._table.column("pipeline")[row]
        if blob is None:
            return []
        return self._pipeline(str(blob), row).stages

    def touched(self, row: int) -> frozenset[str]:
        """Identities of all that the stages of a run read and wrote."""
        blob = self._table.column("pipeline")[row]
        if blob is None:
            return frozenset()
        if blob not in self._touched:
            stages = self._pipeline(str(blob), row).stages
            files = (file for stage in stages for file in (*stage.deps, *stage.outs))
            self._touched[str(blob)] = frozenset(map(identity_of_file, files))
        return self._touched[str(blob)]

    def writers(self, known: str) -> list[tuple[int, StageRun]]:
        """(row, stage) of every stage that wrote data of an identity."""
        found = self._stages(known, "outs")
        return [pair for pair in found if known in map(identity_of_file, pair[1].outs)]

    def readers(self, known: str) -> list[tuple[int, StageRun]]:
        """(row, stage) of every stage that read data of an identity."""
        found = self._stages(known, "deps")
        return [pair for pair in found if known in map(identity_of_file, pair[1].deps)]

    def _stages(self, known: str, list: str) -> list[tuple[int, StageRun]]:
        """(row, stage) of all pipelines that may have the data in one of their lists."""
        kind, _, value = known.partition(":")
        if kind == "md5":
            blobs = self._by_content[list].get(value.encode(), [])
        else:
            blobs = [*self._blobs] if kind == "path" else []
        return [
            (row, stage)
            for blob in blobs
            for row in self._blobs[blob]
            for stage in self._pipeline(blob, row).stages
        ]

    def at_path(self, path: str) -> list[str]:
        """Identities of what stages read or wrote at a path."""
        found: dict[str, None] = {}
        mark = path.encode("utf-8", "surrogateescape")
        for blob, data in self._contents.items():
            if isinstance(data, bytes) and mark in data:
                for stage in self._pipeline(blob, self._blobs[blob][0]).stages:
                    for file in (*stage.deps, *stage.outs):
                        if file.path == path:
                            found[identity_of_file(file)] = None
        return list(found)

    def md5s(self, beginning: str) -> set[str]:
        """Digests that begin so."""
        mark = beginning.encode()
        known = (md5 for by_md5 in self._by_content.values() for md5 in by_md5)
        return {md5.decode() for md5 in known if md5.startswith(mark)}

    def read_by_stages(self) -> set[str]:
        """Digests of what stages depend on."""
        return {md5.decode() for md5 in self._by_content["deps"]}

    @cached_property
    def _blobs(self) -> dict[str, list[int]]:
        """By the id of a pipeline's file: the runs beside which it lies."""
        found: dict[str, list[int]] = {}
        for row, blob in enumerate(self._table.column("pipeline")):
            if blob is not None:
                found.setdefault(str(blob), []).append(row)
        return found

    @cached_property
    def _contents(self) -> dict[str, bytes | GitrackError]:
        return dict(self._branch.read_many(self._blobs)) if self._blobs else {}

    @cached_property
    def _by_content(self) -> dict[str, dict[bytes, list[str]]]:
        """By list (`deps`, `outs`) and md5: the pipelines in whose files it stands, unread.

        A thousand runs of one pipeline read the same data, and few wrote it.
        """
        found: dict[str, dict[bytes, list[str]]] = {"deps": {}, "outs": {}}
        for blob, data in self._contents.items():
            if not isinstance(data, bytes):
                continue
            lists = () if data.startswith(_PLAIN) else tuple(found)
            seen: set[tuple[str, bytes]] = set()
            at = lists
            for name, md5 in _LIST_OR_MD5.findall(data):
                if name:
                    at = lists or (name.decode(),)
                    continue
                for one in at:
                    if (one, md5) not in seen:
                        seen.add((one, md5))
                        found[one].setdefault(md5, []).append(blob)
        return found

    def _pipeline(self, blob: str, row: int) -> Pipeline:
        known = self._pipelines.get(blob)
        if known is None:
            path = f"{self._table.path(row)}/{PIPELINE}"
            data = self.__dict__.get("_contents", {}).get(blob)  # only if somebody read them all
            if data is None:
                ((_, data),) = self._branch.read_many([blob])
            known = self._pipelines[blob] = self._load(path, data)
        return known

    def _load(self, path: str, data: bytes | GitrackError) -> Pipeline:
        try:
            if isinstance(data, GitrackError):
                raise UnreadableFile(path, data.message, hint=data.hint)
            return load_record(path, data, Pipeline)
        except UnreadableFile as error:
            self._note(error)
            return Pipeline()
