"""A graph as indented lines: every node once, the important ones first, crowds counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gitrack.model.display import day_and_time, safe, size
from gitrack.model.lineage import Kind, Link, Node, leading_to, place

#: Of nodes of one kind below another, so many are drawn, and the others are counted.
MOST_ALIKE = 10
MOST_LINES = 200
MOST_DEPTH = 24

#: What they are called when they are counted.
_PLURALS: dict[str, tuple[str, str]] = {
    "data": ("data set", "data sets"),
    "stage": ("stage", "stages"),
    "code": ("commit", "commits"),
    "run": ("run", "runs"),
    "artifact": ("artifact", "artifacts"),
    "named": ("named version", "named versions"),
    "version": ("model version", "model versions"),
    "standing": ("stage of a model", "stages of models"),
    "alias": ("alias", "aliases"),
}
#: What is said in the line of the version that it speaks of.
_ASIDE = frozenset({"standing", "alias"})
_IMPORTANT = ("version:", "named:")


class Row(NamedTuple):
    """A line of the tree: a node, or how many are not drawn."""

    indent: str
    id: str | None
    link: Link | None = None
    #: the node was drawn above, with what belongs to it
    again: bool = False
    more: str | None = None


class _Todo(NamedTuple):
    id: str | None
    link: Link | None
    indent: str
    last: bool
    depth: int
    more: str | None = None


def rows(starts: Sequence[str], links: Sequence[Link], *, up: bool, everything: bool) -> list[Row]:
    """The tree below the starts, which themselves are not in it.

    With `everything` nothing is left away.
    """
    children = _children(links, up)
    drawn: list[Row] = []
    seen: set[str] = set(starts)
    rank = _rank(links, up)
    todo = _todo(_of(starts, children), rank, "", 0, everything)
    while todo:
        id, link, indent, last, depth, more = todo.pop()
        if not everything and len(drawn) == MOST_LINES:
            drawn.append(Row("", None, more="more, which --all shows"))
            break
        here = indent + ("└─ " if last else "├─ ")
        if id is None:
            drawn.append(Row(here, None, more=more))
            continue
        below = children.get(id, ())
        again = id in seen and bool(below)
        drawn.append(Row(here, id, link, again))
        if id in seen:
            continue
        seen.add(id)
        under = indent + ("   " if last else "│  ")
        if depth + 1 == MOST_DEPTH and below and not everything:
            drawn.append(Row(under + "└─ ", None, more="and so on; --all shows it"))
            continue
        todo += _todo(below, rank, under, depth + 1, everything)
    return drawn


def _children(links: Iterable[Link], up: bool) -> dict[str, list[tuple[str, Link]]]:
    """(node, link to it) below each node; what an artifact alone comes from is in its line."""
    found: dict[str, list[tuple[str, Link]]] = {}
    for link in dict.fromkeys(links):
        parent, child = (link.target, link.source) if up else (link.source, link.target)
        if child.partition(":")[0] not in _ASIDE:
            found.setdefault(parent, []).append((child, link))
    return found


def _of(
    starts: Sequence[str], children: Mapping[str, list[tuple[str, Link]]]
) -> list[tuple[str, Link]]:
    found = {child: link for start in starts for child, link in children.get(start, ())}
    return list(found.items())


def _rank(links: Sequence[Link], up: bool) -> Callable[[str], tuple[object, ...]]:
    """The order of siblings: by kind; what became a version first; then the newest run."""
    if up:
        return place
    ends = {link.target for link in links if link.target.startswith(_IMPORTANT)}
    important = leading_to(links, ends)

    def rank(id: str) -> tuple[object, ...]:
        kind, _ = place(id)
        newest = tuple(-ord(c) for c in id) if id.startswith("run:") else ()
        return kind, id not in important, newest, id

    return rank


def _todo(
    children: Sequence[tuple[str, Link]],
    rank: Callable[[str], tuple[object, ...]],
    indent: str,
    depth: int,
    everything: bool,
) -> list[_Todo]:
    """Children in order, ready to be popped from the end of a list."""
    todo: list[_Todo] = []
    count: dict[str, int] = {}
    for id, link in sorted(children, key=lambda pair: rank(pair[0])):
        kind = id.partition(":")[0]
        count[kind] = count.get(kind, 0) + 1
        if everything or count[kind] <= MOST_ALIKE:
            todo.append(_Todo(id, link, indent, False, depth))
        elif count[kind] == MOST_ALIKE + 1:
            todo.append(_Todo(None, None, indent, False, depth, kind))
    todo = [
        one if one.id is not None else one._replace(more=_more(str(one.more), count))
        for one in todo
    ]
    if todo:
        todo[-1] = todo[-1]._replace(last=True)
    return todo[::-1]


def _more(kind: str, count: Mapping[str, int]) -> str:
    left = count[kind] - MOST_ALIKE
    return f"and {left:,} more {_PLURALS[kind][left > 1]}"


def worded(node: Node, link: Link | None = None) -> str:
    """A node in one line: what it is, what it is called, what is most telling of it."""
    said = [*_WORDS[node.kind](node)]
    if not node.known:
        said.append("(not on this branch)")
    if link is not None and link.detail and link[2:] != ("part", "ran"):
        said.append(_DETAILS.get(link.kind, "({})").format(link.detail))
    return safe("  ".join(said))


_DETAILS = {"input": "as {}", "used": "({} of it)", "part": "({})"}


def _data(node: Node) -> Iterable[str]:
    yield f"data {node.label}"
    if node.path and node.path != node.label:
        yield node.path
    if node.md5 and not node.label.startswith("md5 "):
        yield f"md5 {node.md5[:8]}"
    rows = node.about.get("rows")
    if isinstance(rows, int):
        yield f"{rows:,} rows"


def _stage(node: Node) -> Iterable[str]:
    yield f"stage {node.label}"


def _code(node: Node) -> Iterable[str]:
    yield f"code {node.label}"
    if node.about.get("branch"):
        yield str(node.about["branch"])


def _run(node: Node) -> Iterable[str]:
    yield f"run {str(node.run).rpartition('-')[2]}" if node.known else f"run {node.run}"
    if node.known:
        yield node.label
    status = node.about.get("status")
    if status is not None and status != "finished":
        yield str(status)
    if node.about.get("started"):
        yield day_and_time(str(node.about["started"]))[:10]


def _artifact(node: Node) -> Iterable[str]:
    yield f"artifact {node.label}"
    what = [str(node.about[name]) for name in ("flavor", "kind") if node.about.get(name)]
    if what and what != ["file"]:
        yield " ".join(what)
    held = node.about.get("size")
    if isinstance(held, int):
        yield size(held)
    if node.uri:
        yield node.uri


def _named(node: Node) -> Iterable[str]:
    yield node.label
    if node.about.get("aliases"):
        yield str(node.about["aliases"])


def _version(node: Node) -> Iterable[str]:
    yield f"registered model {node.label}"
    if node.about.get("stages"):
        yield f"in {node.about['stages']}"
    if node.about.get("aliases"):
        yield str(node.about["aliases"])


def _standing(node: Node) -> Iterable[str]:
    yield node.label


_WORDS: dict[Kind, Callable[[Node], Iterable[str]]] = {
    "data": _data,
    "stage": _stage,
    "code": _code,
    "run": _run,
    "artifact": _artifact,
    "named": _named,
    "version": _version,
    "standing": _standing,
    "alias": _standing,
}
