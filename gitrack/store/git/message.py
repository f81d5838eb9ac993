"""The message and the author of a commit that holds the work of several writers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitrack.store.git.identity import Author, Stamp
from gitrack.store.git.queue import Request

_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S.*\Z")


def split_message(message: str) -> tuple[str, list[str], list[str]]:
    """Subject, lines of the body, and the trailers of the last paragraph."""
    paragraphs = re.split(r"\n[ \t]*\n", message.strip())
    trailers: list[str] = []
    if len(paragraphs) > 1:
        last = paragraphs[-1].splitlines()
        if all(_TRAILER.match(line) for line in last):
            trailers = last
            paragraphs.pop()
    subject, *body = "\n\n".join(paragraphs).splitlines()
    first = next((place for place, line in enumerate(body) if line.strip()), len(body))
    return subject, body[first:], trailers


def joint_message(requests: Sequence[Request]) -> str:
    """One message for all: each subject in the order of the commits, and every trailer.

    A single request keeps its own message to the letter.
    """
    if len(requests) == 1:
        return requests[0].message
    lines: list[str] = []
    trailers: list[str] = []
    for request in requests:
        subject, body, own = split_message(request.message)
        lines.append(f"- {subject}")
        lines += [f"  {line}".rstrip() for line in body]
        trailers += own
    trailers += _co_authors(requests)
    parts = [f"{len(requests)} commits at once", "\n".join(lines)]
    if trailers:
        parts.append("\n".join(trailers))
    return "\n\n".join(parts) + "\n"


def joint_author(requests: Sequence[Request]) -> tuple[Author, Stamp]:
    """The first author; the others are named as co-authors in the message."""
    return requests[0].author, requests[0].authored


def _co_authors(requests: Sequence[Request]) -> list[str]:
    others = dict.fromkeys(request.author for request in requests)
    others.pop(requests[0].author)
    return [f"Co-authored-by: {author}" for author in others]
