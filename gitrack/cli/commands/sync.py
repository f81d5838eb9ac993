"""`gitrack sync`: bring what waits in the outbox to the tracking branch."""

from __future__ import annotations

from pathlib import Path

import click

from gitrack.cli.output import print_json
from gitrack.errors import NoRepository
from gitrack.tracking.ending.recover import Synced, sync
from gitrack.tracking.place import find_place


@click.command()
@click.option(
    "--into",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="REPO",
    help="Bring runs that were made outside of any repository into this one.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def command(ctx: click.Context, into: Path | None, as_json: bool) -> None:
    """Commit finished and interrupted runs that wait in the outbox.

    A run whose process has died is committed as killed, with all that it logged. Runs that are
    still being written are left alone. Nothing is sent anywhere.
    """
    place = find_place(into)
    if place.repository is None:
        raise NoRepository(place.folder)
    done = sync(place, into=into is not None)
    if as_json:
        print_json(done)
    else:
        _say(done)
    if done.left:
        ctx.exit(1)


def _say(done: Synced) -> None:
    for run in done.committed:
        click.echo(f"{run.id}  {run.status:<8}  {run.experiment}  {run.name}")
    for run_id in done.running:
        click.echo(f"{run_id} is still being written", err=True)
    for left in done.left:
        click.echo(f"{left.id} waits in {left.folder}: {left.why}", err=True)
        if left.hint:
            click.echo(f"hint: {left.hint}", err=True)
    if done.committed:
        plural = "runs" if len(done.committed) > 1 else "run"
        click.echo(f"committed {len(done.committed)} {plural}; 'gitrack ls' lists them", err=True)
    elif not done.left:
        click.echo("nothing waits to be committed", err=True)
