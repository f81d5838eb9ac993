"""The code between two runs: its commits, where this clone has them, and a link to compare them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.hosts.place import Host
from gitrack.registry.promotion.markdown import code

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SHOWN = 20


def code_range(opened: OpenRegistry, old: str | None, new: str, host: Host | None) -> Iterator[str]:
    """Lines of Markdown about the commits that came in; what a record says is no option of git."""
    if not _COMMIT.match(new) or (old is not None and not _COMMIT.match(old)):
        yield f"The run names {code(new)}, which is no commit."
        return
    if old is None:
        yield f"It ran {code(new)}{_link(host, None, new)}."
        return
    if old == new:
        yield f"Both ran {code(new)}{_link(host, None, new)}: no code has changed."
        return
    yield f"{code(old[:12])} … {code(new[:12])}{_link(host, old, new)}"
    listed = opened.repository.run(
        "log", "--no-show-signature", "--format=%h%x00%an%x00%s", f"-{_SHOWN + 1}", f"{old}..{new}"
    )
    if listed.code:
        yield ""
        yield "This clone does not have all of these commits."
        return
    lines = listed.out.decode("utf-8", "replace").splitlines()
    yield ""
    if not lines:
        yield "No commit came in: it ran older code than the one that stands there."
    for line in lines[:_SHOWN]:
        short, author, subject = [*line.split("\0"), "", ""][:3]
        yield f"- {code(short)} {code(subject, widest=120)} {code(author, widest=60)}"
    if len(lines) > _SHOWN:
        count = opened.repository.git("rev-list", "--count", f"{old}..{new}", check=False)
        yield f"- and {int(count) - _SHOWN if count.isdigit() else 'some'} more"


def _link(host: Host | None, old: str | None, new: str) -> str:
    if host is None:
        return ""
    way = "/-" if host.kind == "gitlab" else ""
    if old is None:
        return f" ([look]({host.web}{way}/commit/{new}))"
    return f" ([compare]({host.web}{way}/compare/{old}...{new}))"
