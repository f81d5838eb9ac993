"""Walks through the main part of a page of ours, past what needs scripts."""

from __future__ import annotations

from html.parser import HTMLParser

#: Elements without contents and without an end.
VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
#: They do something only with scripts, ask for something, or bring a document of their own.
_DROPPED = frozenset(
    "audio base button datalist dialog embed form frame iframe input label link meta object "  # noqa: SIM905
    "script select style template textarea video".split()
)
#: What only scripts can show, what only moves about in the site, what only speaks of the site.
_DROPPED_CLASSES = frozenset(("js", "actions", "site-only"))

Attributes = dict[str, str]


def _dropped(tag: str, attributes: Attributes) -> bool:
    classes = attributes.get("class", "").split()
    return tag in _DROPPED or not _DROPPED_CLASSES.isdisjoint(classes)


class Walk(HTMLParser):
    """Calls `opened`, `text` and `closed` for what stands in `main` and is kept."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []
        self.main: Attributes | None = None
        self._skipped: list[str] = []
        self._over = False

    def read(self, html: str) -> None:
        """The whole page."""
        self.feed(html)
        self.close()

    def opened(self, tag: str, attributes: Attributes, *, alone: bool) -> None:
        """An element begins; `alone` if it has neither contents nor end."""

    def closed(self, tag: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Some text."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs, alone=tag in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, attrs, alone=True)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._skipped:
            _leave(self._skipped, tag)
        elif self.main is None or self._over:
            return
        elif tag == "main":
            self._over = True
        else:
            for left in _leave(self.inside, tag):
                self.closed(left)

    def handle_data(self, data: str) -> None:
        if self.main is not None and not self._over and not self._skipped:
            self.text(data)

    def _begin(self, tag: str, attrs: list[tuple[str, str | None]], *, alone: bool) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self._skipped:
            if not alone:
                self._skipped.append(tag)
        elif self.main is None:
            if tag == "main":
                self.main = attributes
        elif self._over:
            return
        elif _dropped(tag, attributes):
            if not alone:
                self._skipped.append(tag)
        else:
            if not alone:
                self.inside.append(tag)
            self.opened(tag, attributes, alone=alone)


def _leave(inside: list[str], tag: str) -> list[str]:
    """The elements that end with this one, the innermost first."""
    if tag not in inside:
        return []
    at = len(inside) - 1 - inside[::-1].index(tag)
    left = inside[at:][::-1]
    del inside[at:]
    return left


class Survey(Walk):
    """What others need to know of a page before any is written: its title and its places."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        #: where the breadcrumb leads to last: the experiment of a run
        self.above: str | None = None
        self._trail = False
        self._title: list[str] = []
        self._headings = 0

    @property
    def title(self) -> str:
        """The words of the first heading."""
        return " ".join("".join(self._title).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.main is None:
            attributes = dict(attrs)
            classes = (attributes.get("class") or "").split()
            if tag == "nav":
                self._trail = "trail" in classes
            elif tag == "a" and self._trail and "quiet" in classes:
                self.above = attributes.get("href")
        super().handle_starttag(tag, attrs)

    def opened(self, tag: str, attributes: Attributes, *, alone: bool) -> None:
        if "id" in attributes:
            self.ids.add(attributes["id"])
        self._headings += tag == "h1"

    def text(self, data: str) -> None:
        if "h1" in self.inside and self._headings == 1:
            self._title.append(data)
