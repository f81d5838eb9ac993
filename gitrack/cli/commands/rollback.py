"""`gitrack rollback`: the version that stood in a stage before comes back."""

from __future__ import annotations

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.promoting import carried_out, reason, ways
from gitrack.errors import UsageError


@click.command()
@click.argument("name", shell_complete=completing.models)
@click.option(
    "--to-version",
    metavar="N",
    shell_complete=completing.versions,
    help="The version to go back to.",
)
@click.option("--to-date", metavar="DATE", help="Or a day: the version that stood there then.")
@click.option(
    "--stage",
    default="production",
    show_default=True,
    shell_complete=completing.stages,
    help="The stage.",
)
@ways
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    to_version: str | None,
    to_date: str | None,
    why: str | None,
    stage: str,
    direct: bool,
    draft: bool,
    dry_run: bool,
    push: bool | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Bring the version back that stood in a stage before.

    A promotion like any other, with a reason and a pull request, but with the gates that the
    policy has for going back (none, unless it says so). Without --to-version and --to-date it goes
    to the one before the present one; twice goes back twice.

    \b
    gitrack rollback churn --why "recall fell on Monday"
    gitrack rollback churn --to-date 2026-01-01 --why "recall fell on Monday"
    """
    from gitrack.registry.promotion.promote import rollback

    if to_version is not None and to_date is not None:
        raise UsageError(
            "a rollback goes to a version or to a date, not both",
            hint="leave --to-version or --to-date away",
        )
    arrivals.bring_in()
    carried_out(
        ctx,
        lambda: rollback(
            name,
            to_version=to_version,
            to_date=to_date,
            why=reason(why, dry_run=dry_run),
            stage=stage,
            direct=direct,
            draft=draft,
            dry_run=dry_run,
            push=push,
            replace=replace,
        ),
        as_json=as_json,
    )
