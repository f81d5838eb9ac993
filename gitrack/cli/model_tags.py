"""`gitrack model tags`: release tags of promotions that were merged, as GTO reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.registry.opened import OpenRegistry


def make_tags(
    ctx: click.Context, opened: OpenRegistry, name: str | None, *, push: bool, as_json: bool
) -> None:
    """Make the tags that are missing and say which; exit code 1 if one could not be made."""
    from gitrack.registry.promotion.releases import push_tags, tag_promotions

    done = tag_promotions(opened, name)
    if push:
        push_tags(opened, done.made)
    if as_json:
        print_json(done)
    else:
        for tag in done.made:
            click.echo(f"{safe(tag.tag)} on {tag.commit[:12]}")
        if not done.made and not done.troubles:
            click.echo("no promotion lacks its tags", err=True)
    for trouble in done.troubles:
        click.echo(f"not tagged: {safe(trouble)}", err=True)
    if done.made and not push:
        again = " ".join(f"'refs/tags/{tag.tag}'" for tag in done.made)
        click.echo(f"next: git push {opened.place.config.remote} {safe(again)}", err=True)
    if done.troubles:
        ctx.exit(1)
