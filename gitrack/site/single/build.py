"""Builds the pages of a site aside, and joins what they say without scripts into one file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import msgspec

from gitrack.config.shipped import shipped
from gitrack.model.run import Fault
from gitrack.site.build import Progress, Report, build_site
from gitrack.site.contents import Contents
from gitrack.site.extras import Extras
from gitrack.site.goals import Goals
from gitrack.site.hiding.rules import Hide
from gitrack.site.pages.frame import Frame
from gitrack.site.parts import (
    Part,
    about,
    assets,
    audit,
    code,
    comparison,
    machine,
    search,
    tables,
    views,
)
from gitrack.site.render import STYLES, Renderer
from gitrack.site.single import outline
from gitrack.site.single.only import Only, Some, pick, some_extras
from gitrack.site.single.reading import Survey
from gitrack.site.single.rewriting import Places, Rewriting, anchor, heading
from gitrack.site.single.target import check_writable, write
from gitrack.site.single.telling import tellable
from gitrack.site.source import Source

#: What many mail servers still take.
LARGE = 25_000_000
#: A drawing of more than this is no drawing for a page.
_LARGEST_LINEAGE = 400_000
#: What works only with scripts, and what is for machines.
_WITHOUT: frozenset[Part] = frozenset(
    part.units for part in (about, assets, audit, code, comparison, machine, search, tables, views)
)
_TEMPLATE = "single.html"
#: Where our style and the pages go: no escaped text reads like these.
_STYLE = "</style>"
_PAGES = "<!-- pages -->"


class Single(msgspec.Struct, frozen=True, kw_only=True):
    """What was written. `left_out` are reports and charts about runs that were not chosen."""

    file: Path
    commit: str | None
    runs: int
    experiments: int
    pages: int
    bytes: int
    faults: tuple[Fault, ...]
    left_out: tuple[str, ...] = ()

    @property
    def large(self) -> bool:
        """True for what may be too large for a mail."""
        return self.bytes > LARGE


class _Front(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the pages."""

    frame: Frame
    title: str
    commit: str | None
    runs: int
    experiments: int
    only: tuple[str, str] | None
    chapters: list[outline.Chapter]


def build_single(
    store: Source,
    target: Path,
    *,
    title: str,
    only: Only | None = None,
    hide: Hide | None = None,
    commit: str | None = None,
    branch: str = "gitrack",
    goals: Goals | None = None,
    extras: Extras | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Single:
    """Write what `store` holds now, or `only` some of it, as one page without scripts.

    It is an ordinary site, built aside and joined. Raises UsageError for a file that is not ours
    unless `force`, NotFound or InvalidFilter where `only` leaves nothing. Whatever fails, an older
    file stays as it was.
    """
    check_writable(target, force=force)
    only, hide, goals, extras = only or Only(), hide or Hide(), goals or Goals(), extras or Extras()
    left_out: tuple[str, ...] = ()
    if only.words() is not None:

        def read(store: Source, extras: Extras) -> Contents:
            return Contents(
                store,
                Renderer(),
                title=title,
                branch=branch,
                hide=hide,
                goals=goals,
                commit=commit,
                extras=extras,
            )

        every = read(store, extras)
        picked = pick(every, only)
        if picked is not None:
            store, extras = Some(store, picked), some_extras(extras, picked)
            written, left_out = tellable(every, read(store, extras))
            extras = msgspec.structs.replace(extras, reports=written)
    with tempfile.TemporaryDirectory(prefix="gitrack-single-") as folder:
        built = build_site(
            store,
            Path(folder) / "site",
            title=title,
            hide=hide,
            commit=commit,
            branch=branch,
            goals=goals,
            extras=extras,
            without=_WITHOUT,
            progress=progress,
        )
        order = _pages(built.output)
        size = write(target, _pieces(built, order, only))
    return Single(
        file=target,
        commit=commit,
        runs=built.runs,
        experiments=built.experiments,
        pages=len(order),
        bytes=size,
        faults=built.faults,
        left_out=left_out,
    )


def _pages(site: Path) -> list[str]:
    """The pages that the file is made of."""
    found = [path for path in site.rglob("*.html") if not path.is_symlink()]
    order = outline.in_order(path.relative_to(site).as_posix() for path in found)
    lineage = site / "lineage.html"
    if lineage.exists() and lineage.stat().st_size > _LARGEST_LINEAGE:
        order.remove("lineage.html")
    return order


def _pieces(built: Report, order: list[str], only: Only) -> Iterator[bytes]:
    """The file from its beginning to its end: pages are read twice, and never all held."""
    ids: dict[str, set[str]] = {}
    titles: dict[str, str] = {}
    above: dict[str, str | None] = {}
    for path in order:
        survey = Survey()
        survey.read((built.output / path).read_text("utf-8"))
        ids[path], titles[path], above[path] = survey.ids, survey.title, survey.above
    front = _Front(
        frame=built.frame,
        title=built.frame.title,
        commit=built.commit,
        runs=built.runs,
        experiments=built.experiments,
        only=only.words(),
        chapters=outline.chapters(order, titles),
    )
    before, after = _around(front)
    yield before
    places = Places(ids)
    for path in order:
        whose = places.find(path, above[path] or "") if path.startswith("runs/") else None
        name = titles.get(f"{whose}.html", "")
        kind = _eyebrow(path, whose, name)
        yield _article(built.output, path, kind, places).encode("utf-8")
    yield after


def _around(front: _Front) -> tuple[bytes, bytes]:
    """What stands before the pages, with our style in it, and after them."""
    html = Renderer().page(_TEMPLATE, front, "single.html").decode("utf-8")
    folder = shipped("site_templates") / "assets"
    style = "\n".join((folder / name).read_text("utf-8") for name in (*STYLES, "single.css"))
    assert "</" not in style, "the style would end its element"
    head, end, rest = html.partition(_STYLE)
    before, _, after = rest.partition(_PAGES)
    return f"{head}{style}{end}{before}".encode(), after.encode()


def _eyebrow(path: str, whose: str | None, name: str) -> str:
    """What a page is of, above its title; of a run, its experiment too."""
    kind = outline.kind(path)
    if kind is None:
        return ""
    if name:
        kind = f'{kind} of <a href="#{whose}"><bdi>{escape(name)}</bdi></a>'
    return f'<p class="eyebrow kind">{kind}</p>\n'


def _article(site: Path, path: str, eyebrow: str, places: Places) -> str:
    """One page."""

    def read(name: str) -> bytes | None:
        file = site / name
        return file.read_bytes() if file.is_file() else None

    page = Rewriting(path, places, read)
    page.read((site / path).read_text("utf-8"))
    width = (page.main or {}).get("class", "")
    return (
        f'<article class="{escape(f"page {width}".strip())}" id="{anchor(path)}" '
        f'aria-labelledby="{heading(path)}">\n{eyebrow}{"".join(page.out).strip()}\n'
        '<p class="to-contents"><a href="#contents">Contents</a></p>\n</article>\n'
    )
