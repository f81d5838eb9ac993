"""Style, scripts, the libraries of others and the specifications of charts."""

from __future__ import annotations

from importlib import metadata

from gitrack.site import charts, libraries, scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.parts import Units

#: What the scripts of others come from: another version, other bytes.
_FROM = ("altair", "vl-convert-python")


def units(contents: Contents) -> Units:
    """What every page shares."""
    for module in ("altair", "vl_convert"):
        libraries.check(module)
    own = contents.renderer.assets()
    yield Unit("assets", sorted(own), lambda: Made(own))
    versions = [(name, metadata.version(name)) for name in _FROM]
    yield Unit("libraries", versions, _others)


def _others() -> Made:
    return Made(
        {
            "assets/vega.js": libraries.charts(),
            "assets/specs.js": scripts.call("specs", charts.specifications()),
        }
    )
