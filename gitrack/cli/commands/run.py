"""`gitrack run`: any command as a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitrack.cli import completing
from gitrack.cli.output import print_json

if TYPE_CHECKING:
    from gitrack.project.wrapped import Outcome


@click.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "-E",
    "--experiment",
    shell_complete=completing.experiments,
    help="The hypothesis under test; unless given, what the command itself names.",
)
@click.option("--name", help="A name for people; unless given, what the command itself names.")
@click.option("-p", "--param", "params", multiple=True, metavar="KEY=VALUE", help="A setting.")
@click.option("-t", "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A label.")
@click.option("--notes", help="What people should know about it.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as JSON; the command's go to stderr."
)
@click.argument("command_line", metavar="COMMAND...", nargs=-1, required=True)
@click.pass_context
def command(
    ctx: click.Context,
    experiment: str | None,
    name: str | None,
    params: tuple[str, ...],
    tags: tuple[str, ...],
    notes: str | None,
    as_json: bool,
    command_line: tuple[str, ...],
) -> None:
    """Run a command and record it as a run.

    What it prints passes through and its end is kept; its exit code is gitrack's. A script that
    calls `gitrack.start_run` writes into this very run. `dvc repro` is recorded stage by stage, as
    `gitrack repro` does. Values are read as YAML reads them: numbers, true, null, text.

    \b
    gitrack run -- python train.py --lr 0.05
    gitrack run -E xgboost-weather -p lr=0.05 -t team=logistics -- ./train.sh
    gitrack run dvc repro train
    """
    from gitrack.project.pipelines import asks_for_repro, repro
    from gitrack.project.wrapped import Asked, NoCommand, run_command

    asked = Asked(
        experiment=experiment,
        name=name,
        params=pairs("param", params),
        tags=pairs("tag", tags),
        notes=notes,
    )
    arguments = asks_for_repro(command_line)
    try:
        if arguments is not None:
            outcome = repro(arguments, asked, all_to_stderr=as_json)
        else:
            outcome = run_command(command_line, asked, all_to_stderr=as_json)
    except NoCommand as error:
        from gitrack.cli.main import say

        say("error", error.message)
        ctx.exit(error.code)
    tell(outcome, as_json=as_json)
    ctx.exit(outcome.code)


def pairs(what: str, given: Sequence[str]) -> dict[str, object]:
    """`key=value` as it was typed, the values as YAML reads them."""
    found: dict[str, object] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--{what} {text!r} is not KEY=VALUE.")
        if key in found:
            raise click.UsageError(f"--{what} {key!r} is given twice.")
        found[key] = _value(value)
    return found


def _value(text: str) -> object:
    """A number, true, false or null where YAML reads one; any other text as it is."""
    from gitrack.config import safe_yaml
    from gitrack.errors import UnreadableFile

    try:
        value, _ = safe_yaml.load(text, name="value")
    except UnreadableFile:
        return text
    return value if isinstance(value, bool | int | float) or text in ("null", "~") else text


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """Which run it was: JSON on stdout, or a line on stderr with what to type next."""
    import sys

    if as_json:
        print_json(outcome)
    elif outcome.run_id is not None and not outcome.joined:
        sys.stdout.flush()
        click.echo(
            f"run {outcome.run_id} {outcome.status}; next: gitrack show {outcome.run_id}", err=True
        )
