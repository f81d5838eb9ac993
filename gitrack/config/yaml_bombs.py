"""YAML of strangers that other programs read: told by how much its aliases make of it."""

from __future__ import annotations

from typing import Any


def stands_for(text: bytes, most: int) -> int:
    """How many values a reader would see with every alias written out; at most `most` + 1.

    Only the parser's events are looked at, so that the answer takes as long as the text is. What
    is no YAML counts nothing: whoever reads it says so.
    """
    import yaml

    sizes: dict[str | None, int] = {}
    total = 0
    #: open collections: their anchors, and how many values came before them
    around: list[tuple[str | None, int]] = []
    try:
        events: Any = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for event in events:
            if isinstance(event, yaml.AliasEvent):
                total += sizes.get(event.anchor, 1)
            elif isinstance(event, yaml.CollectionStartEvent):
                total += 1
                around.append((event.anchor, total - 1))
            elif isinstance(event, yaml.CollectionEndEvent):
                anchor, before = around.pop()
                if anchor is not None:
                    sizes[anchor] = total - before
            elif isinstance(event, yaml.ScalarEvent):
                total += 1
                if event.anchor is not None:
                    sizes[event.anchor] = 1
            if total > most:
                return most + 1
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        return 0
    return total
