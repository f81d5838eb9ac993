"""`gitrack promote`: a version enters a stage, by a pull request or directly."""

from __future__ import annotations

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.promoting import carried_out, reason, ways


@click.command()
@click.argument("name", shell_complete=completing.models)
@click.argument("version", shell_complete=completing.versions)
@click.option(
    "--to",
    "stage",
    required=True,
    metavar="STAGE",
    shell_complete=completing.stages,
    help="The stage to enter.",
)
@click.option("--keep-previous", is_flag=True, help="Leave those who stand there beside it.")
@click.option("--release", metavar="v1.2.3", help="Also plan a release tag that GTO reads.")
@ways
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    version: str,
    stage: str,
    why: str | None,
    keep_previous: bool,
    release: str | None,
    direct: bool,
    draft: bool,
    dry_run: bool,
    push: bool | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Bring a version of a registered model into a stage.

    VERSION is a number, a stage (who stands there) or an @alias. The gates of the stage are judged
    first. Then the change is one commit on the branch promote/NAME-vN-STAGE, which is pushed and
    opened as a pull request; nothing changes for anybody until that is merged.

    \b
    gitrack promote churn 7 --to staging --why "beats v6 on recall"
    gitrack promote churn staging --to production --why "7 days of shadow traffic"
    gitrack promote churn 7 --to production --why "is it ready?" --dry-run
    """
    from gitrack.registry.promotion.promote import promote

    arrivals.bring_in()
    carried_out(
        ctx,
        lambda: promote(
            name,
            version,
            to=stage,
            why=reason(why, dry_run=dry_run),
            keep_previous=keep_previous,
            release=release,
            direct=direct,
            draft=draft,
            dry_run=dry_run,
            push=push,
            replace=replace,
        ),
        as_json=as_json,
    )
