"""One step up or down: which nodes lie next to a node, and by which edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from gitrack.analysis.lineage.records import Reading, Records
from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.lineage import (
    OUTPUT,
    Link,
    artifact_id,
    code_id,
    data_id,
    identity_of_file,
    identity_of_use,
    last_stages,
    named_id,
    run_id,
    stage_id,
    standing_id,
    version_id,
)
from gitrack.model.named import ArtifactVersion
from gitrack.model.pipeline import StageRun
from gitrack.model.registered import ModelVersion
from gitrack.model.run import Artifact, Use


class Steps:
    """Goes from node to node. `up` leads to what was before, `down` to what came of it."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._looked_up: set[tuple[bool, str]] = set()
        self._ends: dict[int, dict[str, StageRun]] = {}
        #: by commit of the code: the row of a run that ran it
        self.commits: dict[str, int] = {}
        #: by identity of data: what stages that were met call it
        self.paths: dict[str, dict[str, None]] = {}
        #: stages by the id of their node, as they were met: (row of the run, stage)
        self.stages: dict[str, dict[int, StageRun]] = {}

    def up(self, id: str) -> list[Link]:
        """The links that end at a node."""
        return self._step(id, "up")

    def down(self, id: str) -> list[Link]:
        """The links that begin at a node."""
        return self._step(id, "down")

    def _step(self, id: str, direction: str) -> list[Link]:
        kind, _, rest = id.partition(":")
        ways: dict[tuple[str, str], Callable[[str, str], Iterable[Link]]] = {
            ("data", "up"): self._data_up,
            ("data", "down"): self._data_down,
            ("stage", "up"): self._stage_up,
            ("stage", "down"): self._stage_down,
            ("code", "down"): self._code_down,
            ("run", "up"): self._run_up,
            ("run", "down"): self._run_down,
            ("artifact", "up"): self._artifact_up,
            ("artifact", "down"): self._artifact_down,
            ("named", "up"): self._named_up,
            ("named", "down"): self._named_down,
            ("version", "up"): self._version_up,
            ("version", "down"): self._version_down,
            ("standing", "up"): self._standing_up,
            ("alias", "up"): self._alias_up,
        }
        found = ways.get((kind, direction))
        return [] if found is None else list(dict.fromkeys(found(id, rest)))

    # -- data -------------------------------------------------------------------------------

    def _data_up(self, id: str, known: str) -> Iterator[Link]:
        for row, artifact in self.records.with_bytes(known):
            run = self.records.run(row)
            if not self._passed_on(row, known):
                yield Link(artifact_id(run, artifact.path), id, "derived")
        for reading in self.records.readings(known):
            if self.records.role(reading) == OUTPUT and not self._in_a_stage(reading.row, known):
                yield Link(run_id(self.records.run(reading.row)), id, "produced")
        for row, stage in self.records.pipelines.writers(known):
            yield Link(self._met(row, stage), id, "produced")

    def _data_down(self, id: str, known: str) -> Iterator[Link]:
        by_run: dict[int, list[Reading]] = {}
        for reading in self.records.readings(known):
            if self.records.role(reading) != OUTPUT:
                by_run.setdefault(reading.row, []).append(reading)
        for row, readings in by_run.items():
            if not self._in_a_stage(row, known):
                yield Link(id, run_id(self.records.run(row)), "input", self._roles(readings))
        for row, use in self.records.used.get(known, ()):
            if identity_of_use(use) == known:
                yield Link(id, run_id(self.records.run(row)), "used", use.path)
        for row, stage in self.records.pipelines.readers(known):
            yield Link(id, self._met(row, stage), "input")

    def _roles(self, readings: Iterable[Reading]) -> str | None:
        roles = dict.fromkeys(role for r in readings if (role := self.records.role(r)))
        return ", ".join(roles) or None

    def _in_a_stage(self, row: int, known: str) -> bool:
        """True if the run's own stages say where the data came from and went, more exactly."""
        return known in self.records.pipelines.touched(row)

    def _passed_on(self, row: int, known: str) -> bool:
        """True if a run had the data before it left it: then it is not where it comes from.

        Nor is what it left needed as a source, where its record or its stages name the data.
        """
        if known in self.records.given(row) or self._in_a_stage(row, known):
            return True
        return any(known == f"md5:{use.md5}" for use in self.records.uses(row) if use.md5)

    # -- stages of pipelines ----------------------------------------------------------------

    def _stage_up(self, id: str, rest: str) -> Iterator[Link]:
        for stage in self._one(id):
            for file in stage.deps:
                yield Link(data_id(identity_of_file(file)), id, "input")

    def _stage_down(self, id: str, rest: str) -> Iterator[Link]:
        for stage in self._one(id):
            for file in stage.outs:
                yield Link(id, data_id(identity_of_file(file)), "produced")
        self._everywhere(id)
        for row in sorted(self.stages.get(id, ())):
            if id in self._last(row):
                state = self.stages[id][row].state
                yield Link(id, run_id(self.records.run(row)), "part", state)

    def _everywhere(self, id: str) -> None:
        """Meet the stage in every run that ran it: it is looked up by something it touched."""
        pipelines = self.records.pipelines
        for stage in self._one(id):
            find = pipelines.writers if stage.outs else pipelines.readers
            files = stage.outs or stage.deps
            known = identity_of_file(files[0]) if files else ""
            # a thousand stages of one file are looked up once
            if known and (bool(stage.outs), known) not in self._looked_up:
                self._looked_up.add((bool(stage.outs), known))
                for row, other in find(known):
                    self._met(row, other)

    def _last(self, row: int) -> dict[str, StageRun]:
        """By id: the stages that end a run's pipeline; all, if each of them feeds another."""
        if row not in self._ends:
            stages = self.records.pipelines.of(row)
            last = last_stages(stages) or stages
            self._ends[row] = {stage_id(stage): stage for stage in last}
        return self._ends[row]

    def _met(self, row: int, stage: StageRun) -> str:
        id = stage_id(stage)
        by_row = self.stages.setdefault(id, {})
        if not by_row:
            for file in (*stage.outs, *stage.deps):
                self.paths.setdefault(identity_of_file(file), {})[file.path] = None
        by_row[row] = stage
        return id

    def _one(self, id: str) -> list[StageRun]:
        return list(self.stages.get(id, {}).values())[:1]

    # -- runs -------------------------------------------------------------------------------

    def _run_up(self, id: str, run: str) -> Iterator[Link]:
        for row in self.records.rows.get(run, ()):
            commit = self.records.commits(row)
            if commit is not None:
                self.commits.setdefault(commit, row)
                yield Link(code_id(commit), id, "code")
            for known, readings in self.records.given(row).items():
                read = [one for one in readings if self.records.role(one) != OUTPUT]
                if read and not self._in_a_stage(row, known):
                    yield Link(data_id(known), id, "input", self._roles(read))
            for use in self.records.uses(row):
                source, detail = self._source(use)
                if source is not None:
                    yield Link(source, id, "used", detail)
            for stage in self._last(row).values():
                yield Link(self._met(row, stage), id, "part", stage.state)

    def _run_down(self, id: str, run: str) -> Iterator[Link]:
        for row in self.records.rows.get(run, ()):
            for path in self.records.artifacts(row):
                yield Link(id, artifact_id(run, path), "produced")
            for known, readings in self.records.given(row).items():
                wrote = any(self.records.role(one) == OUTPUT for one in readings)
                if wrote and not self._in_a_stage(row, known):
                    yield Link(id, data_id(known), "produced")

    def _code_down(self, id: str, commit: str) -> Iterator[Link]:
        for row in self.records.by_commit.get(commit, ()):
            self.commits.setdefault(commit, row)
            yield Link(id, run_id(self.records.run(row)), "code")

    def _source(self, use: Use) -> tuple[str | None, str | None]:
        """The node that a run used, and what of it."""
        if use.name is not None and use.version is not None:
            return named_id(use.name, self._number(use)), use.path
        if use.run is not None and use.path is not None:
            return artifact_id(use.run, self.records.around(use.run, use.path)), self._inner(use)
        known = identity_of_use(use)
        return (None, None) if known is None else (data_id(known), use.path)

    def _inner(self, use: Use) -> str | None:
        assert use.run is not None
        assert use.path is not None
        whole = self.records.around(use.run, use.path)
        return use.path[len(whole) + 1 :] or None

    def _number(self, use: Use) -> int:
        """The version whose bytes were used, whatever number it had then."""
        assert use.name is not None
        assert use.version is not None
        if use.md5 is None:
            return use.version
        versions = self.records.versions(use.name)
        said = versions.number(use.version)
        if said is None or said.md5 != use.md5:
            said = next(iter(versions.same(md5=use.md5)), None)
        return use.version if said is None else said.version

    # -- artifacts --------------------------------------------------------------------------

    def _artifact_up(self, id: str, rest: str) -> Iterator[Link]:
        run, _, _ = rest.partition("/")
        yield Link(run_id(run), id, "produced")

    def _artifact_down(self, id: str, rest: str) -> Iterator[Link]:
        run, _, path = rest.partition("/")
        found = self.records.artifact(run, path)
        if found is not None:
            yield from self._became(id, *found)
        for row, use in self.records.uses_within(run).get(path, ()):
            yield Link(id, run_id(self.records.run(row)), "used", self._inner(use))
        for model, version in self.records.registry.of_run(run):
            if self.records.around(run, version.artifact) == path:
                yield Link(id, version_id(model, version.version), "registered")

    def _became(self, id: str, row: int, artifact: Artifact) -> Iterator[Link]:
        """Versions of a name, and data that others read."""
        if artifact.name is not None:
            versions = self.records.versions(artifact.name)
            for version in versions.same(md5=artifact.md5, uri=artifact.uri):
                yield Link(id, named_id(version.name, version.version), "named")
        for known in _identities(artifact):
            if self._is_read(known) and not self._passed_on(row, known):
                yield Link(id, data_id(known), "derived")

    def _is_read(self, known: str) -> bool:
        if self.records.is_given(known) or known in self.records.used:
            return True
        return bool(self.records.pipelines.readers(known))

    # -- named artifacts --------------------------------------------------------------------

    def _named_up(self, id: str, rest: str) -> Iterator[Link]:
        version = self.named_version(rest)
        if version is None:
            return
        yield Link(artifact_id(version.run, version.path), id, "named")
        known = f"md5:{version.md5}" if version.md5 else f"uri:{version.uri}"
        for row, artifact in self.records.with_bytes(known):
            if artifact.name == version.name:
                yield Link(artifact_id(self.records.run(row), artifact.path), id, "named")

    def _named_down(self, id: str, rest: str) -> Iterator[Link]:
        name, number = _name_and_number(rest)
        version = self.named_version(rest)
        md5 = None if version is None else version.md5
        for row, use in self.records.uses_of_name(name, number, md5):
            if self._number(use) == number:
                yield Link(id, run_id(self.records.run(row)), "used", use.path)
        for alias in self._aliases(name, number):
            yield Link(id, f"alias:{name}:{alias}", "points_at")

    def named_version(self, rest: str) -> ArtifactVersion | None:
        """`flights:v2` as a record, or None where nobody kept one."""
        name, number = _name_and_number(rest)
        return self.records.versions(name).number(number)

    def _aliases(self, name: str, number: int) -> list[str]:
        aliases = self.records.aliases(name).items()
        return sorted(alias for alias, to in aliases if to == number)

    def _alias_up(self, id: str, rest: str) -> Iterator[Link]:
        name, colon, alias = rest.partition(":")
        if colon:
            to = self.records.aliases(name).get(alias)
            if to is not None:
                yield Link(named_id(name, to), id, "points_at")
            return
        model, _, alias = rest.rpartition("@")
        number = self.records.registry.aliases(model).get(alias)
        if number is not None:
            yield Link(version_id(model, number), id, "points_at")

    # -- registered models ------------------------------------------------------------------

    def _version_up(self, id: str, rest: str) -> Iterator[Link]:
        version = self.version(rest)
        if version is not None:
            whole = self.records.around(version.run, version.artifact)
            yield Link(artifact_id(version.run, whole), id, "registered")

    def version(self, rest: str) -> ModelVersion | None:
        """`churn/7` as a record, or None where there is none that can be read."""
        model, _, number = rest.rpartition("/")
        try:
            return self.records.registry.version(model, int(number))
        except (NotFound, UnreadableFile):
            return None  # a node that nobody knows; what is broken is a fault of the registry

    def _version_down(self, id: str, rest: str) -> Iterator[Link]:
        model, _, number = rest.rpartition("/")
        for stage, versions in self.records.registry.stages(model).items():
            if int(number) in versions:
                yield Link(id, standing_id(model, stage), "stands_in")
        for alias, version in self.records.registry.aliases(model).items():
            if version == int(number):
                yield Link(id, f"alias:{model}@{alias}", "points_at")

    def _standing_up(self, id: str, rest: str) -> Iterator[Link]:
        model, _, stage = rest.rpartition("/")
        for number in self.records.registry.stages(model).get(stage, ()):
            yield Link(version_id(model, number), id, "stands_in")


def _identities(artifact: Artifact) -> Iterator[str]:
    if artifact.md5:
        yield f"md5:{artifact.md5}"
    if artifact.uri:
        yield f"uri:{artifact.uri}"


def _name_and_number(rest: str) -> tuple[str, int]:
    name, _, number = rest.rpartition(":v")
    return name, int(number)
