"""Puts a built site on a branch that a host shows as pages, unless it would tell too much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from gitrack.errors import GitrackError
from gitrack.site.incremental.lock import locked
from gitrack.site.output import MARKER, marker_in
from gitrack.store.git.identity import Author
from gitrack.store.git.pages import PagesBranch
from gitrack.store.git.repository import Repository

#: What stands in for a person, where a site names none.
_NOBODY = Author("gitrack", "gitrack@localhost")
#: What hosts do with a branch of pages is told by files beside the site.
_NO_JEKYLL = ".nojekyll"
_DOMAIN = "CNAME"

Seen = Literal["everybody", "some"]


class NotPublished(GitrackError):
    """The site would be seen by others than those who may see the repository."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What a publication did, or with `dry_run` would do: then there is no new `commit`.

    `replaced` is the commit whose place it took. `fresh` counts files that were not there before.
    `url` is where it can be seen, if the settings say so.
    """

    remote: str
    branch: str
    commit: str | None
    replaced: str | None
    files: int
    fresh: int
    sent: bool
    url: str | None = None


def refuse_to_tell(
    repository: Seen | None,
    pages: Seen | None,
    *,
    public: bool,
    vouched: bool,
    why: str | None = None,
) -> None:
    """Raise NotPublished where pages may be open to people to whom the repository is not.

    `public` says that the project means this site for everybody, `vouched` that whoever publishes
    knows that only those see it who may see the repository.
    """
    if public or repository == "everybody" or pages == "some":
        return
    if repository == "some" and pages == "everybody":
        raise NotPublished(
            "the repository is private and its pages are open to everybody: nothing is published",
            hint="where everybody may see what the site shows, commit  site: {public: true}  in "
            ".tracking/config.yaml",
        )
    if vouched:
        return
    known = "the repository is private" if repository == "some" else "nobody says who may see it"
    said = f" ({why})" if why else ""
    raise NotPublished(
        f"{known}{said}, and the pages may be open to everybody: nothing is published",
        hint="commit  site: {public: true}  in .tracking/config.yaml where everybody may see them, "
        "or add --members-only where only those do who may read the repository",
    )


def publish(
    repository: Repository,
    folder: Path,
    *,
    remote: str,
    branch: str,
    message: str,
    named: bool,
    url: str | None = None,
    replace: bool = False,
    dry_run: bool = False,
    build: Callable[[], object],
) -> Published:
    """Build a site into `folder` and make it the one commit of a branch of a remote.

    The branch is taken over only where it holds a site of gitrack, or with `replace`. Unless
    `named`, the commit names nobody. Raises StoreError, and NotPublished for a branch of others.
    """
    pages = PagesBranch(repository, branch, remote)
    before = pages.there()
    domain = _ours(pages, before, replace=replace)
    build()
    more = {_NO_JEKYLL: b"", **({_DOMAIN: domain} if domain else {})}
    author = repository.identity() if named else _NOBODY
    with locked(folder.resolve()):
        saved = pages.save(folder, more, message, author, dry_run=dry_run)
    wanted = saved.commit != before
    if wanted and saved.commit is not None:
        pages.send(saved.commit, before)
    return Published(
        remote=remote,
        branch=branch,
        commit=saved.commit,
        replaced=before if wanted else None,
        files=saved.files,
        fresh=saved.fresh,
        sent=wanted and saved.commit is not None,
        url=url,
    )


def _ours(pages: PagesBranch, before: str | None, *, replace: bool) -> bytes | None:
    """See that the branch may be taken over; the domain that it has been given, which stays."""
    if before is None:
        pages.forget()
        return None
    if pages.kept() != before:
        before = pages.bring()
    if before is None:
        return None
    if not replace and not marker_in(pages.read(before, MARKER)):
        pages.forget()
        raise NotPublished(
            f"the branch {pages.branch} of {pages.remote} holds something else than a site of "
            "gitrack",
            hint="name another one with --branch, or take its place with --replace",
        )
    return pages.read(before, _DOMAIN)
