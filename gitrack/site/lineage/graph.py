"""The records of a drawn graph, and its map, on which what belongs together is one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

Kind = Literal["data", "stage", "run", "runs", "named", "version"]

#: By the key of a node of folded runs: how many they are. With every run some of them change.
Counts = dict[str, int]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A node. `key` names it in links to the page: `model/churn/7`; `group` is what it belongs to.

    `family` is what people call the group, which has so many `siblings`; `words` say where it
    stands, as `production`.
    """

    key: str
    group: str
    kind: Kind
    label: str
    family: str
    siblings: int = 1
    sub: str | None = None
    href: str | None = None
    family_href: str | None = None
    known: bool = True
    words: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes, and links between their numbers, with a word about each; `left_out` are versions."""

    items: list[Item] = []
    links: list[tuple[int, int, str]] = []
    left_out: int = 0


def map_of(drawing: Drawing, experiments: Mapping[str, str]) -> Drawing:
    """The same with one node for all versions of a model, or of data, and all runs together.

    `experiments` are the pages of experiments, by their names.
    """
    groups: dict[str, list[Item]] = {}
    for item in drawing.items:
        groups.setdefault(item.group, []).append(item)
    at = {group: place for place, group in enumerate(groups)}
    places = [at[item.group] for item in drawing.items]
    links = {(places[s], places[t]): None for s, t, _ in drawing.links if places[s] != places[t]}
    items = [_joined(group, members, experiments) for group, members in groups.items()]
    return Drawing(items=items, links=[(s, t, "") for s, t in sorted(links)])


def _joined(group: str, members: Sequence[Item], experiments: Mapping[str, str]) -> Item:
    first = members[0]
    is_runs = first.kind in ("run", "runs") and group.startswith("experiment")
    href = (experiments.get(first.family) if is_runs else None) or first.family_href
    words = dict.fromkeys(word for item in members for word in item.words if not is_runs)
    return Item(
        key=group,
        group=group,
        kind="runs" if is_runs else first.kind,
        label=first.family,
        family=first.family,
        sub=_counted(first, members, is_runs=is_runs),
        href=href or (first.href if len(members) == 1 else None),
        known=any(item.known for item in members),
        words=tuple(words),
    )


def _counted(first: Item, members: Sequence[Item], *, is_runs: bool) -> str:
    if is_runs:
        return "runs"
    if first.kind == "stage":
        return "stage"
    many = max(first.siblings, len(members))
    return f"{many} version{'' if many == 1 else 's'}"
