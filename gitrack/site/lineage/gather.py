"""Which part of the lineage is drawn: what leads to versions of models and named artifacts.

Ten thousand runs lead nowhere: they are not followed here. What is found follows from the few runs
that others name or whose bytes others read, so one more run seldom makes anybody look again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from gitrack.model.lineage import OUTPUT, Link, Node, named_id, version_id
from gitrack.site.contents import Contents
from gitrack.site.lineage.ancestry import Ancestry

#: So many nodes are drawn in all; what comes last in `ends` is left out first.
MOST_NODES = 420
#: So many versions of models and of named artifacts are followed.
_MOST_VERSIONS = 160
_MOST_NAMED = 40
#: Of a name with more versions than these, the latest alone is not followed.
_MANY = 40
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
    made = contents.versions.by_contents.values()
    many = Counter(one.name for one in made)
    named = [
        (-len(one.aliases), one.name, one.version)
        for one in made
        # the latest of what every run makes anew says little
        if len(one.aliases) > (many[one.name] > _MANY)
    ]
    versions = [id for _, id in sorted(standing)]
    artifacts = [named_id(name, number) for _, name, number in sorted(named)]
    chosen = [*versions[:_MOST_VERSIONS], *artifacts[:_MOST_NAMED]]
    return Ends(chosen, len(versions) + len(artifacts) - len(chosen))


def piped(contents: Contents, ancestry: Ancestry) -> list[str]:
    """The runs with stages of a pipeline, whose files are not in their records."""
    return [id for id in sorted(set(ancestry.piped())) if id in contents.by_id]


def follows_from(
    contents: Contents, chosen: Sequence[str], piped: Sequence[str], staged: Sequence[str]
) -> object:
    """All that the links to the ends follow from: runs that nobody needs are not among it.

    `staged` are the md5s of what stages of the `piped` runs read.
    """
    needed = _Needed(contents, chosen)
    needed.follow(runs=piped, contents=staged)
    # a public site does not know where data lie: any run may be the one that others come from
    everything = contents.hide.public
    trees = [e.tree for e in contents.known if everything or e.run.id in needed.ids]
    versions = [
        (known, one.version, one.run)
        for known, one in sorted(contents.versions.by_contents.items())
        if (one.name, one.version) in needed.versions or known[1] in needed.contents
    ]
    registered = [(model.name, model.versions) for model in contents.models]
    return list(chosen), trees, registered, versions


class _Needed:
    """The runs to which one comes from the ends, as records say it, and what they had of others."""

    def __init__(self, contents: Contents, chosen: Iterable[str]) -> None:
        self.ids: set[str] = set()
        self.versions: set[tuple[str, int]] = set()
        self.contents: set[str] = set()
        self._by_id = contents.by_id
        self._by_contents: dict[str, list[str]] = {}
        self._named = {(m.name, m.version): m.run for m in contents.versions.by_contents.values()}
        starts = [version.run for model in contents.models for version in model.versions]
        for run in contents.runs:
            for artifact in run.artifacts:
                if artifact.md5:
                    self._by_contents.setdefault(artifact.md5, []).append(run.id)
                elif artifact.store == "uri":
                    starts.append(run.id)
            if any(data.role == OUTPUT for data in run.data):
                starts.append(run.id)
        ends = frozenset(chosen)
        for (name, held), made in contents.versions.by_contents.items():
            if named_id(name, made.version) in ends:
                self.versions.add((name, made.version))
                starts.append(made.run)
                starts += self._by_contents.get(held, ())
        self.follow(starts)

    def follow(self, runs: Iterable[str], contents: Iterable[str] = ()) -> None:
        """These runs, those that left these contents, and all that they come from."""
        starts = [*runs, *(id for held in contents for id in self._same(held))]
        while starts:
            id = starts.pop()
            if id in self.ids or id not in self._by_id:
                continue
            self.ids.add(id)
            run = self._by_id[id].run
            for data in run.data:
                if data.dvc is not None:
                    starts += self._same(data.dvc.removeprefix("md5:"))
            for use in run.uses:
                if use.md5:
                    starts += self._same(use.md5)
                if use.run:
                    starts.append(use.run)
                if use.name is not None and use.version is not None:
                    self.versions.add((use.name, use.version))
                    starts.append(self._named.get((use.name, use.version), ""))

    def _same(self, held: str) -> Iterable[str]:
        """The runs that left these contents."""
        if held in self.contents:
            return ()
        self.contents.add(held)
        return self._by_contents.get(held, ())


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
