"""Which host a git remote lies on: found from its URL, and from what the environment names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec

Kind = Literal["github", "gitlab"]

#: `git@host:owner/name`, as ssh is written most often. A single letter is a drive of Windows.
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9.-]{2,}):(?!/)(?P<path>.+)\Z")
#: What the hosts call themselves where port 22 is closed.
_OTHER_NAMES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?\Z")
_PART = re.compile(r"[\w.-]+\Z")


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A repository on a host. `web` is where people see it, `api` where programs ask.

    `known` says that its name is one of the two well-known ones, or that the environment names it:
    tokens of the environment are sent to no other.
    """

    kind: Kind
    name: str
    web: str
    api: str
    project: str
    known: bool


class _Place(NamedTuple):
    host: str
    path: str
    #: ssh says nothing about the port of the website
    ssh: bool


def host_of(url: str, *, chosen: Kind | None = None, environment: Mapping[str, str]) -> Host | None:
    """The host behind the URL of a git remote; None for a folder, and for what nobody names.

    GitHub and GitLab are known by name; others by `GITHUB_SERVER_URL`, `GH_HOST`, `CI_SERVER_URL`,
    `CI_SERVER_HOST` or `GITLAB_HOST` of the environment, or as the settings say (`chosen`).
    """
    place = _place(url)
    if place is None:
        return None
    kind, server = _named(place, environment)
    known = kind is not None
    kind = kind or chosen
    if kind is None:
        return None
    web = (server or f"https://{place.host}").rstrip("/")
    prefix = urlsplit(web).path.strip("/")  # GitLab may lie below a path
    path = place.path.removeprefix(f"{prefix}/") if prefix else place.path
    parts = path.split("/")
    if not all(_PART.match(part) and part not in (".", "..") for part in parts):
        return None
    if len(parts) != 2 if kind == "github" else len(parts) < 2:
        return None
    return Host(
        kind=kind,
        name=place.host,
        web=f"{web}/{quote(path)}",
        api=_api(kind, web, place.host, environment),
        project=path,
        known=known,
    )


def _place(url: str) -> _Place | None:
    if "://" not in url:
        found = _SCP.match(url)
        host, path, ssh = (found["host"], found["path"], True) if found else ("", "", True)
    else:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "ssh", "git+ssh"):
            return None
        ssh = parts.scheme not in ("https", "http")
        host += f":{port}" if port and not ssh else ""
        path = parts.path
    host = _OTHER_NAMES.get(host.lower(), host.lower())
    path = path.strip("/").removesuffix(".git")
    return _Place(host, path, ssh) if _NAME.match(host) and path else None


def _named(place: _Place, environment: Mapping[str, str]) -> tuple[Kind | None, str | None]:
    """(what kind of host it is, the address of its website where that is said)."""
    host = place.host
    for kind, address, names in (
        ("github", "GITHUB_SERVER_URL", ("GH_HOST",)),
        ("gitlab", "CI_SERVER_URL", ("CI_SERVER_HOST", "GITLAB_HOST")),
    ):
        server = environment.get(address, "")
        if server and host in (_netloc(server), _netloc(server, port=not place.ssh)):
            return _kind(kind), server
        for name in names:
            text = environment.get(name, "")
            if text and (urlsplit(text).netloc or text).lower() == host:
                return _kind(kind), text if "://" in text else None
    if host == "github.com" or host.endswith(".ghe.com"):
        return "github", None
    return ("gitlab", None) if host == "gitlab.com" else (None, None)


def _netloc(address: str, *, port: bool = True) -> str:
    name = urlsplit(address).netloc.rpartition("@")[2].lower()
    return name if port else re.sub(r":\d+\Z", "", name)


def _kind(text: str) -> Kind:
    return "github" if text == "github" else "gitlab"


def _api(kind: Kind, web: str, host: str, environment: Mapping[str, str]) -> str:
    if kind == "gitlab":
        return f"{web}/api/v4"
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"https://api.{host}"
    said = environment.get("GITHUB_API_URL", "")
    if said and environment.get("GITHUB_SERVER_URL", "").rstrip("/") == web:
        return said.rstrip("/")
    return f"{web}/api/v3"
