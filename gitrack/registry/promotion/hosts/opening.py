"""Opens a pull request on GitHub or a merge request on GitLab, or says where a person can."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec

from gitrack.registry.promotion.hosts.calls import SECONDS, HostTrouble, call
from gitrack.registry.promotion.hosts.place import Host

#: Servers take addresses of 8,000 bytes.
_LONGEST_ADDRESS = 6_000
_ACCEPT = "application/vnd.github+json"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to open: `branch` is to be merged into `into`."""

    branch: str
    into: str
    title: str
    text: str
    draft: bool = False


def open_request(host: Host, token: str, wanted: Request, *, seconds: float = SECONDS) -> str:
    """The address of the pull request: a new one, or that of the one that was open already.

    One that was open gets the new title and text. Raises HostTrouble.
    """
    if host.kind == "github":
        return _on_github(host, token, wanted, seconds)
    return _on_gitlab(host, token, wanted, seconds)


def _on_github(host: Host, token: str, wanted: Request, seconds: float) -> str:
    pulls = f"{host.api}/repos/{quote(host.project)}/pulls"
    body: dict[str, object] = {
        "title": _title(wanted.title, draft=False),
        "body": wanted.text,
        "head": wanted.branch,
        "base": wanted.into,
        "draft": wanted.draft,
    }
    try:
        made = call("POST", pulls, token, body, accept=_ACCEPT, seconds=seconds)
    except HostTrouble as error:
        words = str(error).lower()
        if error.status != 422:
            raise
        if "already exists" in words:
            return _on_github_again(host, token, wanted, pulls, seconds)
        if not (wanted.draft and "draft" in words):
            raise
        # plans without drafts: the title says what it is
        plain = {**body, "draft": False, "title": _title(wanted.title, draft=True)}
        made = call("POST", pulls, token, plain, accept=_ACCEPT, seconds=seconds)
    return _address(host, made, "html_url")


def _on_github_again(host: Host, token: str, wanted: Request, pulls: str, seconds: float) -> str:
    owner = host.project.partition("/")[0]
    query = urlencode({"head": f"{owner}:{wanted.branch}", "base": wanted.into, "state": "open"})
    found = call("GET", f"{pulls}?{query}", token, accept=_ACCEPT, seconds=seconds)
    there = _first(host, found)
    number = there.get("number")
    if isinstance(number, int):
        body = {"title": _title(wanted.title, draft=False), "body": wanted.text}
        call("PATCH", f"{pulls}/{number}", token, body, accept=_ACCEPT, seconds=seconds)
    return _address(host, there, "html_url")


def _on_gitlab(host: Host, token: str, wanted: Request, seconds: float) -> str:
    requests = f"{host.api}/projects/{quote(host.project, safe='')}/merge_requests"
    body: dict[str, object] = {
        "source_branch": wanted.branch,
        "target_branch": wanted.into,
        "title": _title(wanted.title, draft=wanted.draft),
        "description": wanted.text,
        "remove_source_branch": True,
    }
    try:
        made = call("POST", requests, token, body, seconds=seconds)
    except HostTrouble as error:
        if error.status != 409:
            raise
        query = urlencode(
            {
                "source_branch": wanted.branch,
                "target_branch": wanted.into,
                "state": "opened",
            }
        )
        made = _first(host, call("GET", f"{requests}?{query}", token, seconds=seconds))
        number = made.get("iid")
        if isinstance(number, int):
            change = {"title": body["title"], "description": wanted.text}
            call("PUT", f"{requests}/{number}", token, change, seconds=seconds)
    return _address(host, made, "web_url")


def page(host: Host, wanted: Request) -> str:
    """The address at which a person opens the pull request, filled in as far as it has room."""
    if host.kind == "github":
        branches = f"{quote(wanted.into, safe='')}...{quote(wanted.branch, safe='')}"
        begin = f"{host.web}/compare/{branches}?"
        title = _title(wanted.title, draft=wanted.draft)
        fields = {"quick_pull": "1", "title": title, "body": wanted.text}
        return begin + _within(fields, "body", _LONGEST_ADDRESS - len(begin))
    begin = f"{host.web}/-/merge_requests/new?"
    fields = {
        "merge_request[source_branch]": wanted.branch,
        "merge_request[target_branch]": wanted.into,
        "merge_request[title]": _title(wanted.title, draft=wanted.draft),
        "merge_request[description]": wanted.text,
    }
    return begin + _within(fields, "merge_request[description]", _LONGEST_ADDRESS - len(begin))


def _within(fields: dict[str, str], long: str, room: int) -> str:
    """A query whose long field is cut, at the end of a line, where it has no room."""
    query = urlencode(fields)
    if len(query) <= room:
        return query
    kept, left_out = "", fields[long].split("\n")
    room -= len(urlencode({**fields, long: "\n…"}))
    for line in left_out:
        room -= len(quote_plus(f"{line}\n"))
        if room < 0:
            break
        kept += f"{line}\n"
    return urlencode({**fields, long: f"{kept}\n…"})


def _title(title: str, *, draft: bool) -> str:
    """GitLab takes `Draft:` for its mark; people read it on GitHub."""
    return f"Draft: {title}" if draft else title


def _first(host: Host, found: Any) -> dict[str, Any]:
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return found[0]
    raise HostTrouble(f"{host.name} says that there is a pull request, and does not show it")


def _address(host: Host, made: Any, field: str) -> str:
    address = made.get(field) if isinstance(made, dict) else None
    if isinstance(address, str) and address.startswith(("https://", "http://")):
        return address
    raise HostTrouble(f"{host.name} answers without the address of the pull request")
