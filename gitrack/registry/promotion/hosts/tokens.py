"""What lets us in at a host: a token of the environment, or the one that `gh` or `glab` keeps."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from urllib.parse import urlsplit

from gitrack.registry.promotion.hosts.place import Host

_SECONDS = 20.0
_OF_GITHUB = ("GH_TOKEN", "GITHUB_TOKEN")
_OF_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def token_for(host: Host, environment: Mapping[str, str]) -> str | None:
    """The token for a host, None where there is none.

    One of the environment goes to no host but those that are well known or that the environment
    names, and none goes over a line that others can read.
    """
    address = urlsplit(host.api)
    if address.scheme != "https" and address.hostname not in _LOOPBACK:
        return None
    if host.known:
        for name in _names(host):
            if token := _usable(environment.get(name, "")):
                return token
    return _kept(host, environment)


def _names(host: Host) -> tuple[str, ...]:
    if host.kind == "gitlab":
        return ("GITLAB_TOKEN",)
    own = host.name == "github.com" or host.name.endswith(".ghe.com")
    return _OF_GITHUB if own else (*_OF_ENTERPRISE, *_OF_GITHUB)


def _kept(host: Host, environment: Mapping[str, str]) -> str | None:
    """What the host's own command keeps for this very host, if it is here and logged in."""
    name = host.name.partition(":")[0] if host.kind == "github" else host.name
    if host.kind == "github":
        words = ["gh", "auth", "token", "--hostname", name]
    else:
        words = ["glab", "config", "get", "token", "--host", name]
    program = shutil.which(words[0], path=environment.get("PATH"))
    if program is None:
        return None
    # gh gives the token of the environment for any host, unless that is taken away
    kept = {
        key: value
        for key, value in environment.items()
        if key not in (*_OF_GITHUB, *_OF_ENTERPRISE, "GITLAB_TOKEN")
    }
    try:
        done = subprocess.run(
            [program, *words[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            env={**kept, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"},
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # it is only one of two ways; without a token the address is shown
    return _usable(done.stdout) if done.returncode == 0 else None


def _usable(text: str) -> str | None:
    """One word of ASCII; anything else would be quoted by whoever refuses it as a header."""
    token = text.strip()
    return token if token and token.isascii() and token.isprintable() else None
