"""Templates to bytes: Jinja2 where every value is escaped and a missing one is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gitrack.config.shipped import shipped
from gitrack.site.compiled import compiled_in
from gitrack.site.display import visible
from gitrack.site.libraries import require
from gitrack.site.links import up

if TYPE_CHECKING:
    from gitrack.site.pages.frame import Frame

#: Joined into one file each, in this order.
STYLES = (
    "tokens.css",
    "base.css",
    "nav.css",
    "tables.css",
    "drawings.css",
    "verdict.css",
    "run.css",
    "evaluated.css",
    "models.css",
    "timeline.css",
    "trends.css",
    "lineage.css",
    "datasets.css",
    "reports.css",
    "search.css",
    "compare.css",
    "print.css",
)
SCRIPTS = (
    "theme.js",
    "gitrack.js",
    "charts.js",
    "timeline.js",
    "trends.js",
    "search.js",
    "sweep.js",
    "own-charts.js",
    "code.js",
    "run.js",
)
#: Scripts that are written in several files, in the order in which these are joined.
_FILTER = ("text", "times", "regex", "keys", "grammar", "tests", "query")
_TABLE = (
    *("data", "order", "state", "filter-words", "groups", "cells", "picked", "lines", "header"),
    *("chooser", "tools", "points", "start"),
)
_COMPARE = (
    *("state", "table", "data", "pictures", "statistics", "bootstrap", "evaluation"),
    *("importance", "causes", "verdict", "curves", "many", "lines", "highlight", "code", "page"),
    "start",
)
JOINED: Mapping[str, tuple[str, ...]] = {
    "table.js": tuple(f"table/{name}.js" for name in _TABLE),
    "compare.js": tuple(f"compare/{name}.js" for name in _COMPARE),
    "lineage.js": ("lineage/graph.js", "lineage/picture.js", "lineage/page.js"),
    "views.js": ("table/views.js", "table/exports.js"),
    "goto.js": ("goto/names.js", "goto/pick.js", "goto/keys.js"),
    "filter.js": tuple(f"filter/{name}.js" for name in _FILTER),
}
PLAIN = ("mark.svg",)

_POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'"
)


class Page(Protocol):
    """What every page has."""

    @property
    def frame(self) -> Frame: ...

    @property
    def title(self) -> str: ...


class Renderer:
    """Renders pages with the templates that gitrack ships."""

    def __init__(self, cache: Path | None = None) -> None:
        """`cache`: a folder for templates as they were compiled, which takes longer than a page."""
        jinja2 = require("jinja2")
        self._folder = shipped("site_templates")
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folder, encoding="utf-8"),
            bytecode_cache=compiled_in(cache, generator()) if cache else None,
            autoescape=True,
            auto_reload=False,
            undefined=jinja2.StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            newline_sequence="\n",
        )

    def page(self, template: str, page: Page, path: str) -> bytes:
        """One page as it lies at `path`."""
        text: str = self._environment.get_template(template).render(
            page=page, frame=page.frame, root=up(path), path=path, policy=_POLICY
        )
        return text.encode("utf-8")

    def part(self, template: str, macro: str, view: object, root: str, number: int) -> str:
        """What one macro of a template makes of a view: a piece of a page."""
        module = self._environment.get_template(template).module
        return str(getattr(module, macro)(view, root, number))

    def assets(self) -> dict[str, bytes]:
        """Our own style and scripts, by their paths on the site."""
        folder = self._folder / "assets"
        style = "\n".join((folder / name).read_text(encoding="utf-8") for name in STYLES)
        plain = {f"assets/{name}": _bytes(folder / name) for name in (*SCRIPTS, *PLAIN)}
        joined = {
            f"assets/{name}": b"\n".join(_bytes(folder / part) for part in parts)
            for name, parts in JOINED.items()
        }
        return {"assets/gitrack.css": style.encode("utf-8"), **plain, **joined}


@cache
def generator() -> bytes:
    """A digest of the code and templates that make a site: others may make other bytes of it."""
    digest = hashlib.blake2b(metadata.version("jinja2").encode(), digest_size=16)
    files = [*Path(__file__).parents[1].rglob("*.py"), *shipped("site_templates").rglob("*")]
    for file in sorted(files):
        if file.is_file():
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _bytes(path: object) -> bytes:
    return Path(str(path)).read_text(encoding="utf-8").encode("utf-8")


def _finalize(value: object) -> object:
    """Whatever a template writes plays no tricks with direction or control characters."""
    return visible(value) if type(value) is str else value
