"""The JavaScript of others, taken from installed Python packages when the site is built."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from types import ModuleType

from gitrack.errors import MissingExtra

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
def charts() -> bytes:
    """Vega, Vega-Lite and Vega-Embed, as `window.vegaEmbed`."""
    vl_convert = require("vl_convert")
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"{_VEGA_NOTICE}(function(){{{bundle}\n}})();\n".encode()
