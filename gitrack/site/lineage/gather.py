"""Which part of the lineage is drawn: what leads to versions of models and named artifacts.

Ten thousand runs lead nowhere: they are not followed here. What is found follows from the few runs
that others name or whose bytes others read, so one more run seldom makes anybody look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from gitrack.model.lineage import OUTPUT, Link, Node, named_id, version_id
from gitrack.model.run import Run
from gitrack.site.contents import Contents
from gitrack.site.lineage.ancestry import Ancestry
from gitrack.store.registry.whole import KnownModel

#: So many nodes are drawn in all; what comes last in `ends` is left out first.
MOST_NODES = 420
#: So many versions of models and of named artifacts are followed.
_MOST_VERSIONS = 160
_MOST_NAMED = 40
#: Nodes that are told beside others instead of being drawn.
ASIDE = ("code:", "artifact:")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Links to the ends; of nodes that no run's record describes, what there is to say of them."""

    links: list[tuple[str, str, str, str | None]] = []
    ends: list[str] = []
    nodes: list[Node] = []
    left_out: int = 0


class Ends(NamedTuple):
    """Versions of models and of named artifacts, the most telling first; some are not followed."""

    ids: list[str]
    left_out: int


def ends(contents: Contents) -> Ends:
    """What is in production comes first, then other stages and aliases, then the newest."""
    standing: list[tuple[tuple[object, ...], str]] = []
    for model in contents.models:
        for back, version in enumerate(reversed(model.versions)):
            stages = [s for s in model.standing(version.version) if s != "archived"]
            rank = (
                "production" not in stages,
                not stages,
                not model.pointed(version.version),
                back,
                model.name,
            )
            standing.append((rank, version_id(model.name, version.version)))
    made = {(one.name, one.version): one for one in contents.versions.by_contents.values()}
    named = [(-len(made[key].aliases), *key) for key in made if made[key].aliases]
    versions = [id for _, id in sorted(standing)]
    artifacts = [named_id(name, number) for _, name, number in sorted(named)]
    chosen = [*versions[:_MOST_VERSIONS], *artifacts[:_MOST_NAMED]]
    return Ends(chosen, len(versions) + len(artifacts) - len(chosen))


def follows_from(contents: Contents, ancestry: Ancestry, chosen: Sequence[str]) -> object:
    """All that the links to the ends follow from: runs that nobody needs are not among it."""
    piped = set(ancestry.piped())
    needed = _Needed(contents.runs, contents.models, chosen)
    trees = [
        entry.tree
        for entry in contents.known
        # a public site does not know where data lies, so it cannot tell what others read
        if contents.hide.public or entry.run.id in piped or needed.of(entry.run)
    ]
    named = [
        (known, one.name, one.version, one.run)
        for known, one in sorted(contents.versions.by_contents.items())
        if one.name in needed.names
    ]
    return (list(chosen), trees, contents.models, named)


class _Needed:
    """What runs say that they had of others, and what registered versions are made of."""

    def __init__(
        self, runs: Iterable[Run], models: Iterable[KnownModel], chosen: Iterable[str]
    ) -> None:
        self.ids = {version.run for model in models for version in model.versions}
        self.names = {id.split(":")[1] for id in chosen if id.startswith("named:")}
        self._contents: set[str] = set()
        for run in runs:
            for data in run.data:
                if data.dvc is not None and data.role != OUTPUT:
                    self._contents.add(data.dvc.removeprefix("md5:"))
            for use in run.uses:
                if use.run:
                    self.ids.add(use.run)
                if use.md5:
                    self._contents.add(use.md5)
                if use.name:
                    self.names.add(use.name)

    def of(self, run: Run) -> bool:
        """True where something may follow from the run."""
        return (
            run.id in self.ids
            or any(
                one.md5 in self._contents or one.name in self.names or one.store == "uri"
                for one in run.artifacts
            )
            or any(data.role == OUTPUT for data in run.data)
        )


def gather(ancestry: Ancestry, chosen: Ends) -> Found:
    """Follow the ends back to where they come from, as far as there is room for it."""
    links = list(dict.fromkeys(ancestry.up(chosen.ids)))
    before: dict[str, list[Link]] = {}
    for link in links:
        before.setdefault(link.target, []).append(link)
    kept: dict[str, None] = {}
    drawn = left_out = 0
    shown: list[str] = []
    for end in chosen.ids:
        fresh = list(_back(end, before, kept, MOST_NODES - drawn))
        if not fresh and end not in kept:
            left_out += 1
            continue
        kept.update(dict.fromkeys(fresh))
        drawn += sum(not id.startswith(ASIDE) for id in fresh)
        shown.append(end)
    met = [id for id in kept if id.startswith(("data:", "stage:"))]
    nodes = [_bare(node) for node in ancestry.nodes(met).values()]
    inside = [link for link in links if link.source in kept and link.target in kept]
    return Found(
        links=sorted(((*link,) for link in inside), key=lambda link: (*link[:3], link[3] or "")),
        ends=shown,
        nodes=nodes,
        left_out=left_out + chosen.left_out,
    )


def _back(
    end: str, before: dict[str, list[Link]], kept: dict[str, None], room: int
) -> Iterator[str]:
    """The end and all that leads to it and is not kept yet, the nearest first, while room lasts."""
    level, seen = [end], {end}
    while level:
        following: list[str] = []
        for id in level:
            if id in kept:
                continue
            aside = id.startswith(ASIDE)
            if not aside and room <= 0:
                return
            room -= not aside
            yield id
            for link in before.get(id, ()):
                if link.source not in seen:
                    seen.add(link.source)
                    following.append(link.source)
        level = following


def _bare(node: Node) -> Node:
    """Without what every run changes: how many had it, and who called it what."""
    kept = {name: node.about[name] for name in ("rows", "size", "seconds") if name in node.about}
    return msgspec.structs.replace(node, about=kept)
