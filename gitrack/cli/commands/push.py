"""`gitrack push`: runs to the git remote, their heavy files to the artifact remote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gitrack.cli import arrivals
from gitrack.cli.moving import bar, bytes_shown, files_shown, limits, runs_shown, say_objects
from gitrack.cli.output import print_json
from gitrack.config.project import CONFIG_FILE
from gitrack.model.display import safe

if TYPE_CHECKING:
    from gitrack.sharing.exchange.choice import Choice
    from gitrack.sharing.exchange.push import Pushed


@click.command()
@limits
@click.option("--verify", is_flag=True, help="Ask the remote again for all that was sent before.")
@click.pass_context
def command(
    ctx: click.Context,
    choice: Choice,
    jobs: int | None,
    objects: bool,
    branch: bool,
    as_json: bool,
    verify: bool,
) -> None:
    """Send runs to the git remote, and their heavy files to the artifact remote.

    \b
    gitrack push
    gitrack push --since 7d
    gitrack push --no-objects

    Heavy files go first, in parallel and only those that the remote lacks; then the branch, with
    what others have pushed meanwhile. RUN and the limits are about heavy files: the branch always
    goes as a whole. What was interrupted goes on where it stopped.
    """
    from gitrack.sharing.exchange.push import push

    arrivals.bring_in()
    with bar("sending") as progress:
        done = push(
            choice=choice,
            jobs=jobs,
            objects=objects,
            branch=branch,
            verify=verify,
            progress=progress,
        )
    if as_json:
        print_json(done)
    else:
        _say(done)
    if not done.complete:
        ctx.exit(1)


def _say(done: Pushed) -> None:
    where = f"{done.remote}/{done.branch}"
    say_objects(done.objects, "sent", again="gitrack push")
    if done.united:
        click.echo(f"united with {runs_shown(done.united)} of {where}")
    for line in done.told:
        click.echo(f"  {safe(line)}")
    if done.pushed:
        what = runs_shown(done.runs) if done.runs else "what is new, without new runs,"
        click.echo(f"pushed {what} to {where}")
    if done.code:
        commits = "commit" if done.code == 1 else "commits"
        click.echo(f"pushed {done.code:,} {commits} of code that no branch of {done.remote} has")
    for commit, why in list(done.code_failed.items())[:3]:
        click.echo(f"{done.remote} refused the code {commit[:12]}: {safe(why)}", err=True)
    _say_only_here(done)
    if done.held_back:
        click.echo(f"the branch {done.branch} was not pushed: {done.held_back}", err=True)
        click.echo(
            "hint: type  gitrack push  when the artifact remote is there, or  "
            "gitrack push --no-objects",
            err=True,
        )
    elif done.commit is None and not done.pushed:
        click.echo("nothing was tracked here yet", err=True)
    elif done.complete and not (done.pushed or done.objects.sent or done.code):
        click.echo(f"nothing to do: {where} has it all", err=True)
    if done.behind:
        click.echo(f"{where} has more than this clone: 'gitrack pull' brings it", err=True)


def _say_only_here(done: Pushed) -> None:
    files = done.objects.only_here
    if not files:
        return
    size = bytes_shown(sum({file.md5: file.size or 0 for file in files}.values()))
    verb = "is" if len(files) == 1 else "are"
    click.echo(f"{files_shown(len(files))} ({size}) {verb} only in this clone:", err=True)
    for file in files[-5:]:
        click.echo(f"  {file.run}  {safe(file.path)}", err=True)
    if len(files) > 5:
        click.echo(f"  and {len(files) - 5:,} more", err=True)
    click.echo(
        f"hint: write  artifacts: {{remote: URL}}  in {CONFIG_FILE} (an absolute path, or such as "
        "s3://bucket/path), then type  gitrack init  and  gitrack push",
        err=True,
    )
