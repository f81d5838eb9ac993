"""`gitrack init`: prepare this git repository for tracking."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gitrack.cli.setup import Prepared


@click.command()
@click.option(
    "--artifacts",
    metavar="URL",
    help="Where heavy files go: s3://bucket/path, an absolute path, … (a DVC remote).",
)
@click.option("--branch", metavar="NAME", help="The tracking branch (default: gitrack).")
@click.option("--project", metavar="NAME", help="The project's name (default: the folder's).")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(artifacts: str | None, branch: str | None, project: str | None, as_json: bool) -> None:
    """Prepare this git repository for tracking.

    Writes .tracking/ (settings, rules), makes the checkout a DVC project and the tracking branch
    with its first commit, each only where it is missing. Nothing is staged and nothing is
    committed to your own branch.

    \b
    gitrack init
    gitrack init --artifacts s3://bucket/gitrack --project delays
    """
    from gitrack.cli.setup import Asked, prepare
    from gitrack.store.git.repository import Repository

    repository = Repository.discover()
    done = prepare(repository, Asked(artifacts=artifacts, branch=branch, project=project))
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(_report(done))).decode())
        return
    for name in done.made:
        click.echo(f"made  {name}")
    for name in done.left:
        click.echo(f"left  {name}")
    for note in done.notes:
        click.echo(f"note  {note}", err=True)
    click.echo(_next(done), err=True)


def _report(done: Prepared) -> dict[str, object]:
    import msgspec

    return {**msgspec.structs.asdict(done), "next": _commands(done)}


def _commands(done: Prepared) -> list[str]:
    if not done.to_commit:
        return []
    return [
        "git add " + " ".join(map(shlex.quote, done.to_commit)),
        "git commit -m 'Track experiments with gitrack'",
    ]


def _next(done: Prepared) -> str:
    commit = " && ".join(_commands(done))
    return ("\nNext:\n" + (f"  {commit}\n" if commit else "")) + _FIRST_RUN


_FIRST_RUN = """
  import gitrack

  with gitrack.start_run("mymodel-baseline-20240131", params={"lr": 0.05}) as run:
      run.log_metric("accuracy", 0.93)

  gitrack ls"""
