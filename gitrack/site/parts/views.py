"""The views that the project keeps, for every table of runs."""

from __future__ import annotations

from gitrack.site import scripts
from gitrack.site.contents import Contents
from gitrack.site.incremental import Made, Unit
from gitrack.site.parts import Units
from gitrack.site.views import views_data


def units(contents: Contents) -> Units:
    """One small script."""
    found = views_data(contents.extras.views, contents.hide)
    data = {"data/views.js": scripts.call("views.all", found)}
    yield Unit("views", found, lambda: Made(data))
