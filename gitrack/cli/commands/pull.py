"""`gitrack pull`: the runs of others from the git remote, heavy files from the artifact remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from gitrack.cli import arrivals
from gitrack.cli.moving import bar, files_shown, limits, runs_shown, say_objects
from gitrack.cli.output import print_json
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.sharing.exchange.choice import Choice
    from gitrack.sharing.exchange.pull import Pulled


@click.command()
@limits
@click.option(
    "--prefer",
    type=click.Choice(["ours", "theirs"]),
    help="Whose side stands where both changed one thing of the registry or an alias.",
)
@click.pass_context
def command(
    ctx: click.Context,
    choice: Choice,
    jobs: int | None,
    objects: bool,
    branch: bool,
    as_json: bool,
    prefer: Literal["ours", "theirs"] | None,
) -> None:
    """Bring the runs of others, and their heavy files.

    \b
    gitrack pull
    gitrack pull --no-objects
    gitrack pull @last --no-branch

    The branch is united with ours without a checkout; then heavy files that the DVC cache lacks
    come from the artifact remote, in parallel and checked. RUN and the limits are about heavy
    files. What was interrupted goes on where it stopped.
    """
    from gitrack.sharing.exchange.pull import pull

    arrivals.bring_in()
    with bar("fetching") as progress:
        done = pull(
            choice=choice,
            jobs=jobs,
            objects=objects,
            branch=branch,
            prefer=prefer,
            progress=progress,
        )
    if as_json:
        print_json(done)
    else:
        _say(done)
    if not done.complete:
        ctx.exit(1)


def _say(done: Pulled) -> None:
    where = f"{done.remote}/{done.branch}"
    if done.moved:
        what = runs_shown(done.runs) if done.runs else "what is new, without new runs,"
        click.echo(f"pulled {what} from {where}")
    for line in done.told:
        click.echo(f"  {safe(line)}")
    if done.code_trouble:
        click.echo(f"the code of some runs did not come: {safe(done.code_trouble)}", err=True)
    say_objects(done.objects, "fetched", again="gitrack pull")
    absent = done.objects.elsewhere
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        which = "it" if len(absent) == 1 else "them"
        click.echo(
            f"{files_shown(len(absent))} {verb} not here, and no artifact remote is set that may "
            f"have {which}",
            err=True,
        )
        click.echo("hint: ask whoever ran them to set one and to type  gitrack push", err=True)
    if done.commit is None:
        click.echo(f"neither this clone nor {done.remote} has runs yet", err=True)
    elif done.complete and not (done.moved or done.objects.sent):
        click.echo("nothing else to do" if absent else "nothing to do: all is here", err=True)
    if done.ahead:
        click.echo(f"this clone has more than {where}: 'gitrack push' sends it", err=True)
