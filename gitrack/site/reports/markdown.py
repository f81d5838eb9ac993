"""Markdown to HTML: CommonMark with tables, no HTML of its own, and links that know runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from gitrack.errors import ConfigError, GitrackError
from gitrack.site.display import visible
from gitrack.site.libraries import require
from gitrack.site.reports.blocks import Block, is_block, read_block

_SAFE = re.compile(r"(?:https?://|mailto:)[^\s]+\Z", re.IGNORECASE)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


class Document(NamedTuple):
    """A report: its title, its first paragraph, its body as HTML, its headings."""

    title: str | None
    lead: str
    body: str
    headings: tuple[tuple[int, str, str], ...]


class Asked(NamedTuple):
    """What a document needs of others while it is written."""

    #: the HTML of a block in this line; raises GitrackError
    block: Callable[[Block, int], str]
    #: the address of `run:…`, `model:…`, `experiment:…`, `compare:…` or another report;
    #: None where there is none, or GitrackError that says more
    link: Callable[[str], str | None]
    #: the address of a picture that lies beside the report
    picture: Callable[[str], str | None]


def render(text: str, *, name: str, asked: Asked) -> Document:
    """A report of the file `name`. Raises ConfigError with file and line for what is broken."""
    markdown_it = require("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark", {"html": False}).enable(
        ["table", "strikethrough"]
    )
    reader.validateLink = _acceptable
    tokens = reader.parse(visible(text))
    title, lead, headings = _outline(tokens)
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line  # cells of tables have none of their own
        if token.type == "fence" and is_block(token.info):
            block = read_block(token.info, token.content, name=name, line=line)
            token.type, token.content = "html_block", _placed(asked, block, name, line)
        elif token.type == "inline":
            _links(token.children or [], asked, name, line)
    body: str = reader.renderer.render(tokens, reader.options, {})
    return Document(title, lead, body, tuple(headings))


def _placed(asked: Asked, block: Block, name: str, line: int) -> str:
    try:
        return asked.block(block, line)
    except ConfigError:
        raise
    except GitrackError as error:
        raise ConfigError(f"{name}:{line}: {error.message}", hint=error.hint) from error


def _acceptable(url: str) -> bool:
    """What may be a link at all; where it leads is decided afterwards."""
    return not url.strip().lower().startswith(("javascript:", "vbscript:", "data:", "file:"))


def _outline(tokens: Sequence[Any]) -> tuple[str | None, str, list[tuple[int, str, str]]]:
    """The first heading is the title and leaves the body; headings get ids of ours."""
    title: str | None = None
    lead = ""
    headings: list[tuple[int, str, str]] = []
    used: set[str] = set()
    for at, token in enumerate(tokens):
        if token.type == "paragraph_open" and not lead:
            lead = _plain(tokens[at + 1])
        if token.type != "heading_open":
            continue
        words = _plain(tokens[at + 1])
        if title is None and token.tag == "h1":
            title = words
            for gone in (token, tokens[at + 1], tokens[at + 2]):
                gone.hidden, gone.children, gone.content = True, [], ""
            continue
        # a page has one h1: those of the text move down
        level = max(2, int(token.tag[1]))
        token.tag = tokens[at + 2].tag = f"h{level}"
        anchor = _anchor(words, used)
        token.attrSet("id", anchor)
        headings.append((level, words, anchor))
    return title, lead, headings


def _anchor(words: str, used: set[str]) -> str:
    base = "s-" + (re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60] or "part")
    anchor, number = base, 1
    while anchor in used:
        number += 1
        anchor = f"{base}-{number}"
    used.add(anchor)
    return anchor


def _plain(token: Any) -> str:
    return "".join(
        child.content if child.type in ("text", "code_inline") else " "
        for child in token.children or []
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    ).strip()


def _links(children: list[Any], asked: Asked, name: str, line: int) -> None:
    """Every address becomes one of the site, or one of the web; nothing else stays a link."""
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "link_open":
            href = str(child.attrGet("href") or "")
            child.attrSet("href", _address(href, asked, name, line))
            if _SAFE.match(href):
                child.attrSet("rel", "noopener noreferrer")
        elif child.type == "image":
            source = unquote(str(child.attrGet("src") or ""))
            found = asked.picture(source)
            if found is None:
                raise ConfigError(
                    f"{name}:{line}: there is no picture {source!r} beside the report",
                    hint="put a PNG, JPEG, GIF, WebP or SVG below reports/; pages fetch nothing",
                )
            child.attrSet("src", found)
            child.attrSet("loading", "lazy")


def _address(href: str, asked: Asked, name: str, line: int) -> str:
    if href.startswith("#") or _SAFE.match(href):
        return f"#s-{href[1:].removeprefix('s-')}" if href.startswith("#") else href
    href = unquote(href)
    try:
        found = asked.link(href)
    except GitrackError as error:
        raise ConfigError(f"{name}:{line}: {error.message}", hint=error.hint) from error
    if found is None:
        known = "run:, model:, experiment:, compare:, another report, or https://"
        what = "address" if _SCHEME.match(href) else "report"
        raise ConfigError(f"{name}:{line}: there is no {what} {href!r}", hint=f"link to {known}")
    return found
