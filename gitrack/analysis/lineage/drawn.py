"""A graph in the languages of programs that draw graphs. Names are text there, never markup."""

from __future__ import annotations

from collections.abc import Iterator

from gitrack.analysis.lineage.tree import worded
from gitrack.model.display import cut
from gitrack.model.lineage import Graph, Node

_WIDTH = 60
_DOT_SHAPES = {
    "data": "cylinder",
    "stage": "component",
    "code": "note",
    "run": "box",
    "artifact": "folder",
    "named": "folder",
    "version": "box3d",
    "standing": "house",
    "alias": "cds",
}
#: What stands around a label in Mermaid, by kind.
_MERMAID_SHAPES = {
    "data": ("[(", ")]"),
    "stage": ("[[", "]]"),
    "code": (">", "]"),
    "run": ("[", "]"),
    "artifact": ("[/", "/]"),
    "named": ("[/", "/]"),
    "version": ("{{", "}}"),
    "standing": ("([", "])"),
    "alias": ("([", "])"),
}


def dot(graph: Graph) -> str:
    """Graphviz: `gitrack lineage … --dot | dot -Tsvg`."""
    return "".join(f"{line}\n" for line in _dot(graph))


def _dot(graph: Graph) -> Iterator[str]:
    yield "digraph lineage {"
    yield "  rankdir=LR;"
    yield '  node [fontname="sans-serif"];'
    for node in graph.nodes:
        said = [f"label={_dot_text(_label(node))}", f"shape={_DOT_SHAPES[node.kind]}"]
        styles = ([] if node.known else ["dashed"]) + (["bold"] if _asked(graph, node) else [])
        if styles:
            said.append(f'style="{",".join(styles)}"')
        yield f"  {_dot_text(node.id)} [{', '.join(said)}];"
    for edge in graph.edges:
        detail = edge.kind if edge.detail is None else f"{edge.kind}: {edge.detail}"
        label = _dot_text(detail.replace("_", " "))
        yield f"  {_dot_text(edge.source)} -> {_dot_text(edge.target)} [label={label}];"
    yield "}"


def _dot_text(text: str) -> str:
    """A quoted string that is that text: a backslash begins an escape in labels."""
    spelled = _plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{spelled}"'


def mermaid(graph: Graph) -> str:
    """Mermaid, as Markdown pages of many hosts draw it."""
    return "".join(f"{line}\n" for line in _mermaid(graph))


def _mermaid(graph: Graph) -> Iterator[str]:
    short = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    yield "flowchart LR"
    for node in graph.nodes:
        before, after = _MERMAID_SHAPES[node.kind]
        yield f"  {short[node.id]}{before}{_mermaid_text(_label(node))}{after}"
    for edge in graph.edges:
        detail = edge.kind if edge.detail is None else f"{edge.kind}: {edge.detail}"
        label = _mermaid_text(detail.replace("_", " "))
        yield f"  {short[edge.source]} -->|{label}| {short[edge.target]}"
    strange = [short[node.id] for node in graph.nodes if not node.known]
    if strange:
        yield "  classDef unknown stroke-dasharray: 4"
        yield f"  class {','.join(strange)} unknown"
    asked = [short[id] for id in graph.subjects if id in short]
    if asked:
        yield "  classDef subject stroke-width: 3px"
        yield f"  class {','.join(asked)} subject"


def _mermaid_text(text: str) -> str:
    """A quoted label in which all but letters, digits and plain signs is an entity."""
    spelled = "".join(
        c if c.isalnum() or c in " .,:-_/@=+" else f"#{ord(c)};" for c in _plain(text)
    )
    # `http://…` would become a link of its own, and `1. x` a list
    return f'"{spelled.replace("://", ":#47;#47;")}"'


def _label(node: Node) -> str:
    return cut(worded(node), _WIDTH)


def _plain(text: str) -> str:
    from gitrack.model.display import safe

    return safe(text)


def _asked(graph: Graph, node: Node) -> bool:
    return node.id in graph.subjects
