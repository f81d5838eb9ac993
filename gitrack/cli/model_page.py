"""What `gitrack model show` prints: a registered model, or one version with all that led to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gitrack.cli.model_lists import primary_metric
from gitrack.cli.sections import Lines, aligned, fields, section, shown
from gitrack.cli.standing import Standing, standing
from gitrack.errors import NotFound, UnreadableFile
from gitrack.model.display import day_and_time, number, safe
from gitrack.model.ranking import telling
from gitrack.registry.evidence import junit as reports

if TYPE_CHECKING:
    from gitrack.model.promotion import Promotion, Verdict
    from gitrack.model.registered import ModelVersion, Proof, RegisteredModel
    from gitrack.model.run import Code, Fault, Run
    from gitrack.registry.opened import OpenRegistry
    from gitrack.store.registry import Registry

#: Promotions and versions that a model's own page names; the others have their lists.
_LATEST = 5


class ModelPage(msgspec.Struct, kw_only=True):
    """What is known of a model; `promotions` are by id, the oldest first."""

    name: str
    about: RegisteredModel | None = None
    primary_metric: str | None = None
    owners: list[str] = []
    stages: dict[str, list[int]] = {}
    aliases: dict[str, int] = {}
    versions: list[int] = []
    promotions: dict[str, Promotion] = {}
    faults: list[Fault] = []

    @classmethod
    def of(cls, opened: OpenRegistry, registry: Registry, name: str) -> ModelPage:
        about = registry.model(name)
        rules = opened.ruling.policy.models.get(name)
        return cls(
            name=name,
            about=about,
            primary_metric=primary_metric(opened, name, about),
            owners=list(rules.owners if rules is not None and rules.owners else ())
            or (about.owners if about is not None else []),
            stages=registry.stages(name),
            aliases=registry.aliases(name),
            versions=registry.numbers(name),
            promotions=_by_time(registry.promotions(name)),
            faults=registry.faults,
        )

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"model {safe(self.name)}"
        yield from aligned(self._head(), indent="  ")
        if self.about is not None:
            yield from _tags(self.about.tags)
        held = {stage: versions for stage, versions in self.stages.items() if versions}
        yield from section("stages", ((stage, _listed(held[stage])) for stage in held))
        yield from section("aliases", ((f"@{one}", f"v{at}") for one, at in self.aliases.items()))
        latest = list(self.promotions.values())[-_LATEST:]
        yield from section(
            "latest promotions", (_promotion(one, named=True) for one in latest[::-1])
        )

    def _head(self) -> Lines:
        newest = f", the newest is v{self.versions[-1]}" if self.versions else ""
        yield "versions", f"{len(self.versions)}{newest}"
        if self.about is not None and self.about.description:
            yield "about", " ".join(self.about.description.split())
        if self.primary_metric:
            yield "primary metric", self.primary_metric
        if self.owners:
            yield "owners", ", ".join(self.owners)
        if self.about is not None and self.about.created:
            by = f" by {self.about.by}" if self.about.by else ""
            yield "created", f"{day_and_time(self.about.created)} UTC{by}"


class VersionPage(msgspec.Struct, kw_only=True):
    """One version, the run it was made of, and all that was recorded about it since."""

    model: str
    version: ModelVersion
    stages: list[str] = []
    aliases: list[str] = []
    run: Run | None = None
    trouble: str | None = None
    primary_metric: str | None = None
    evidence: dict[str, Proof] = {}
    promotions: dict[str, Promotion] = {}
    faults: list[Fault] = []

    @classmethod
    def of(
        cls, opened: OpenRegistry, registry: Registry, name: str, reference: int | str
    ) -> VersionPage:
        """Raises NotFound, UnreadableFile for the version itself; a run that is gone is told."""
        version = registry.version(name, reference)
        stands = standing(registry, name, version.version)
        run, trouble = None, None
        try:
            run = opened.store.run(version.run)
        except (NotFound, UnreadableFile) as error:
            trouble = error.message
        own = {
            id: one
            for id, one in _by_time(registry.promotions(name)).items()
            if version.version in (one.version, *one.archived)
        }
        return cls(
            model=name,
            version=version,
            stages=stands.stages,
            aliases=stands.aliases,
            run=run,
            trouble=trouble,
            primary_metric=primary_metric(opened, name, registry.model(name)),
            evidence=registry.proofs(name, version.version),
            promotions=own,
            faults=registry.faults,
        )

    def lines(self) -> Iterator[str]:
        """For people."""
        places = Standing(
            model=self.model,
            version=self.version.version,
            stages=self.stages,
            aliases=self.aliases,
        ).places
        yield safe(f"model {self.model} v{self.version.version}  {places or 'in no stage'}")
        yield from aligned(self._head(), indent="  ")
        yield from _tags(self.version.tags)
        if self.run is not None:
            yield from section("metrics", self._metrics(self.run))
            params = ((key, shown(value)) for key, value in self.run.params.items())
            yield from section("params", params)
            yield from section("code", _code(self.run.code))
            for dataset in self.run.data:
                other = dataset.role and dataset.role != dataset.name
                title = f"data {dataset.name}" + (f" ({dataset.role})" if other else "")
                yield from section(title, fields(dataset, leave=("name", "role")))
        yield from section("evidence", (_proof(*item) for item in self.evidence.items()))
        yield from self._promotions()

    def _head(self) -> Lines:
        version = self.version
        if version.description:
            yield "about", " ".join(version.description.split())
        name = f"  {self.run.name}" if self.run is not None else f"  ({self.trouble})"
        yield "run", f"{version.run}{name}"
        yield "artifact", version.artifact
        if version.created:
            by = f" by {version.by}" if version.by else ""
            yield "registered", f"{day_and_time(version.created)} UTC{by}"

    def _metrics(self, run: Run) -> Lines:
        for name in sorted(run.metrics, key=lambda one: (one != self.primary_metric, telling(one))):
            primary = "   (primary)" if name == self.primary_metric else ""
            yield name, number(run.metrics[name]) + primary

    def _promotions(self) -> Iterator[str]:
        for promotion in reversed(self.promotions.values()):
            if promotion.version != self.version.version:
                when = day_and_time(promotion.at)
                yield f"{when} UTC  archived, when v{promotion.version} came to {promotion.to}"
                continue
            when, said = _promotion(promotion, named=False)
            yield safe(f"{when} UTC  {said}")
            rows = [_verdict(verdict) for verdict in promotion.verdicts]
            yield from aligned(rows, indent="  ")


def _by_time(promotions: Mapping[str, Promotion]) -> dict[str, Promotion]:
    """Names of files know the second only, in which one version may have passed two stages."""
    return dict(sorted(promotions.items(), key=lambda item: item[1].at))


def _promotion(promotion: Promotion, *, named: bool) -> tuple[str, str]:
    way = f"from {promotion.source} to {promotion.to}" if promotion.source else f"to {promotion.to}"
    what = "rolled back" if promotion.kind == "rollback" else "promoted"
    draft = " (a draft)" if promotion.draft else ""
    which = f"v{promotion.version} " if named else ""
    return (
        day_and_time(promotion.at),
        f"{which}{what} {way}{draft} by {promotion.by}: {' '.join(promotion.why.split())}",
    )


def _verdict(verdict: Verdict) -> tuple[str, str]:
    via = f" (gate of {verdict.via})" if verdict.via else ""
    return str(verdict.outcome), f"{verdict.gate}: {' '.join(verdict.says.split())}{via}"


def _proof(name: str, proof: Proof) -> tuple[str, str]:
    said = ["passed" if proof.passed else "NOT PASSED"]
    if proof.begin and proof.end:
        said.append(f"from {day_and_time(proof.begin)} to {day_and_time(proof.end)} UTC")
    if proof.junit is not None:
        said.append(reports.told(proof.junit))
    if proof.level:
        said.append(proof.level)
    said += [*proof.links, *([" ".join(proof.note.split())] if proof.note else [])]
    return name, f"{', '.join(said)} ({proof.by}, {day_and_time(proof.recorded)} UTC)"


def _tags(tags: Mapping[str, Any]) -> Iterator[str]:
    return section("tags", ((key, shown(value)) for key, value in tags.items()))


def _code(code: Code | None) -> Lines:
    if code is None:
        return
    for name in ("commit", "branch", "remote", "subfolder"):
        value = getattr(code, name)
        if value:
            yield name, value
    if code.dirty is not None:
        kept = f", kept in {code.patch}" if code.patch else ""
        yield "changes", f"uncommitted{kept}" if code.dirty else "none"


def _listed(numbers: list[int]) -> str:
    return ", ".join(f"v{number}" for number in numbers)
