"""`gitrack site publish`: what may be published, and how it is told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitrack.errors import NotFound, StoreError, UsageError
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.config.settings import Config
    from gitrack.registry.promotion.hosts.visibility import Visibility
    from gitrack.site.publish import Published
    from gitrack.store.git.repository import Repository

#: GitHub takes no more for a site.
_LARGEST = 1_000_000_000


def published(
    config: Config,
    root: Path | None,
    folder: Path,
    build: Callable[[], object],
    *,
    tip: str | None,
    remote: str,
    branch: str,
    members_only: bool,
    replace: bool,
    dry_run: bool,
) -> Published:
    """Judge whether the site may be published, build it, and publish it."""
    from gitrack.site.publish import publish, refuse_to_tell
    from gitrack.store.git.repository import Repository

    repository = Repository.discover()
    _no_branch_of_others(repository, config, remote, branch)
    if tip is None:
        _no_runs_anywhere(repository, config)
    public = config.site.public and _is_committed(repository, root)
    seen = _visibility(repository, config, remote)
    why = seen.why
    if config.site.public and not public:
        why = "site: {public: true} is written, and not committed"
    refuse_to_tell(
        seen.repository, seen.pages, public=public, vouched=members_only, why=safe(why or "")
    )
    of = f" at {tip[:12]}" if tip else ", still empty"
    return publish(
        repository,
        folder,
        remote=remote,
        branch=branch,
        message=f"site of {config.branch}{of}",
        named=not config.site.public,
        url=config.site.url,
        replace=replace,
        dry_run=dry_run,
        build=build,
    )


def _no_branch_of_others(repository: Repository, config: Config, remote: str, branch: str) -> None:
    """Refuse the branches of the project itself, whatever was asked: pages have no history."""
    from gitrack.store.git.code import code_branch

    what = None
    if branch == config.branch:
        what = "the runs"
    elif remote == config.remote:
        code = code_branch(
            repository, remote=remote, chosen=config.code_branch, tracking=config.branch
        )
        current = repository.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
        known = code.name.removeprefix(f"{remote}/") if code else None
        what = "code" if branch in (known, current) else None
    if what:
        raise UsageError(
            f"the branch {branch} holds {what}, and pages would take their place",
            hint="name another one with --branch, as gh-pages",
        )


def _no_runs_anywhere(repository: Repository, config: Config) -> None:
    """Refuse where only this clone knows of no run: its pages would take the place of good ones."""
    from gitrack.store.git.pages import PagesBranch

    if not repository.setting(f"remote.{config.remote}.url"):
        return
    if PagesBranch(repository, config.branch, config.remote).there():
        raise StoreError(
            f"{config.remote} has runs on {config.branch}, and this clone has no such branch: its "
            "pages would be empty",
            hint="type  gitrack pull  first",
        )


def _is_committed(repository: Repository, root: Path | None) -> bool:
    """True if the settings of the commit that is checked out say `public: true`, too."""
    from gitrack.config.project import CONFIG_FILE
    from gitrack.config.settings import Config
    from gitrack.config.shape import parse
    from gitrack.store.git.code import code_file, commit_named

    top = repository.worktree
    if root is None or top is None:
        return False
    path = (root / CONFIG_FILE).resolve().relative_to(top.resolve()).as_posix()
    try:
        data = code_file(repository, commit_named(repository, "HEAD"), path)
    except NotFound:  # nothing was committed yet
        return False
    return data is not None and parse(data, f"HEAD:{path}", Config).site.public


def _visibility(repository: Repository, config: Config, remote: str) -> Visibility:
    """What the host of a remote says about who sees it."""
    from gitrack.registry.promotion.hosts.place import host_of
    from gitrack.registry.promotion.hosts.tokens import token_for
    from gitrack.registry.promotion.hosts.visibility import Visibility, visibility

    url = repository.setting(f"remote.{remote}.url") or ""
    host = host_of(url, chosen=config.host, environment=os.environ)
    if host is None:
        return Visibility()
    return visibility(host, token_for(host, os.environ))


def told(done: Published, *, size: int) -> None:
    """What was done, for people."""
    files = "1 file" if done.files == 1 else f"{done.files:,} files"
    where = f"{done.branch} of {done.remote}"
    if done.sent:
        click.echo(f"published to {where}: {files}, {done.fresh:,} of them new")
    elif done.commit is not None:
        click.echo(f"{where} has this site already")
    else:
        click.echo(f"would be published to {where}: {files}, {done.fresh:,} of them new")
    if done.url and done.commit is not None:
        click.echo(done.url)
    if size > _LARGEST:
        click.echo(
            f"the site has {size / 1e9:.1f} GB, which is more than GitHub Pages shows", err=True
        )
    if done.sent and done.replaced is None:
        click.echo(f"let the host show the branch {done.branch} as pages, once", err=True)
