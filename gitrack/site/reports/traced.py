"""What something comes from and what became of it, as lines of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitrack.model.lineage import KINDS, Link, Node
from gitrack.site import links
from gitrack.site.contents import Contents
from gitrack.site.hiding.rules import placeless
from gitrack.site.lineage.ancestry import Ancestry
from gitrack.site.reports.views import Step

#: What is told of nodes; artifacts, stages of the lifecycle and aliases say no more than these.
_WORDS = {
    "data": "data",
    "stage": "stage",
    "code": "code",
    "run": "run",
    "named": "artifact",
    "version": "model",
}
_MOST = 40


class Trace:
    """Asks the lineage once a block; what a site leaves out is left out of the lines."""

    def __init__(self, contents: Contents, ancestry: Ancestry) -> None:
        self._contents = contents
        self._ancestry = ancestry
        self._sets = {
            version.identity: one.name
            for one in contents.data_sets.sets
            for version in one.versions
        }

    def __call__(self, of: str, direction: str) -> list[tuple[str, list[Step]]]:
        """Raises NotFound for what is not known."""
        starts = list(self._ancestry.subjects(of))
        parts = []
        if direction != "down":
            parts.append(("Comes from", self._steps(starts, self._ancestry.up(starts))))
        if direction != "up":
            parts.append(("Became", self._steps(starts, self._ancestry.down(starts))))
        return parts

    def _steps(self, starts: Sequence[str], found: Sequence[Link]) -> list[Step]:
        ids = {id for link in found for id in link[:2]} - set(starts)
        nodes = [n for n in self._ancestry.nodes(sorted(ids)).values() if n.kind in _WORDS]
        nodes.sort(key=lambda node: (KINDS.index(node.kind), node.label, node.id))
        steps = list(dict.fromkeys(self._told(nodes)))
        if len(steps) > _MOST:
            more = Step(kind="", label=f"and {len(steps) - _MOST} more", href="lineage.html")
            return [*steps[:_MOST], more]
        return steps

    def _told(self, nodes: Sequence[Node]) -> Iterator[Step]:
        for node in nodes:
            yield Step(kind=_WORDS[node.kind], label=self._label(node), href=self._href(node))

    def _label(self, node: Node) -> str:
        entry = self._contents.by_id.get(node.run or "") if node.kind == "run" else None
        if entry is not None:
            return entry.run.name or entry.run.id
        if node.kind != "data" or not self._contents.hide.public:
            return node.label
        if node.name:
            return f"{node.name} {node.version or ''}".strip()
        if node.path:
            return placeless(node.path)
        return f"md5 {node.md5[:8]}" if node.md5 else "data"

    def _href(self, node: Node) -> str | None:
        kind, _, rest = node.id.partition(":")
        if kind == "run":
            return links.run_page(rest) if rest in self._contents.by_id else None
        if kind == "version":
            name, _, number = rest.rpartition("/")
            known = any(model.name == name for model in self._contents.models)
            return f"{links.model_page(name)}#v{number}" if known else None
        held = self._sets.get(rest) if kind == "data" else None
        return f"{links.data_set_page(held)}#{links.data_anchor(rest)}" if held else None
