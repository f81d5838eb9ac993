"""A page as a part of one file: every place has a name of its own, every link stays inside."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Callable, Mapping, Set
from html import escape
from urllib.parse import unquote

from gitrack.site.single.reading import VOID, Attributes, Walk

#: Attributes that name other elements by their ids.
_REFERENCES = frozenset(
    "aria-activedescendant aria-controls aria-describedby aria-details aria-flowto "  # noqa: SIM905
    "aria-labelledby aria-owns for headers".split()
)
#: Attributes of pictures that may point at other parts of them.
_POINTING = frozenset(
    "clip-path fill filter marker-end marker-mid marker-start mask stroke style".split()  # noqa: SIM905
)
_POINTER = re.compile(r"url\(\s*(['\"]?)#([^)'\"]+)\1\s*\)")
_WEB = re.compile(r"(?:https?://|mailto:)\S+\Z", re.IGNORECASE)
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
}
#: Pages of a thing: a link to one says its name. Others say what is done there.
_THINGS = ("runs/", "experiments/", "models/", "datasets/", "sweeps/", "reports/")
_SHOWS = ("<bdi", "<img", "<code", "<svg")
_HEADING = re.compile(r"h[1-5]\Z")

#: The bytes of a file of the site; None where there is none.
Read = Callable[[str], bytes | None]


def anchor(path: str) -> str:
    """The place of a page in the file."""
    return path.removesuffix(".html")


def inner(path: str, id: str) -> str:
    """A place on a page: no name of a page has a colon."""
    return f"{anchor(path)}:{id}"


def heading(path: str) -> str:
    """The place of a page's title."""
    return inner(path, "title.")


class Places:
    """The pages of the file, and the ids on each."""

    def __init__(self, ids: Mapping[str, Set[str]]) -> None:
        self._ids = ids

    def on(self, path: str, id: str) -> bool:
        """True for an id that stands on a page."""
        return id in self._ids[path]

    def find(self, page: str, href: str) -> str | None:
        """Where in the file a link of a page leads; None for what is not in it."""
        path, _, fragment = href.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        if target not in self._ids:
            return None
        if not fragment:
            return anchor(target)
        for id in (fragment, unquote(fragment)):
            if id in self._ids[target]:
                return inner(target, id)
        # what stands behind # may also be what a script is to show: the page says it all the same
        return None if target == page else anchor(target)


class Rewriting(Walk):
    """What is kept of a page, piece by piece, in `out`."""

    def __init__(self, path: str, places: Places, read: Read) -> None:
        super().__init__()
        self.out: list[str] = []
        self._path = path
        self._places = places
        self._read = read
        self._titled = False
        #: for each element that is open: what ends it, and where it began if it may go again
        self._ends: list[tuple[str, int | None]] = []

    def opened(self, tag: str, attributes: Attributes, *, alone: bool) -> None:
        begun: int | None = None
        if tag == "a":
            tag, attributes, begun = self._link(attributes)
        elif tag == "img" and not self._picture(attributes):
            return
        elif tag == "image":  # a picture inside a drawing; ours have none from files
            attributes.pop("href", None)
            attributes.pop("xlink:href", None)
        else:
            tag = self._plain(tag, attributes)
        self.out.append(
            f"<{tag}{self._written(attributes)}{'/>' if self._short(tag, alone) else '>'}"
        )
        if not alone:
            self._ends.append((tag, begun))

    def closed(self, tag: str) -> None:
        name, begun = self._ends.pop()
        if begun is not None:
            said = "".join(self.out[begun + 1 :])
            if not any(shown in said for shown in _SHOWS):
                del self.out[begun:]  # "open as plain text": there is nothing to open
                return
        self.out.append(f"</{name}>")

    def text(self, data: str) -> None:
        self.out.append(escape(data, quote=False))

    def _short(self, tag: str, alone: bool) -> bool:
        return alone and tag not in VOID

    def _link(self, attributes: Attributes) -> tuple[str, Attributes, int | None]:
        """A link within the file, one to the web, or only its words."""
        drawn = "svg" in self.inside
        href = attributes.pop("href", attributes.pop("xlink:href", ""))
        found = self._places.find(self._path, href)
        if found is not None:
            return "a", {**attributes, "href": f"#{found}"}, None
        if _WEB.match(href):
            return "a", {**attributes, "href": href, "rel": "noopener noreferrer"}, None
        classes = attributes.get("class", "").split()
        kept: Attributes = {
            name: attributes[name] for name in ("id", "style", "title") if name in attributes
        }
        kept["class"] = " ".join(one for one in classes if one not in ("button", "more"))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), href))
        thing = href.startswith("#") or path.startswith(_THINGS)
        action = not thing or "more" in classes or "button" in classes
        if drawn:
            return "g", {**attributes, **kept}, None
        return "span", kept, len(self.out) if action else None

    def _picture(self, attributes: Attributes) -> bool:
        """Put the bytes of a picture into the page; False if there are none."""
        source = attributes.get("src", "")
        attributes.pop("srcset", None)
        if source.startswith("data:image/"):
            return True
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), unquote(source)))
        kind = _PICTURES.get(posixpath.splitext(path)[1].lower())
        data = self._read(path) if kind and not path.startswith(("..", "/")) else None
        if data is None:
            if words := attributes.get("alt"):
                self.out.append(escape(words, quote=False))
            return False
        attributes["src"] = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
        return True

    def _plain(self, tag: str, attributes: Attributes) -> str:
        """Among many pages no region of one is a landmark, and titles stand one level deeper."""
        if tag == "section":  # a label would make it a landmark; its title says the same
            attributes.pop("aria-label", None)
            attributes.pop("aria-labelledby", None)
        if tag in ("aside", "nav"):
            attributes.setdefault("role", "group")
            return "div"
        if _HEADING.match(tag):
            attributes.setdefault("aria-level", str(int(tag[1]) + 1))
            if tag == "h1" and not self._titled:
                self._titled = True
                attributes["id"] = ""  # its name is given below
        return tag

    def _written(self, attributes: Attributes) -> str:
        """The attributes with names of this page's own."""
        written: list[str] = []
        for name, value in attributes.items():
            if name.startswith(("on", "data-")) or (name == "class" and not value):
                continue
            if name == "id":
                value = inner(self._path, value) if value else heading(self._path)
            elif name in _REFERENCES:
                named = [id for id in value.split() if self._places.on(self._path, id)]
                if not named:
                    continue
                value = " ".join(inner(self._path, id) for id in named)
            elif name in _POINTING:
                value = _POINTER.sub(lambda m: f"url(#{inner(self._path, m[2])})", value)
            elif name in ("href", "xlink:href") and not self._leads(value):
                continue
            written.append(f' {name}="{escape(value)}"')
        return "".join(written)

    def _leads(self, href: str) -> bool:
        """Links are written above; of others only those that `_link` has made are right."""
        return href.startswith("#") or _WEB.match(href) is not None
