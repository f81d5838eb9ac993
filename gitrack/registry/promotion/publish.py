"""Sends the branch of a promotion, and opens its pull request where the remote is a host."""

from __future__ import annotations

import os
import shlex
from typing import NamedTuple

from gitrack.errors import StoreError
from gitrack.registry.opened import OpenRegistry
from gitrack.registry.promotion.branches import Placed
from gitrack.registry.promotion.hosts.calls import HostTrouble
from gitrack.registry.promotion.hosts.opening import Request, open_request, page
from gitrack.registry.promotion.hosts.place import Host, host_of
from gitrack.registry.promotion.hosts.tokens import token_for
from gitrack.store.git.exchange import Exchange


class Published(NamedTuple):
    """What came of it: `url` is the open pull request, `open` where a person opens it."""

    pushed: bool = False
    url: str | None = None
    open: str | None = None
    trouble: str | None = None
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


def host_of_remote(opened: OpenRegistry, remote: str | None) -> Host | None:
    """The host on which the project's remote lies, if it is one that takes pull requests."""
    if remote is None:
        return None
    url = Exchange(opened.repository, opened.branch.name, remote).url
    return host_of(url, chosen=opened.place.config.host, environment=os.environ)


def publish(
    opened: OpenRegistry, placed: Placed, wanted: Request, *, remote: str | None, push: bool
) -> Published:
    """Push the branch, open the pull request. Raises nothing for a network that is not there."""
    branch = shlex.quote(placed.branch)
    if remote is None:
        merge = f"git fetch . {branch}:{opened.branch.name}"
        return Published(next=() if wanted.draft else (f"{merge}    # when it is reviewed",))
    host = host_of_remote(opened, remote)
    address = None if host is None else page(host, wanted)
    by_hand = f"git push {_force(placed)}{remote} {branch}"
    if not push:
        return Published(open=address, next=tuple(filter(None, (by_hand, _opens(address)))))
    exchange = Exchange(opened.repository, placed.branch, remote)
    try:
        moved = _pushed(exchange, placed)
    except StoreError as error:
        return Published(open=address, trouble=str(error), next=(by_hand,))
    if moved is not None:
        why = f"somebody else pushed to {placed.branch} meanwhile: {moved}"
        return Published(open=address, trouble=why, next=("type the command again",))
    if host is None:
        merge = f"git push {remote} {branch}:{opened.branch.name}"
        note = f"{exchange.url} takes no pull requests; who reviews it types  gitrack check"
        after = () if wanted.draft else (f"{merge}    # when it is reviewed",)
        return Published(pushed=True, notes=(note,), next=after)
    token = token_for(host, os.environ)
    if token is None:
        return Published(pushed=True, open=address, next=(_opens(address),))
    try:
        url = open_request(host, token, wanted)
    except HostTrouble as error:
        note = f"the pull request was not opened: {error}"
        return Published(pushed=True, open=address, notes=(note,), next=(_opens(address),))
    return Published(pushed=True, url=url)


def _pushed(exchange: Exchange, placed: Placed) -> str | None:
    """Why it has to be tried again, None if it is there."""
    if placed.replaced == placed.commit:
        return None
    return exchange.push(placed.commit, replaces=placed.replaced).moved


def _force(placed: Placed) -> str:
    if placed.replaced is None or placed.replaced == placed.commit:
        return ""
    return f"--force-with-lease={shlex.quote(placed.branch)}:{placed.replaced} "


def _opens(address: str | None) -> str:
    return f"open {address}" if address else ""
