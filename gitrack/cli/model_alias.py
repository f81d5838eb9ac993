"""`gitrack model alias`: names that point at versions, and move at once."""

from __future__ import annotations

import click

from gitrack.cli import arrivals, completing
from gitrack.cli.output import print_json
from gitrack.model.display import safe

_NAME = click.argument("name", shell_complete=completing.models)
_VERSION = click.argument("version", shell_complete=completing.versions)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group()
def alias() -> None:
    """Point names such as `champion` at versions.

    An alias moves at once and without gates: who has to be asked is what stages are for.
    """


@alias.command("set")
@_NAME
@click.argument("alias", shell_complete=completing.aliases)
@_VERSION
@_JSON
def set_(name: str, alias: str, version: str, as_json: bool) -> None:
    """Point an alias at a version.

    \b
    gitrack model alias set churn champion 7
    """
    from gitrack.registry.opened import open_registry
    from gitrack.registry.registering import set_alias

    arrivals.bring_in()
    done = set_alias(open_registry(), name, alias, version)
    if as_json:
        print_json({"name": name, "alias": alias.removeprefix("@"), "version": done.version})
        return
    click.echo(safe(f"{name}@{alias.removeprefix('@')} is v{done.version}"))


@alias.command()
@_NAME
@click.argument("alias", shell_complete=completing.aliases)
@_JSON
def rm(name: str, alias: str, as_json: bool) -> None:
    """Remove an alias; the version stays.

    \b
    gitrack model alias rm churn champion
    """
    from gitrack.registry.opened import open_registry
    from gitrack.registry.registering import delete_alias

    arrivals.bring_in()
    number = delete_alias(open_registry(), name, alias)
    if as_json:
        print_json({"name": name, "alias": alias.removeprefix("@"), "version": number})
        return
    was = "" if number is None else f", it was v{number}"
    click.echo(safe(f"{name}@{alias.removeprefix('@')} is removed{was}"))
