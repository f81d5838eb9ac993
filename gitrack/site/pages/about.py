"""What this site is of: commit, settings, policy, and the files for programs."""

from __future__ import annotations

import msgspec

from gitrack.config.stage_name import ARCHIVE
from gitrack.site import links
from gitrack.site.machine import api, badges, feed, parquet
from gitrack.site.pages.frame import Cell, Frame
from gitrack.site.pages.registry import in_order
from gitrack.store.registry.whole import KnownModel

_MOST_BADGES = 12


class Badge(msgspec.Struct, frozen=True, kw_only=True):
    """A badge, and the line that shows it in a README."""

    model: str
    stage: str
    href: str
    markdown: str


class AboutPage(msgspec.Struct, frozen=True, kw_only=True):
    """What `about.html` may use."""

    frame: Frame
    title: str
    commit: str | None
    short: str | None
    version: str | None
    facts: tuple[Cell, ...]
    files: tuple[tuple[str, str], ...]
    badges: tuple[Badge, ...]
    nowhere: bool
    policy: str | None
    again: str


def about_page(
    frame: Frame,
    *,
    commit: str | None,
    version: str | None,
    counts: tuple[tuple[str, int], ...],
    models: list[KnownModel],
    policy: str | None,
    url: str | None,
    sitemap: bool,
) -> AboutPage:
    """One build: `counts` are of what is on the branch, by their words."""
    files = [
        (f"{api.ROOT}/index.json", "everything as JSON, by run, experiment, model and stage"),
        (parquet.PATH, "all runs as one Parquet table"),
    ]
    if models:
        files.append((feed.PATH, "promotions and rollbacks as an Atom feed"))
    if sitemap:
        files.append(("sitemap.xml", "every page, for search engines"))
    return AboutPage(
        frame=frame,
        title="About this site",
        commit=commit,
        short=commit[:10] if commit else None,
        version=version,
        facts=tuple(Cell(word, f"{count:,}") for word, count in counts),
        files=tuple(files),
        badges=tuple(_badges(models, url))[:_MOST_BADGES],
        nowhere=url is None,
        policy=policy,
        again="gitrack site build",
    )


def _badges(models: list[KnownModel], url: str | None) -> list[Badge]:
    """A line for each stage in which somebody stands; nobody shows what is out of use."""
    found = []
    address = url.rstrip("/") if url else "https://…"
    for model in models:
        for stage in in_order(model.stages):
            if stage == ARCHIVE or not model.stages[stage]:
                continue
            href = badges.badge_path(model.name, stage)
            shown = f"{model.name} {stage}".replace("[", "(").replace("]", ")")
            leads = f"{address}/{links.model_page(model.name)}"
            line = f"[![{shown}]({address}/{href})]({leads})"
            found.append(Badge(model=model.name, stage=stage, href=href, markdown=line))
    return found
