"""Puts a graph in layers from left to right, with few crossings and little slope.

The steps are those of Sugiyama: layers by the longest way, places in between for links that pass a
layer, an order by the middle of the neighbours, and heights that are nearest to these middles.
Links of one source that pass a layer share their place there, so that they run as one line.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

_SWEEPS = 12
_SETTLINGS = 10
#: Room for a link that only passes, where a node has 1.
_PASSING = 0.4

Edge = tuple[int, int]


class Layout(NamedTuple):
    """By node: layer and height of its middle, in rows. By link: the heights between its ends.

    Links in `back` lead from right to left, or stay in a layer; their heights begin at the left.
    """

    places: list[tuple[int, float]]
    bends: list[list[float]]
    back: list[bool]
    layers: int
    height: float


def layered(
    count: int,
    edges: Sequence[Edge],
    last: Collection[int] = (),
    columns: Sequence[int] | None = None,
) -> Layout:
    """Nodes 0 to count - 1; those in `last` go to the right end. Links may form circles.

    Where they do, no way is the longest: nodes then go to their `columns`, if there are any.
    """
    forward = _without_circles(count, edges)
    if columns is not None and not set(forward) <= set(edges):
        layers = _close(columns)
        forward = list(dict.fromkeys(edge for edge in map(_rightwards(layers), edges) if edge))
    else:
        layers = _layers(count, forward, last)
    tracks = _Tracks(count, forward, layers)
    tracks.order()
    heights, total = tracks.settle()
    bends, back = [], []
    for source, target in edges:
        ends = (source, target) if layers[source] < layers[target] else (target, source)
        between = [heights[item] for item in tracks.way(*ends)[1:-1]]
        bends.append(between)
        back.append(layers[source] >= layers[target])
    places = [(layers[node], heights[node]) for node in range(count)]
    return Layout(places, bends, back, max(layers, default=-1) + 1, total)


def _close(columns: Sequence[int]) -> list[int]:
    """Columns without empty ones among them."""
    at = {column: place for place, column in enumerate(sorted(set(columns)))}
    return [at[column] for column in columns]


def _rightwards(layers: Sequence[int]) -> Callable[[Edge], Edge | None]:
    def turned(edge: Edge) -> Edge | None:
        source, target = edge
        if layers[source] == layers[target]:
            return None
        return edge if layers[source] < layers[target] else (target, source)

    return turned


def _without_circles(count: int, edges: Sequence[Edge]) -> list[Edge]:
    """The links, those turned around that lead back to where one came from."""
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        after[source].append(target)
    state = [0] * count  # 1 while its followers are looked at, 2 afterwards
    back: set[Edge] = set()
    for start in range(count):
        todo = [(start, False)]
        while todo:
            node, left = todo.pop()
            if left:
                state[node] = 2
            elif state[node] == 0:
                state[node] = 1
                todo.append((node, True))
                for other in reversed(after[node]):
                    if state[other] == 1:
                        back.add((node, other))
                    elif state[other] == 0:
                        todo.append((other, False))
    turned = ((t, s) if (s, t) in back else (s, t) for s, t in edges)
    return [edge for edge in dict.fromkeys(turned) if edge[0] != edge[1]]


def _layers(count: int, edges: Sequence[Edge], last: Collection[int]) -> list[int]:
    """The longest way to each node; then each as far right as what follows it allows."""
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for source, target in edges:
        after[source].append(target)
        waiting[target] += 1
    layer = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:
        for other in after[node]:
            layer[other] = max(layer[other], layer[node] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    end = max(layer, default=0)
    for node in last:
        if not after[node]:
            layer[node] = end
    for node in reversed(ready):
        if after[node]:
            layer[node] = min(layer[other] for other in after[node]) - 1
    return layer


class _Tracks:
    """What stands in each layer: nodes, and links that pass. Items are numbers, nodes first."""

    def __init__(self, count: int, edges: Sequence[Edge], layers: Sequence[int]) -> None:
        self._count = count
        self._passing: dict[tuple[int, int], int] = {}
        self._layer = list(layers)
        self.rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
        links: dict[Edge, None] = {}
        for source, target in edges:
            links.update(dict.fromkeys(pairwise(self._path(source, target))))
        size = len(self._layer)
        self.before: list[list[int]] = [[] for _ in range(size)]
        self.after: list[list[int]] = [[] for _ in range(size)]
        for left, right in links:
            self.after[left].append(right)
            self.before[right].append(left)
        for item in self._by_kinship():
            self.rows[self._layer[item]].append(item)

    def way(self, source: int, target: int) -> list[int]:
        """The items through which a link goes, its ends included."""
        return self._path(source, target)

    def _path(self, source: int, target: int) -> list[int]:
        path = [source]
        for layer in range(self._layer[source] + 1, self._layer[target]):
            key = (source, layer)
            if key not in self._passing:
                self._passing[key] = len(self._layer)
                self._layer.append(layer)
            path.append(self._passing[key])
        return [*path, target]

    def _by_kinship(self) -> list[int]:
        """Every item, those that hang together one after the other."""
        seen = [False] * len(self._layer)
        found: list[int] = []
        for start in range(len(self._layer)):
            todo = [start]
            while todo:
                item = todo.pop()
                if seen[item]:
                    continue
                seen[item] = True
                found.append(item)
                todo += [*reversed(self.after[item]), *reversed(self.before[item])]
        return found

    def order(self) -> None:
        """Sort each layer by the middle of its neighbours, to and fro; keep the best."""
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            right = sweep % 2 == 0
            layers = range(1, len(self.rows)) if right else range(len(self.rows) - 2, -1, -1)
            for layer in layers:
                beside = self.rows[layer - 1 if right else layer + 1]
                self._sort(layer, beside, self.before if right else self.after)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _sort(self, layer: int, beside: Sequence[int], near: Sequence[Sequence[int]]) -> None:
        at = {item: place for place, item in enumerate(beside)}
        middles: dict[int, float] = {}
        for place, item in enumerate(self.rows[layer]):
            places = [at[other] for other in near[item]]
            middles[item] = sum(places) / len(places) if places else place
        self.rows[layer].sort(key=middles.__getitem__)

    def _crossings(self) -> int:
        total = 0
        for left, right in pairwise(self.rows):
            at = {item: place for place, item in enumerate(right)}
            met: list[int] = []
            for item in left:
                places = sorted(at[other] for other in self.after[item])
                total += sum(len(met) - bisect_right(met, place) for place in places)
                for place in places:
                    insort(met, place)
        return total

    def settle(self) -> tuple[list[float], float]:
        """Heights in the order found, each as near as may be to the middle of its neighbours."""
        heights = [0.0] * len(self._layer)
        for row in self.rows:
            for item, offset in zip(row, self._offsets(row), strict=True):
                heights[item] = offset
        both = [[*b, *a] for b, a in zip(self.before, self.after, strict=True)]
        for turn in range(_SETTLINGS):
            near: Mapping[int, Sequence[int]] | Sequence[Sequence[int]]
            near = (self.before, self.after, both)[turn % 3] if turn < _SETTLINGS - 1 else both
            rows = self.rows if turn % 3 != 1 else self.rows[::-1]
            for row in rows:
                wanted = [_middle([heights[o] for o in near[i]], heights[i]) for i in row]
                settled = nearest(wanted, self._offsets(row))
                for item, height in zip(row, settled, strict=True):
                    heights[item] = height
        top = min(
            (heights[item] - self._size(item) / 2 for row in self.rows for item in row), default=0
        )
        heights = [height - top for height in heights]
        ends = (heights[item] + self._size(item) / 2 for row in self.rows for item in row)
        return heights, max(ends, default=0.0)

    def _size(self, item: int) -> float:
        return 1.0 if item < self._count else _PASSING

    def _offsets(self, row: Sequence[int]) -> list[float]:
        """The heights of the middles when a layer is packed from 0 on."""
        found: list[float] = []
        at = 0.0
        for item in row:
            size = self._size(item)
            found.append(at + size / 2)
            at += size
        return found


def _middle(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def nearest(wanted: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The heights nearest to those wanted, in their order and with room for each.

    Without the room it takes, an item must only not lie above the one before it: isotonic
    regression, by joining neighbours that are in each other's way.
    """
    blocks: list[tuple[float, int]] = []  # (sum, count) of what joined items want
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] * count >= total * blocks[-1][1]:
            above, many = blocks.pop()
            total, count = total + above, count + many
        blocks.append((total, count))
    free = [total / count for total, count in blocks for _ in range(count)]
    return [place + offset for place, offset in zip(free, offsets, strict=True)]
