"""Where something comes from and what became of it, from raw data to a model in production."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitrack.analysis.lineage.describe import describe
from gitrack.analysis.lineage.records import Records
from gitrack.analysis.lineage.steps import Steps
from gitrack.analysis.lineage.subject import subjects
from gitrack.model.lineage import Edge, Graph, Link, Node, place, shortest, walk, way

if TYPE_CHECKING:
    from gitrack.model.run import Fault
    from gitrack.store.runs import RunStore


class Hit(NamedTuple):
    """A registered version that depends on something, and the links that lead to it."""

    version: str
    stages: list[str]
    links: list[Link]


class Lineage:
    """The lineage of a branch at its present tip: asked often, it reads everything once."""

    def __init__(self, store: RunStore) -> None:
        self.records = Records(store)
        self.steps = Steps(self.records)

    @property
    def faults(self) -> list[Fault]:
        """Files that could not be read, of all that was asked for so far."""
        return self.records.faults

    def piped(self) -> list[str]:
        """The runs beside which the stages of a pipeline are recorded."""
        column = self.records.table.column
        return [str(id) for id, blob in zip(column("id"), column("pipeline"), strict=True) if blob]

    def staged(self) -> set[str]:
        """The md5s of what stages of pipelines read."""
        return self.records.pipelines.read_by_stages()

    def subjects(self, text: str) -> list[str]:
        """The nodes that people mean. Raises NotFound with near names, Ambiguous, UsageError."""
        return subjects(self.records, text)

    def up(self, starts: Sequence[str], *, depth: int | None = None) -> list[Link]:
        """All links that lead to the starts."""
        return walk(starts, self.steps.up, up=True, depth=depth)

    def down(self, starts: Sequence[str], *, depth: int | None = None) -> list[Link]:
        """All links that lead on from the starts."""
        return walk(starts, self.steps.down, up=False, depth=depth)

    def nodes(self, ids: Sequence[str]) -> dict[str, Node]:
        """What there is to say of nodes that were met, in the order of the flow."""
        return {node.id: node for node in describe(self.steps, dict.fromkeys(ids))}

    def graph(
        self, starts: Sequence[str], *, up: bool = True, down: bool = True, depth: int | None = None
    ) -> Graph:
        """What the starts come from and what came of them."""
        links = self.up(starts, depth=depth) if up else []
        links += self.down(starts, depth=depth) if down else []
        return self.drawn(starts, links)

    def drawn(self, starts: Sequence[str], links: Sequence[Link]) -> Graph:
        """Links with what there is to say of their ends."""
        ids = [*starts, *(link.source for link in links), *(link.target for link in links)]
        edges = [
            Edge(source=source, target=target, kind=kind, detail=detail)
            for source, target, kind, detail in sorted(set(links), key=_by_ends)
        ]
        nodes = list(self.nodes(ids).values())
        return Graph(subjects=sorted(starts, key=place), nodes=nodes, edges=edges)

    def names(self) -> list[str]:
        """What can be asked about besides runs: models, named artifacts, data."""
        records = self.records
        found = []
        for model in records.registry.models():
            found.append(model)
            found += [f"{model}@{stage}" for stage in records.registry.stages(model)]
            found += [f"{model}@{alias}" for alias in records.registry.aliases(model)]
        found += [f"{name}:latest" for name in records.named.names()]
        for name in records.data_names():
            found.append(f"data:{name}")
            found += [f"data:{name}@{version}" for version in records.data_versions(name)]
        return found

    def impact(
        self, starts: Sequence[str], *, stage: str | None = None, depth: int | None = None
    ) -> list[Hit]:
        """The registered versions that depend on the starts, by the shortest way to each.

        With `stage`, only those that stand there.
        """
        came = shortest(self.down(starts, depth=depth), starts)
        hits = []
        for id in came:
            if not id.startswith("version:") or id in starts:
                continue
            model, _, number = id.removeprefix("version:").rpartition("/")
            standing = self.records.registry.stages(model).items()
            stages = [name for name, versions in standing if int(number) in versions]
            if stage is None or stage in stages:
                hits.append(Hit(id, stages, way(came, id)))
        return sorted(hits, key=lambda hit: _by_number(hit.version))


def graph(
    store: RunStore, subject: str, *, up: bool = True, down: bool = True, depth: int | None = None
) -> Graph:
    """The lineage of whatever people name: `models:/churn/7`, `data:flights@v1.3`, a run …

    Nodes and edges are in a fixed order, so that the same commit gives the same graph.
    """
    lineage = Lineage(store)
    return lineage.graph(lineage.subjects(subject), up=up, down=down, depth=depth)


def _by_number(id: str) -> tuple[str, int]:
    model, _, number = id.rpartition("/")
    return model, int(number)


def _by_ends(link: Link) -> tuple[object, ...]:
    return place(link.source), place(link.target), link.kind, link.detail or ""
