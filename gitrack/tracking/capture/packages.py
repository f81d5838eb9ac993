"""The installed packages as a frozen list, like `pip freeze` but without starting anything."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions

_NAME = re.compile(r"^Name:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_VERSION = re.compile(r"^Version:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def environment_txt(found: Iterable[Distribution] | None = None) -> bytes:
    """`environment.txt`: one `name==version` a line, sorted; `pip install -r` reads it."""
    lines: dict[str, str] = {}
    for distribution in distributions() if found is None else found:
        line = _line(distribution)
        if line is not None:
            # the first on the path is the one that an import finds
            lines.setdefault(_canonical(line), line)
    body = [lines[name] for name in sorted(lines)]
    head = f"# python {platform.python_version()} ({platform.python_implementation()})"
    return "\n".join([head, *body, ""]).encode()


def digest(environment: bytes) -> str:
    """How the record names it: `sha256:…`."""
    return f"sha256:{hashlib.sha256(environment).hexdigest()}"


def _line(distribution: Distribution) -> str | None:
    # only two lines are needed: parsing all the metadata as a message takes ten times as long
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    head = text.partition("\n\n")[0]
    name, version = _NAME.search(head), _VERSION.search(head)
    if name is None or version is None:
        return None
    pinned = f"{name[1]}=={version[1]}"
    origin = _origin(distribution)
    return f"{pinned}  # {origin}" if origin else pinned


def _origin(distribution: Distribution) -> str | None:
    """Where a package came from if not from an index: a working copy, a commit, a file."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return None
    try:
        direct = json.loads(text)
        if direct.get("dir_info", {}).get("editable"):
            return "editable"
        if "vcs_info" in direct:
            commit = direct["vcs_info"].get("commit_id", "")
            url = _CREDENTIALS.sub("", str(direct.get("url", "")))
            return f"{direct['vcs_info'].get('vcs', 'vcs')}+{url}@{commit}"
    except (ValueError, AttributeError, TypeError):
        return "origin unreadable"
    return "local" if str(direct.get("url", "")).startswith("file:") else None


def _canonical(line: str) -> str:
    return re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower()
