"""`gitrack init`: prepare this git repository for tracking."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gitrack.cli.setup import Prepared
    from gitrack.registry.workflows.owners import Host
    from gitrack.registry.workflows.writing import Written
    from gitrack.store.git.repository import Repository


@click.command()
@click.option(
    "--artifacts",
    metavar="URL",
    help="Where heavy files go: s3://bucket/path, an absolute path, … (a DVC remote).",
)
@click.option("--branch", metavar="NAME", help="The tracking branch (default: gitrack).")
@click.option("--project", metavar="NAME", help="The project's name (default: the folder's).")
@click.option(
    "--github",
    "host",
    flag_value="github",
    help="Write workflows for GitHub: check, site, owners of models.",
)
@click.option(
    "--gitlab", "host", flag_value="gitlab", help="Write jobs for GitLab: check, site, owners."
)
@click.option("--force", is_flag=True, help="Write workflows that somebody changed anew, too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(
    artifacts: str | None,
    branch: str | None,
    project: str | None,
    host: Host | None,
    force: bool,
    as_json: bool,
) -> None:
    """Prepare this git repository for tracking.

    Writes .tracking/ (settings, rules), makes the checkout a DVC project and the tracking branch
    with its first commit, each only where it is missing. Nothing is staged and nothing is
    committed to your own branch.

    With --github or --gitlab it also writes what the host needs to check promotions and to publish
    the website, and CODEOWNERS on the tracking branch; type it again when owners or gates change.

    \b
    gitrack init
    gitrack init --artifacts s3://bucket/gitrack --project delays
    gitrack init --github
    """
    from gitrack.cli.setup import Asked, prepare
    from gitrack.errors import UsageError
    from gitrack.store.git.repository import Repository

    if force and host is None:
        raise UsageError("--force is for workflows", hint="type it with --github or --gitlab")
    repository = Repository.discover()
    done = prepare(repository, Asked(artifacts=artifacts, branch=branch, project=project))
    written = None if host is None else _workflows(repository, done, host, force)
    if as_json:
        import msgspec

        report = _report(done) | ({} if written is None else _told(written))
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
        return
    for name in done.made:
        click.echo(f"made  {name}")
    for name in done.left:
        click.echo(f"left  {name}")
    for note in done.notes:
        click.echo(f"note  {note}", err=True)
    if written is not None:
        _tell(written, done)
        return
    click.echo(_next(done), err=True)


def _workflows(repository: Repository, done: Prepared, host: Host, force: bool) -> Written:
    """The host's files; those of the working tree join what is to be committed."""
    import os
    from pathlib import Path

    from gitrack import __version__
    from gitrack.registry.opened import open_registry
    from gitrack.registry.workflows.writing import write_workflows

    written = write_workflows(open_registry(), host, version=__version__, force=force)
    top = repository.worktree
    assert top is not None  # else there were no workflows
    listed = repository.git(
        "status", "--porcelain", "-z", "--untracked-files=all", "--", *written.code
    )
    paths = [line[3:] for line in listed.split("\0") if len(line) > 3]
    done.to_commit += [os.path.relpath(path, Path(repository.subfolder)) for path in paths]
    return written


def _told(written: Written) -> dict[str, object]:
    import msgspec

    from gitrack.registry.workflows.advice import advice

    told = msgspec.structs.asdict(written)
    return {"workflows": {**told, "on_the_host": advice(written)}}


def _tell(written: Written, done: Prepared) -> None:
    from gitrack.model.display import safe
    from gitrack.registry.workflows.advice import advice

    for place, files in (("", written.code), (f" on branch {written.branch}", written.tracking)):
        for path, what in files.items():
            if what == "changed":
                click.echo(f"left  {path}{place}: somebody changed it; --force writes it anew")
            else:
                click.echo(f"{what}  {path}{place}")
    for note in written.notes:
        click.echo(f"note  {safe(note)}", err=True)
    click.echo("\nNext:", err=True)
    commit = " && ".join(_commands(done))
    for number, step in enumerate([*([commit] if commit else []), *advice(written)], 1):
        click.echo(f"{number:>3}. " + step.replace("\n", "\n     "), err=True)


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
