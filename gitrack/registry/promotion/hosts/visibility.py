"""Who may see a repository on its host, and who may see the pages that it shows."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

import msgspec

from gitrack.registry.promotion.hosts.calls import SECONDS, HostTrouble, call
from gitrack.registry.promotion.hosts.place import Host

Seen = Literal["everybody", "some"]

_ACCEPT = "application/vnd.github+json"


class Visibility(msgspec.Struct, frozen=True, kw_only=True):
    """None where the host does not say: `why` tells what it said instead."""

    repository: Seen | None = None
    pages: Seen | None = None
    why: str | None = None


def visibility(host: Host, token: str | None, *, seconds: float = SECONDS) -> Visibility:
    """What the host says. Never raises: a host that cannot be asked has not said anything."""
    try:
        if host.kind == "github":
            return _on_github(host, token, seconds)
        return _on_gitlab(host, token, seconds)
    except HostTrouble as error:
        return Visibility(why=error.message)


def _on_github(host: Host, token: str | None, seconds: float) -> Visibility:
    place = f"{host.api}/repos/{quote(host.project)}"
    repository = _field(call("GET", place, token, accept=_ACCEPT, seconds=seconds), "private")
    if not isinstance(repository, bool):
        return Visibility(why=f"{host.name} does not say whether the repository is private")
    if not repository:
        return Visibility(repository="everybody", pages="everybody")
    try:
        site = call("GET", f"{place}/pages", token, accept=_ACCEPT, seconds=seconds)
    except HostTrouble as error:
        # 404 before the first pages are there, or where the token may not see them
        return Visibility(repository="some", why=error.message)
    public = _field(site, "public")
    if not isinstance(public, bool):
        return Visibility(repository="some")
    return Visibility(repository="some", pages="everybody" if public else "some")


def _on_gitlab(host: Host, token: str | None, seconds: float) -> Visibility:
    place = f"{host.api}/projects/{quote(host.project, safe='')}"
    project = call("GET", place, token, seconds=seconds)
    visible = _field(project, "visibility")
    if visible not in ("public", "internal", "private"):
        return Visibility(why=f"{host.name} does not say who may see the project")
    repository: Seen = "everybody" if visible == "public" else "some"
    level = _field(project, "pages_access_level")
    if level == "public":
        return Visibility(repository=repository, pages="everybody")
    # other servers may have the control of access to pages turned off, and do not say so
    kept = host.name == "gitlab.com" and level in ("private", "enabled")
    return Visibility(repository=repository, pages="some" if kept else None)


def _field(said: Any, name: str) -> Any:
    return said.get(name) if isinstance(said, dict) else None
