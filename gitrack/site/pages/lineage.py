"""The page on which people see what became of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gitrack.site.lineage.graph import Drawing, Item, Kind, map_of
from gitrack.site.lineage.layout import Layout, layered
from gitrack.site.pages.frame import Frame

#: More nodes than these are shown as a map first.
MOST_AT_ONCE = 70

#: Sizes of the picture in its own units; the script that draws has the same.
WIDE, HIGH, COLUMN, ROW, EDGE = 218, 38, 264, 48, 8
_LONGEST = 27
_LONGEST_SUB = 34
_AROUND = 34


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A node where it stands; `x` and `y` are of its left upper corner."""

    key: str
    kind: Kind
    label: str
    full: str
    sub: str
    href: str | None
    known: bool
    live: bool
    x: int
    y: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A link as a path; `back` ones lead against the flow."""

    path: str
    back: bool


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing in its place, as SVG needs it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


class LineagePage(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows before a script runs: all of a small graph, or the map of a large one."""

    frame: Frame
    title: str
    picture: Picture
    start: str
    nodes: int
    links: int
    left_out: int
    kinds: tuple[tuple[Kind, str], ...]
    models: tuple[Item, ...]


_KINDS: tuple[tuple[Kind, str], ...] = (
    ("data", "data"),
    ("stage", "stage of a pipeline"),
    ("run", "run"),
    ("runs", "runs of an experiment"),
    ("named", "artifact"),
    ("version", "model"),
)
#: Columns where a map leads back to where one came from.
_ORDER: dict[Kind, int] = {"data": 0, "stage": 1, "run": 2, "runs": 2, "named": 3, "version": 4}


def lineage_page(
    frame: Frame, drawing: Drawing, experiments: Mapping[str, str]
) -> tuple[LineagePage, dict[str, Any]]:
    """The page, and what its script draws from; `experiments` are their pages by name."""
    whole = _placed(drawing)
    mapped = map_of(drawing, experiments)
    small = _placed(mapped)
    start = "nodes" if len(drawing.items) <= MOST_AT_ONCE else "map"
    shown, layout = (drawing, whole) if start == "nodes" else (mapped, small)
    present = {item.kind for one in (drawing, mapped) for item in one.items}
    page = LineagePage(
        frame=frame,
        title="Lineage",
        picture=picture(shown, layout),
        start=start,
        nodes=len(drawing.items),
        links=len(drawing.links),
        left_out=drawing.left_out,
        kinds=tuple((kind, word) for kind, word in _KINDS if kind in present),
        models=tuple(item for item in mapped.items if item.kind == "version"),
    )
    at = {item.key: place for place, item in enumerate(mapped.items)}
    groups = [at[item.group] for item in drawing.items]
    data = {
        "start": start,
        "nodes": _data(drawing, whole, groups),
        "map": _data(mapped, small, range(len(mapped.items))),
    }
    return page, data


def _placed(drawing: Drawing) -> Layout:
    last = [at for at, item in enumerate(drawing.items) if item.kind == "version"]
    columns = [_ORDER[item.kind] for item in drawing.items]
    edges = [(s, t) for s, t, _ in drawing.links]
    return layered(len(drawing.items), edges, last, columns)


def picture(drawing: Drawing, layout: Layout) -> Picture:
    """Places in pixels."""
    boxes = tuple(
        _box(item, *place) for item, place in zip(drawing.items, layout.places, strict=True)
    )
    lines = tuple(
        Line(path=line(boxes[s], boxes[t], layout.places[s][0], bends), back=back)
        if not back
        else Line(path=line_back(boxes[s], boxes[t], layout.places[t][0], bends), back=back)
        for (s, t, _), bends, back in zip(drawing.links, layout.bends, layout.back, strict=True)
    )
    width = max(0, layout.layers - 1) * COLUMN + WIDE + 2 * EDGE
    return Picture(width=width, height=_down(layout.height) + EDGE, boxes=boxes, lines=lines)


def _box(item: Item, layer: int, height: float) -> Box:
    return Box(
        key=item.key,
        kind=item.kind,
        label=_cut(item.label, _LONGEST),
        full=item.label,
        sub=_cut(" · ".join([*item.words, *([item.sub] if item.sub else [])]), _LONGEST_SUB),
        href=item.href,
        known=item.known,
        live="production" in item.words,
        x=EDGE + layer * COLUMN,
        y=_down(height) - HIGH // 2,
    )


def _down(height: float) -> int:
    return round(EDGE / 2 + height * ROW)


def line(source: Box, target: Box, layer: int, bends: list[float]) -> str:
    """A path from the right of one box to the left of another, through the places in between."""
    x, y = source.x + WIDE, source.y + HIGH // 2
    end_x, end_y = target.x, target.y + HIGH // 2
    path = [f"M{x} {y}"]
    for step, bend in enumerate(bends, start=1):
        left, height = EDGE + (layer + step) * COLUMN, _down(bend)
        path.append(_curve(x, y, left, height) + f"H{left + WIDE}")
        x, y = left + WIDE, height
    return "".join([*path, _curve(x, y, end_x, end_y)])


def line_back(source: Box, target: Box, layer: int, bends: list[float]) -> str:
    """A link to the left is drawn from there; one inside a layer goes around on its right."""
    if source.x != target.x:
        return line(target, source, layer, bends)
    x, y, end_y = source.x + WIDE, source.y + HIGH // 2, target.y + HIGH // 2
    return f"M{x} {y}C{x + _AROUND} {y} {x + _AROUND} {end_y} {x} {end_y}"


def _curve(x: int, y: int, end_x: int, end_y: int) -> str:
    middle = (x + end_x) // 2
    return f"C{middle} {y} {middle} {end_y} {end_x} {end_y}"


def _cut(text: str, longest: int) -> str:
    """Names differ at their ends: what is too much goes from the middle."""
    if len(text) <= longest:
        return text
    head = (longest - 1) // 2 + 1
    return f"{text[:head]}…{text[head + 1 - longest :]}"


def _data(drawing: Drawing, layout: Layout, groups: Sequence[int]) -> dict[str, Any]:
    """For the script: lists, since users name what is in them."""
    items = [
        [
            item.key,
            item.kind,
            item.label,
            item.sub or "",
            item.href,
            list(item.words),
            [list(fact) for fact in item.facts],
            item.known,
            place[0],
            round(place[1], 2),
            group,
        ]
        for item, place, group in zip(drawing.items, layout.places, groups, strict=True)
    ]
    links = [
        [source, target, word, [round(bend, 2) for bend in bends]]
        for (source, target, word), bends in zip(drawing.links, layout.bends, strict=True)
    ]
    return {"items": items, "links": links, "layers": layout.layers, "height": layout.height}
