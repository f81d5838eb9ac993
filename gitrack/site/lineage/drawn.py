"""The graph as it is drawn: what people know things by, runs that lead nowhere folded together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from gitrack.model.lineage import OUTPUT, Node, elsewhere
from gitrack.model.run import Dataset, Run
from gitrack.site import display, links
from gitrack.site.contents import Contents
from gitrack.site.datasets.gather import DataSets, Version
from gitrack.site.hiding.rules import placeless
from gitrack.site.lineage.gather import Found
from gitrack.site.lineage.graph import Counts, Drawing, Item

#: So many nodes that lead to no version are drawn beside those that do, the last used first.
_MOST_DATA = 60
#: Runs that lead nowhere are folded by experiment, of so many experiments, the newest first.
_MOST_EXPERIMENTS = 24
_OLDER = "experiments"
_SHORT = 8


def drawing(contents: Contents, data: DataSets, found: Found) -> tuple[Drawing, Counts]:
    """What is drawn of the links that were found, and of all data; counts change with every run."""
    drawer = _Drawer(contents, data, found)
    drawer.follow()
    drawer.add_data()
    drawer.fold()
    return drawer.drawing(), drawer.counts


class _Drawer:
    def __init__(self, contents: Contents, data: DataSets, found: Found) -> None:
        self.contents = contents
        self.found = found
        self.counts: Counts = {}
        self._versions: dict[str, list[Version]] = {}
        for version in data.versions:
            self._versions.setdefault(version.identity, []).append(version)
        self._recent = sorted(data.versions, key=lambda v: (v.last, v.name, v.identity))[::-1]
        self._nodes = {node.id: node for node in found.nodes}
        self._models = {model.name: model for model in contents.models}
        self._named = {(m.name, m.version): m for m in contents.versions.by_contents.values()}
        self._of_name: dict[str, int] = {}
        self._items: dict[str, Item] = {}
        self._keys: dict[str, str] = {}
        self._identity: dict[str, str] = {}  # by key: what the runs of this site call it
        self._links: dict[tuple[str, str], dict[str, None]] = {}
        self._runs: set[str] = set()
        self._siblings = {
            one.name: len({version.identity for version in one.versions}) for one in data.sets
        }
        for name, _ in self._named:
            self._of_name[name] = self._of_name.get(name, 0) + 1
        # by experiment, then by what they read or wrote: runs that are not drawn
        self._folded: dict[str, dict[tuple[str, bool], set[str]]] = {}

    def drawing(self) -> Drawing:
        at = {key: place for place, key in enumerate(self._items)}
        links = [(at[s], at[t], ", ".join(said)) for (s, t), said in self._links.items()]
        left = self.found.left_out
        return Drawing(items=list(self._items.values()), links=sorted(links), left_out=left)

    # -- what leads to versions ----------------------------------------------------------------

    def follow(self) -> None:
        """Nodes and links; artifacts and code are told beside others instead of being drawn."""
        into: dict[str, list[tuple[str, str | None]]] = {}
        for source, target, _, detail in self.found.links:
            if target.startswith("artifact:"):
                into.setdefault(target, []).append((source, detail))
        ids = {id for link in self.found.links for id in link[:2]} | set(self.found.ends)
        for id in sorted(ids):
            if not id.startswith(("artifact:", "code:")):
                self._add(id)
        for source, target, kind, detail in self.found.links:
            if target.startswith("artifact:") or source.startswith("code:"):
                continue
            word = detail if kind in ("input", "used") else None
            if word and self.contents.hide.public:
                word = placeless(word)
            if source.startswith("artifact:"):
                path = source.partition("/")[2]
                for origin, _ in into.get(source, ()):
                    self._link(origin, target, path)
            else:
                self._link(source, target, word)

    def _link(self, source: str, target: str, word: str | None) -> None:
        one, other = self._keys.get(source), self._keys.get(target)
        if one and other and one != other:
            said = self._links.setdefault((one, other), {})
            if word:
                said[word] = None

    def _add(self, id: str) -> None:
        kind, _, rest = id.partition(":")
        makers = {
            "data": self._data,
            "stage": self._stage,
            "run": self._run,
            "named": self._artifact,
            "version": self._version,
        }
        if kind not in makers:
            return
        item = makers[kind](id, rest)
        self._keys[id] = item.key
        self._items.setdefault(item.key, item)

    def _data(self, id: str, rest: str) -> Item:
        node = self._nodes.get(id)
        known = rest
        if known not in self._versions and node is not None and not node.md5:
            path = node.path and placeless(node.path)
            known = elsewhere(None, path, node.name, node.version)
        versions = self._versions.get(known)
        if versions is None:
            return self._file(known, node)
        item = _data_item(versions, known, self._siblings)
        self._identity[item.key] = known
        return item

    def _file(self, known: str, node: Node | None) -> Item:
        """Data that only the stages of a pipeline speak of."""
        path = node.path if node is not None else None
        if path and self.contents.hide.public:
            path = placeless(path)
        label = path or f"md5 {known.rpartition(':')[2][:_SHORT]}"
        group = f"data/{links.slug(label)}"
        digest = known.rpartition("md5:")[2] if "md5:" in known else None
        facts = (("hash", digest),) if digest else ()
        return Item(key=f"{group}/{_digest(known)}", group=group, kind="data", label=label,
                    family=label, facts=facts)  # fmt: skip

    def _stage(self, id: str, rest: str) -> Item:
        node = self._nodes.get(id)
        name = rest.rpartition("@")[0]
        seconds = node.about.get("seconds") if node is not None else None
        took = display.lasting(seconds) if isinstance(seconds, float) else None
        return Item(
            key=f"stage/{links.slug(name)}/{_digest(id)}",
            group=f"stage/{links.slug(name)}",
            kind="stage",
            label=name,
            family=name,
            sub="stage",
            facts=(("took", took),) if took else (),
        )

    def _run(self, id: str, rest: str) -> Item:
        entry = self.contents.by_id.get(rest)
        key = f"run/{links.slug(rest)}"
        if entry is None:
            return Item(key=key, group=key, kind="run", label=rest, family=rest, known=False)
        self._runs.add(rest)
        run = entry.run
        return Item(
            key=key,
            group=f"experiment/{links.slug(run.experiment)}",
            kind="run",
            label=run.name or run.id,
            family=run.experiment,
            sub=run.experiment,
            href=links.run_page(run.id),
            words=() if run.status == "finished" else (str(run.status),),
            facts=_run_facts(run),
        )

    def _artifact(self, id: str, rest: str) -> Item:
        name, _, number = rest.rpartition(":v")
        made = self._named.get((name, int(number)))
        return Item(
            key=f"artifact/{links.slug(name)}/{number}",
            group=f"artifact/{links.slug(name)}",
            kind="named",
            label=f"{name}:v{number}",
            family=name,
            siblings=self._of_name.get(name, 1),
            sub="artifact",
            known=made is not None,
            words=tuple(made.aliases) if made else (),
        )

    def _version(self, id: str, rest: str) -> Item:
        name, _, number = rest.rpartition("/")
        model = self._models.get(name)
        standing = model.standing(int(number)) if model else []
        stages = [stage for stage in standing if stage != "archived"]
        aliases = model.pointed(int(number)) if model else []
        return Item(
            key=f"model/{links.slug(name)}/{number}",
            group=f"model/{links.slug(name)}",
            kind="version",
            label=f"{name} v{number}",
            family=name,
            siblings=len(model.versions) if model else 1,
            sub="model",
            href=f"{links.model_page(name)}#v{number}" if model else None,
            family_href=links.model_page(name) if model else None,
            known=model is not None,
            words=(*stages, *(f"@{alias}" for alias in aliases)),
        )

    # -- data, and runs that lead nowhere ------------------------------------------------------

    def add_data(self) -> None:
        """Data that lead to no version as well, the last used first."""
        drawn = set(self._identity.values())
        added = 0
        for version in self._recent:
            if added >= _MOST_DATA:
                break
            if version.identity not in drawn:
                drawn.add(version.identity)
                item = _data_item(
                    self._versions[version.identity], version.identity, self._siblings
                )
                self._items[item.key] = item
                self._identity[item.key] = version.identity
                added += 1

    def fold(self) -> None:
        """Runs that read what is drawn and lead nowhere: a node an experiment."""
        for key, known in list(self._identity.items()):
            for version in self._versions[known]:
                wrote = version.role == OUTPUT
                for entry in version.runs:
                    self._count(key, entry.run, reads=not wrote)
        for run in self.contents.runs:
            for use in run.uses:
                if use.name is not None:
                    self._count(f"artifact/{links.slug(use.name)}/{use.version}", run)
                elif use.run is not None:
                    self._count(f"run/{links.slug(use.run)}", run)
        self._join_older()

    def _count(self, key: str, run: Run, *, reads: bool = True) -> None:
        if run.id in self._runs or key not in self._items:
            return
        self._folded.setdefault(run.experiment, {}).setdefault((key, reads), set()).add(run.id)

    def _join_older(self) -> None:
        """Of more experiments than can be drawn, the older ones are one node."""
        first = {name: self.contents.group[name].runs[-1].started for name in self._folded}
        newest = sorted(first, key=lambda name: (first[name], name), reverse=True)
        for place, name in enumerate(newest):
            older = place >= _MOST_EXPERIMENTS
            item = _older() if older else _experiment(name)
            self._items.setdefault(item.key, item)
            ids: set[str] = set()
            for (key, reads), runs in self._folded[name].items():
                ends = (key, item.key) if reads else (item.key, key)
                self._links.setdefault(ends, {})
                ids |= runs
            self.counts[item.key] = self.counts.get(item.key, 0) + len(ids)


def _data_item(versions: Sequence[Version], known: str, siblings: Mapping[str, int]) -> Item:
    """Data by what the first run with them called them."""
    first = min(versions, key=lambda one: (one.first, one.runs[0].run.id, one.name, one.role or ""))
    labels = list(dict.fromkeys(label for one in versions for label in one.labels))
    data: Dataset = first.runs[0].run.data[0]
    data = next(
        (d for d in first.runs[0].run.data if d.name == first.name and d.role == first.role), data
    )
    page = links.data_set_page(first.name)
    rows = display.grouped(data.rows)
    names = sorted({one.name for one in versions} - {first.name})
    facts = (
        ("also called", ", ".join(names[:4]) or None),
        ("path", data.path),
        ("rows", rows),
        ("columns", display.grouped(data.columns)),
        ("size", display.size(data.size)),
        ("hash", data.dvc),
    )
    return Item(
        key=f"data/{links.slug(first.name)}/{_digest(known)}",
        group=f"data/{links.slug(first.name)}",
        kind="data",
        label=f"{first.name}@{labels[0]}" if labels else first.name,
        family=first.name,
        siblings=siblings.get(first.name, 1),
        sub=f"{rows} rows" if rows else "data",
        href=f"{page}#{links.data_anchor(known)}",
        family_href=page,
        facts=tuple((name, value) for name, value in facts if value),
    )


def _run_facts(run: Run) -> tuple[tuple[str, str], ...]:
    known: Iterable[tuple[str, str | None]] = (
        ("experiment", run.experiment),
        ("started", display.absolute(run.started)),
        ("by", display.person(run.author)),
        ("code", run.code.commit[:_SHORT] if run.code and run.code.commit else None),
        ("changes", "uncommitted" if run.code and run.code.dirty else None),
    )
    return tuple((name, value) for name, value in known if value)


def _experiment(name: str) -> Item:
    key = f"experiment/{links.slug(name)}"
    page = links.experiment_page(name)
    return Item(
        key=key,
        group=key,
        kind="runs",
        label=name,
        family=name,
        sub="other runs",
        href=page,
        family_href=page,
    )


def _older() -> Item:
    return Item(key=_OLDER, group=_OLDER, kind="runs", label="Older experiments",
                family="Older experiments", sub="other runs", href="runs.html",
                family_href="runs.html")  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
