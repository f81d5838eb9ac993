"""`gitrack repro`: a DVC pipeline as a run."""

from __future__ import annotations

import click

from gitrack.cli import completing
from gitrack.cli.commands.run import pairs, tell


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "-E",
    "--experiment",
    shell_complete=completing.experiments,
    help="The hypothesis under test; unless given, what a stage names.",
)
@click.option("--name", help="A name for people; unless given, what a stage names.")
@click.option("-t", "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A label.")
@click.option("--notes", help="What people should know about it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON; DVC's to stderr.")
@click.argument("arguments", metavar="[STAGE]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def command(
    ctx: click.Context,
    experiment: str | None,
    name: str | None,
    tags: tuple[str, ...],
    notes: str | None,
    as_json: bool,
    arguments: tuple[str, ...],
) -> None:
    """Run `dvc repro` and record it as one run.

    STAGEs and options go to `dvc repro` as they are. The run has the stages (which ran, which were
    cached), the params, the numbers of the metrics files, the plots, what was read and made. With
    `--dry` nothing is run and nothing recorded.

    \b
    gitrack repro
    gitrack repro train --force --single-item
    gitrack repro -E xgboost-weather -t team=logistics
    """
    from gitrack.project.pipelines import repro
    from gitrack.project.wrapped import Asked

    asked = Asked(experiment=experiment, name=name, tags=pairs("tag", tags), notes=notes)
    outcome = repro(["repro", *arguments], asked, all_to_stderr=as_json)
    tell(outcome, as_json=as_json)
    ctx.exit(outcome.code)
