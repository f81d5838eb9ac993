"""What became of what: nodes and typed edges from raw data to a model in production.

Edges lead the way the bytes went: `data → stage → data → run → artifact → version → standing`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from gitrack.model.pipeline import StageFile, StageRun
from gitrack.model.run import FORMAT, Dataset, Scalar, Use

Kind = Literal["data", "stage", "code", "run", "artifact", "named", "version", "standing", "alias"]
EdgeKind = Literal[
    "input",  # data that a run or a stage was given
    "used",  # what a run had of another run, or of a named artifact
    "code",  # the commit that ran
    "part",  # a stage of the pipeline that a run ran
    "produced",  # what a run or a stage left
    "derived",  # an artifact and data that are the same bytes
    "named",  # the version of a named artifact that an artifact became
    "registered",  # the version of a registered model that an artifact became
    "stands_in",  # the stage of its lifecycle in which a version stands
    "points_at",  # an alias of a version
]

#: The role of data that a run did not read but write.
OUTPUT = "output"

#: Kinds in the order of the flow; lists of nodes that belong together are in it.
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]  # a Literal has them
_PLACE: dict[str, int] = {kind: place for place, kind in enumerate(KINDS)}


class Node(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was there. Its id is the same in every clone.

    `run` and `path` say where it lies: a run's id and a path below its `artifacts/`, or for data
    a path in the repository. A node that is not `known` is only spoken of by others.
    """

    id: str
    kind: Kind
    label: str
    known: bool = True
    run: str | None = None
    path: str | None = None
    name: str | None = None
    version: str | None = None
    md5: str | None = None
    uri: str | None = None
    about: dict[str, Scalar] = {}


class Edge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`source` came before `target`. `detail` is a role, a state, a path inside."""

    source: str
    target: str
    kind: EdgeKind
    detail: str | None = None


class Graph(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nodes by id and edges by their ends. `subjects` are the nodes that were asked about."""

    format: int = FORMAT
    subjects: list[str] = []
    nodes: list[Node] = []
    edges: list[Edge] = []


class Link(NamedTuple):
    """An edge while a graph is gathered: thousands of them are made."""

    source: str
    target: str
    kind: EdgeKind
    detail: str | None = None


# -- ids ------------------------------------------------------------------------------------


def run_id(run: str) -> str:
    """The node of a run."""
    return f"run:{run}"


def code_id(commit: str) -> str:
    """The node of a commit of the code."""
    return f"code:{commit}"


def artifact_id(run: str, path: str) -> str:
    """The node of what a run left at a path."""
    return f"artifact:{run}/{path}"


def named_id(name: str, version: int) -> str:
    """The node of a version of a named artifact."""
    return f"named:{name}:v{version}"


def version_id(model: str, version: int) -> str:
    """The node of a version of a registered model."""
    return f"version:{model}/{version}"


def standing_id(model: str, stage: str) -> str:
    """The node of a stage of a model's lifecycle."""
    return f"standing:{model}/{stage}"


def data_id(identity: str) -> str:
    """The node of data, by its identity."""
    return f"data:{identity}"


def identity(dataset: Dataset) -> str:
    """What makes data the same data: its digest; without one, where it lies or what it is called.

    The same bytes under two names are one node, two contents under one name are two. Of a table
    whose log nobody could hash its own version counts more than what people call it.
    """
    if dataset.dvc:
        return dataset.dvc
    version = dataset.version if dataset.table_version is None else str(dataset.table_version)
    return elsewhere(dataset.uri, dataset.path, dataset.name, version)


def elsewhere(
    uri: str | None, path: str | None = None, name: str | None = None, version: str | None = None
) -> str:
    """The identity of data whose digest nobody knows."""
    kind, place = ("uri", uri) if uri else ("path", path) if path else ("name", name)
    return f"{kind}:{place}" + (f"@{version}" if version else "")


def identity_of_file(file: StageFile) -> str:
    """The identity of what a stage read or wrote."""
    return f"md5:{file.md5}" if file.md5 else elsewhere(None, file.path)


def identity_of_use(use: Use) -> str | None:
    """The identity of data that a run used and that has neither a name nor a run."""
    if use.md5:
        return f"md5:{use.md5}"
    return elsewhere(use.uri) if use.uri else None


def stage_id(stage: StageRun) -> str:
    """The node of a stage. What ran once and was cached ever after is one node."""
    said = [
        stage.command,
        sorted((file.path, file.md5 or "") for file in stage.deps),
        sorted((file.path, file.md5 or "") for file in stage.outs),
        stage.params,
    ]
    text = json.dumps([stage.name, *said], sort_keys=True, default=str)
    return f"stage:{stage.name}@{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}"


def last_stages(stages: Sequence[StageRun]) -> list[StageRun]:
    """The stages on whose outputs no other one of them depends."""
    read = {identity_of_file(file) for stage in stages for file in stage.deps}
    return [
        stage for stage in stages if not any(identity_of_file(file) in read for file in stage.outs)
    ]


def place(id: str) -> tuple[int, str]:
    """By which ids are sorted: by kind as the bytes flow, then by name."""
    return _PLACE.get(id.partition(":")[0], len(KINDS)), id


# -- rules ----------------------------------------------------------------------------------


def walk(
    starts: Iterable[str], step: Callable[[str], Iterable[Link]], *, up: bool, depth: int | None
) -> list[Link]:
    """Every link that is met by going on and on from the starts, each node entered once.

    `step` gives the links of a node in one direction; `depth` is how many of them one goes.
    """
    links: list[Link] = []
    seen = set(starts)
    level = list(dict.fromkeys(starts))
    gone = 0
    while level and (depth is None or gone < depth):
        following: list[str] = []
        for id in level:
            for link in step(id):
                links.append(link)
                other = link.source if up else link.target
                if other not in seen:
                    seen.add(other)
                    following.append(other)
        level = following
        gone += 1
    return links


def leading_to(links: Iterable[Link], ends: Collection[str]) -> set[str]:
    """The nodes from which one of the ends is reached along links, the ends included."""
    before: dict[str, list[str]] = {}
    for link in links:
        before.setdefault(link.target, []).append(link.source)
    found = set(ends)
    left = list(found)
    while left:
        for source in before.get(left.pop(), ()):
            if source not in found:
                found.add(source)
                left.append(source)
    return found


def shortest(links: Iterable[Link], starts: Iterable[str]) -> dict[str, Link | None]:
    """The link by which each node is first reached from the starts; None for these."""
    after: dict[str, list[Link]] = {}
    for link in links:
        after.setdefault(link.source, []).append(link)
    came: dict[str, Link | None] = dict.fromkeys(starts)
    level = list(came)
    while level:
        following = []
        for id in level:
            for link in after.get(id, ()):
                if link.target not in came:
                    came[link.target] = link
                    following.append(link.target)
        level = following
    return came


def way(came: dict[str, Link | None], end: str) -> list[Link]:
    """The links that lead to a node, the first one first."""
    found: list[Link] = []
    link = came[end]
    while link is not None:
        found.append(link)
        link = came[link.source]
    return found[::-1]
