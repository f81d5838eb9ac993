"""The JavaScript of others, taken from installed Python packages when the site is built."""

from __future__ import annotations

import importlib
import importlib.util
import re
from functools import cache
from importlib import resources
from types import ModuleType

from gitrack.errors import MissingExtra

_EXPORTS = re.compile(r"export\s*\{([^}]*)\};?")
_EXPORT = re.compile(r"\s*([\w$]+)\s+as\s+([\w$]+)\s*\Z")

_VEGA_NOTICE = (
    "/*! Vega, Vega-Lite, Vega-Embed: BSD-3-Clause, "
    "(c) University of Washington Interactive Data Lab */\n"
)


def require(name: str) -> ModuleType:
    """A library of the `site` extra, or how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra("the site", name, "site") from error


def check(name: str) -> None:
    """Raise MissingExtra where a library is not installed, without loading it."""
    try:
        found = importlib.util.find_spec(name)
    except ValueError:  # taken away by somebody
        found = None
    if found is None:
        raise MissingExtra("the site", name, "site")


@cache
def tables() -> bytes:
    """DataTables and its extensions, as `window.gitrackTables`.

    itables ships them as a module, which browsers refuse from disk: here its exports become a
    value that a function returns, which also keeps its short global names to itself.
    """
    require("itables")
    source = resources.files("itables").joinpath("html/dt_bundle.js").read_text(encoding="utf-8")
    found = list(_EXPORTS.finditer(source))
    if not found:
        raise RuntimeError("the DataTables bundle of itables has changed: no export list in it")
    exports = [_EXPORT.match(part) for part in found[-1][1].split(",")]
    returned = ",".join(f'"{part[2]}":{part[1]}' for part in exports if part)
    start, end = found[-1].span()
    body = source[:start] + f"return {{{returned}}};" + source[end:]
    return f"window.gitrackTables=(function(){{{body}\n}})();\n".encode()


@cache
def charts() -> bytes:
    """Vega, Vega-Lite and Vega-Embed, as `window.vegaEmbed`."""
    vl_convert = require("vl_convert")
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"{_VEGA_NOTICE}(function(){{{bundle}\n}})();\n".encode()
