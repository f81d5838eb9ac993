"""`feed.xml`: the newest promotions and rollbacks as Atom (RFC 4287), and a sitemap."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from gitrack.model.promotion import Outcome, Promotion
from gitrack.site import display
from gitrack.site.links import model_page
from gitrack.site.pages.registry import promotion_anchor
from gitrack.store.registry.whole import KnownModel

PATH = "feed.xml"
_MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
#: Ids of entries follow from what they are about, so that they are the same in every build.
_IDS = uuid.UUID("6d1ed64c-9a7f-5a5b-9a44-6c1a6e6b6f21")
_BEGINNING = "1970-01-01T00:00:00Z"


def feed(title: str, models: Sequence[KnownModel], url: str | None) -> bytes:
    """The newest first. Links lead from where the feed lies, or from `url` where that is known."""
    every = [
        (one.at, model.name, id, one)
        for model in models
        for id, one in model.promotions.items()
        if display.moment(one.at)
    ]
    every.sort(key=lambda item: item[:3], reverse=True)
    root = ElementTree.Element("feed", xmlns=_ATOM)
    _text(root, "title", f"{title}: promotions")
    _text(root, "id", f"urn:uuid:{uuid.uuid5(_IDS, title)}")
    _text(root, "updated", every[0][0] if every else _BEGINNING)
    _text(_text(root, "author"), "name", title)
    ElementTree.SubElement(root, "link", rel="alternate", href=_address(url, "index.html"))
    if url:
        ElementTree.SubElement(root, "link", rel="self", href=_address(url, PATH))
    for at, _, id, promotion in every[:_MOST]:
        _entry(root, id, at, promotion, url)
    return _bytes(root)


def _entry(
    root: ElementTree.Element, id: str, at: str, promotion: Promotion, url: str | None
) -> None:
    entry = ElementTree.SubElement(root, "entry")
    way = "back to" if promotion.kind == "rollback" else "to"
    _text(entry, "title", f"{promotion.model} v{promotion.version} {way} {promotion.to}")
    _text(entry, "id", f"urn:uuid:{uuid.uuid5(_IDS, f'{promotion.model}/{id}')}")
    _text(entry, "updated", at)
    page = f"{model_page(promotion.model)}#{promotion_anchor(id)}"
    ElementTree.SubElement(entry, "link", rel="alternate", href=_address(url, page))
    if by := display.person(promotion.by):
        _text(_text(entry, "author"), "name", by)
    passed = sum(verdict.outcome == Outcome.PASSED for verdict in promotion.verdicts)
    gates = f" Gates passed: {passed} of {len(promotion.verdicts)}." if promotion.verdicts else ""
    _text(entry, "summary", f"{promotion.why}{gates}")


def sitemap(url: str, pages: Iterable[str]) -> bytes:
    """Every page, by its whole address (sitemaps.org 0.9, at most 50,000)."""
    root = ElementTree.Element("urlset", xmlns=_SITEMAP)
    for page in list(pages)[:50_000]:
        _text(_text(root, "url"), "loc", _address(url, page))
    return _bytes(root)


def _address(url: str | None, path: str) -> str:
    return f"{url.rstrip('/')}/{path}" if url else path


def _text(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, tag)
    if text is not None:
        element.text = display.visible(text)
    return element


def _bytes(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root, " ")
    declared = b'<?xml version="1.0" encoding="utf-8"?>\n'
    return declared + ElementTree.tostring(root, encoding="unicode").encode("utf-8") + b"\n"
