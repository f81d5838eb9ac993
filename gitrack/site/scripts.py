"""Data as classic scripts: a browser refuses fetch() and modules in pages opened from disk."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache

from gitrack.site.display import visible


def call(function: str, *values: object) -> bytes:
    """A script that hands values to one of the site's functions: `gitrack.run({…});`.

    Plain ASCII: `<`, `>`, `&`, U+2028 and everything else that could end a script or a line is
    escaped. Maps that users name go in as lists of pairs, so that a param called `__proto__` is
    only a name, and `1`, `2`, `10` stay in order.
    """
    arguments = ", ".join(_encode(value) for value in values)
    return f"gitrack.{function}({arguments});\n".encode("ascii")


def pairs(mapping: Mapping[str, object]) -> list[list[object]]:
    """A map as `[[key, value], …]`, sorted."""
    return [[key, mapping[key]] for key in sorted(mapping)]


def _encode(value: object) -> str:
    text = json.dumps(plain(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def plain(value: object) -> object:
    """Only what JSON has: text made visible, NaN and infinities by their names."""
    if isinstance(value, str):
        return value if value.isprintable() else visible(value)  # asked of every word of a site
    if isinstance(value, dict):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**53:
        return str(value)
    return value


@lru_cache(maxsize=1024, typed=True)
def _key(key: object) -> str:
    return visible(str(key))
