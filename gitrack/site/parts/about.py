"""The page that says what the site is of, and the list of all pages."""

from __future__ import annotations

from functools import partial

from gitrack.site.contents import Contents
from gitrack.site.hiding.policy import shown_policy
from gitrack.site.incremental import Made, Unit
from gitrack.site.machine import feed
from gitrack.site.pages.about import about_page
from gitrack.site.parts import Units


def units(contents: Contents) -> Units:
    """Nearly the last: a sitemap names the pages of all other parts."""
    counts = (
        ("runs", len(contents.runs)),
        ("experiments", len(contents.groups)),
        ("registered models", len(contents.models)),
        ("files that cannot be read", len(contents.faults)),
    )
    stages = [(model.name, model.stages) for model in contents.models]
    extras = contents.extras
    told = (extras.policy, extras.url, extras.version)
    inputs = (contents.settings, contents.commit, counts, stages, told)
    yield Unit("about", inputs, partial(_about, contents, counts))
    if extras.url:
        pages = sorted({*contents.pages, "about.html", "index.html"})
        yield Unit(
            "sitemap",
            (extras.url, pages),
            lambda: Made({"sitemap.xml": feed.sitemap(str(extras.url), pages)}),
        )


def _about(contents: Contents, counts: tuple[tuple[str, int], ...]) -> Made:
    page = about_page(
        contents.frame,
        commit=contents.commit,
        version=contents.extras.version,
        counts=counts,
        models=contents.models,
        policy=shown_policy(contents.extras.policy, contents.hide),
        url=contents.extras.url,
        sitemap=bool(contents.extras.url),
    )
    return Made({"about.html": contents.renderer.page("about.html", page, "about.html")})
